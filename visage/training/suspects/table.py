"""Holds what was found out about each label of the training split: one row a record, kept as Parquet."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from visage.data.labels import AGE_GROUPS, GENDERS, RACES, SEVERAL_AGE_GROUPS, UNKNOWN, age_group_name
from visage.data.settings import SuspectLabels
from visage.files import make_folder, write_atomically
from visage.training.objective.label_weights import LabelWeights

TABLE_FILE = "suspect_labels.parquet"
"""Beside the SavedModel, never in it: a pushed model must not carry the keys of the records that it learned from."""

DOWNWEIGHT = 0.25
"""The weight of a label that looks wrong, if it is weighed down."""

_WEIGHTS: dict[SuspectLabels, float] = {"report": 1.0, "downweight": DOWNWEIGHT, "drop": 0.0}
_ACTION = b"suspect_labels"
_SCHEMA = pa.schema(
    {
        "key": pa.string(),
        "source": pa.string(),
        "race": pa.string(),
        "age": pa.float32(),
        "age_group": pa.int8(),
        "gender": pa.string(),
        "fold": pa.int8(),
        "predicted_age": pa.float32(),
        "age_deviation": pa.float32(),
        "age_probability": pa.float32(),
        "age_suspect": pa.bool_(),
        "age_weight": pa.float32(),
        "male_probability": pa.float32(),
        "gender_probability": pa.float32(),
        "gender_suspect": pa.bool_(),
        "gender_weight": pa.float32(),
    }
)


@dataclass(frozen=True)
class SuspectTable:
    """The labels of the training records, and what networks predict that have not learned from them.

    Attributes:
        action: what becomes of a label that looks wrong.
        rows: in the order of the split. `key`, `source`, `race`, `age` (years), `age_group` (index), `gender`: the
            record's; null where unknown. `fold`: of the networks that judge it, the one that does. `predicted_age`:
            years. `age_deviation`: modified z-score of the label; `age_probability`: of a label so far away or farther,
            if deviations are normal. `male_probability`: predicted; `gender_probability`: of the label. `*_suspect`:
            whether the label looks wrong. `*_weight`: of the label in the loss, 0 to 1. What was not predicted or not
            judged is null.
    """

    action: SuspectLabels
    rows: pa.Table

    @classmethod
    def of(cls, action: SuspectLabels, columns: dict[str, Any]) -> SuspectTable:
        """Makes the table of columns without the weights; NaN is null."""
        weights = {
            f"{label}_weight": np.where(columns[f"{label}_suspect"], np.float32(_WEIGHTS[action]), np.float32(1))
            for label in ("age", "gender")
        }
        known = {**columns, **weights}
        arrays = [pa.array(known[field.name], field.type, from_pandas=True) for field in _SCHEMA]
        return cls(action, pa.Table.from_arrays(arrays, schema=_SCHEMA))

    def weights(self) -> LabelWeights:
        """Returns the weights of the labels."""
        # `np.bytes_` of texts would take ASCII alone.
        keys = np.array([key.encode() for key in self.rows["key"].to_pylist()])
        return LabelWeights(keys, *(self.rows[name].to_numpy() for name in ("age_weight", "gender_weight")))

    def save(self, path: Path) -> None:
        """Writes the file atomically.

        Raises:
            VisageError: it cannot be written.
        """
        content = io.BytesIO()
        pq.write_table(self.rows.replace_schema_metadata({_ACTION: self.action}), content)
        make_folder(path.parent)
        write_atomically(path, content.getvalue())

    def summary(self) -> dict[str, Any]:
        """Counts the records and the labels that look wrong, for the model's file and its card.

        Returns:
            `action`; `records`; `age` and `gender`: `judged` and `suspect` labels; and `by`: for each of `source`,
            `gender`, `age_group` and `race`, by value, `records` and the `age` and `gender` labels that look wrong.
        """
        rows = self.rows.to_pydict()
        groups = {
            "source": (rows["source"], sorted(set(rows["source"]))),
            "gender": (rows["gender"], (*GENDERS, UNKNOWN)),
            "age_group": (
                # Of a label of several age groups, the deviation alone says that it is known.
                [
                    age_group_name(group, deviation is not None)
                    for group, deviation in zip(rows["age_group"], rows["age_deviation"], strict=True)
                ],
                (*AGE_GROUPS, SEVERAL_AGE_GROUPS, UNKNOWN),
            ),
            "race": (rows["race"], (*RACES, UNKNOWN)),
        }
        suspects = {label: np.array(rows[f"{label}_suspect"], bool) for label in ("age", "gender")}
        judged = {
            "age": sum(value is not None for value in rows["age_deviation"]),
            "gender": sum(value is not None for value in rows["gender_probability"]),
        }
        return {
            "action": self.action,
            "records": len(self.rows),
            **{label: {"judged": judged[label], "suspect": int(found.sum())} for label, found in suspects.items()},
            "by": {feature: _by_value(values, order, suspects) for feature, (values, order) in groups.items()},
        }


def _by_value(values: list[str], order: Any, suspects: dict[str, np.ndarray]) -> dict[str, dict[str, int]]:
    records = Counter(values)
    found = {label: Counter(np.array(values, str)[is_suspect].tolist()) for label, is_suspect in suspects.items()}
    return {
        value: {"records": records[value], **{label: counts[value] for label, counts in found.items()}}
        for value in order
        if records[value]
    }


def load_table(path: Path) -> SuspectTable | None:
    """Reads the file of `SuspectTable.save`; returns None if it is missing or damaged."""
    try:
        rows = pq.read_table(path)
        return SuspectTable(rows.schema.metadata[_ACTION].decode(), rows.select(_SCHEMA.names))
    except (OSError, pa.ArrowException, KeyError, TypeError):
        return None
