"""Shows training labels that look wrong, as the last training that judged them found them."""

from pathlib import Path
from typing import Any

from pipeline.config.schema import PipelineConfig
from pipeline.data_inspection.faces import face
from visage.data.labels import GENDERS, UNKNOWN
from visage.data.records import FaceRecord
from visage.saved_model.suspect_labels import suspects_in_words
from visage.saved_model.versions import version_number
from visage.training.suspects.table import TABLE_FILE, SuspectTable, load_table

# Labels of each kind that are shown with their image, the least probable first.
SHOWN = 24


def newest_table(config: PipelineConfig) -> Path | None:
    """Returns the file of the last training of a pipeline that judged its labels; None: there is none."""
    found = (config.root / "artifacts" / "Trainer" / "model").glob(f"*/{TABLE_FILE}")
    by_training = {number: path for path in found if (number := version_number(path.parent)) is not None}
    return by_training[max(by_training)] if by_training else None


class SuspectFaces:
    """The training labels that look wrong, and the faces of the least probable ones."""

    def __init__(self, file: Path | None) -> None:
        """Reads the table; None, or a damaged file: nothing is shown."""
        self._training = None if file is None else file.parent.name
        self._table = None if file is None else load_table(file)
        self._rows = {} if self._table is None else _least_probable(self._table)
        self._faces: dict[str, dict[str, Any]] = {}

    def add_kept(self, record: FaceRecord, split: str) -> None:
        """Adds a record that was written."""
        if split == "train" and record.key in self._rows:
            self._faces[record.key] = face(record)

    def listed(self) -> dict[str, Any] | None:
        """Returns the `training`, its counts `in_words`, `summary`, and `listed`: faces with what was predicted.

        Returns:
            None where no training judged its labels. Faces that are no longer among the training records are left out.
        """
        if self._table is None:
            return None
        summary = self._table.summary()
        return {
            "training": self._training,
            "in_words": suspects_in_words(summary),
            "summary": summary,
            "listed": [{**self._faces[key], **_predicted(self._rows[key])} for key in self._rows if key in self._faces],
        }


def _least_probable(table: SuspectTable) -> dict[str, dict[str, Any]]:
    """Returns the rows to show, by key: first the ages, then the genders."""
    found: dict[str, dict[str, Any]] = {}
    for label in ("age", "gender"):
        rows = table.rows.filter(table.rows[f"{label}_suspect"]).to_pylist()
        found.update((row["key"], row) for row in sorted(rows, key=lambda row: row[f"{label}_probability"])[:SHOWN])
    return found


def _predicted(row: dict[str, Any]) -> dict[str, Any]:
    """Returns what is beside the labels: the prediction, and the probability of each label that looks wrong."""
    male = row["male_probability"]
    return {
        "predicted_age": None if row["predicted_age"] is None else round(row["predicted_age"], 1),
        "predicted_gender": UNKNOWN if male is None else GENDERS[male >= 0.5],
        "age_probability": row["age_probability"] if row["age_suspect"] else None,
        "gender_probability": row["gender_probability"] if row["gender_suspect"] else None,
    }
