"""The executor of the ModelCard: collects the figures and writes the page and the JSON."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tfx.components.evaluator import constants
from tfx.components.util import model_utils
from tfx.dsl.components.base import base_executor
from tfx.types import Artifact, artifact_utils
from tfx.utils import path_utils

from components.model_card.statistics import read_statistics
from visage.data.tfrecords import read_all
from visage.evaluation.evaluation import EVALUATION_FILE, Evaluation, read_evaluation
from visage.files import digest_of
from visage.model_card.content import Latency, make_card, size_of
from visage.model_card.faces import thumbnails
from visage.model_card.lineage import Lineage, split_digests, training_code
from visage.model_card.settings import ModelCardSettings
from visage.model_card.write import write_card
from visage.saved_model.metadata import known_metadata, read_metadata
from visage.saved_model.suspect_labels import read_suspect_labels
from visage.saved_model.training_history import read_history
from visage.training.overrides import with_values
from visage.training.search.result import read_best_values
from visage.training.settings import TrainerSettings

_SPLIT = "test"
RESOURCES = "resources"
"""Execution property that the launcher sets when the node starts: what the nodes before it used, as JSON."""


class Executor(base_executor.BaseExecutor):
    """Writes a card for every model, blessed or not."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Reads every input artifact and writes the two files of the output `model_card`."""
        self._log_startup(input_dict, output_dict, exec_properties)
        given = {name: artifact_utils.get_single_instance(found) for name, found in input_dict.items() if found}
        statistics = given["statistics"]
        best_values = read_best_values(given["best_values"].uri) if "best_values" in given else {}
        recipe = with_values(TrainerSettings.model_validate_json(exec_properties["settings"]), best_values)
        model = Path(path_utils.serving_model_path(given["model"].uri))
        evaluation = read_evaluation(Path(given["evaluation"].uri) / EVALUATION_FILE)
        card = make_card(
            made_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            cleaning_report=_read_json(Path(given["cleaning_report"].uri) / "cleaning_report.json"),
            statistics=read_statistics(statistics.uri, artifact_utils.decode_split_names(statistics.split_names)),
            metadata=read_metadata(model),
            recipe=recipe,
            searched=best_values,
            evaluation=evaluation,
            blessed=model_utils.is_model_blessed(given["blessing"]),
            infra_blessed=model_utils.is_infra_validated(given["infra_blessing"]),
            history=read_history(model),
            suspect_labels=read_suspect_labels(model),
            size=size_of(model),
            latency=_latency(given["infra_blessing"]),
            lineage=self._lineage(given, model, recipe),
            # Without VisAge's launcher, as in tests, nothing is known.
            resources=json.loads(exec_properties.get(RESOURCES) or "[]"),
        )
        shown = ModelCardSettings.model_validate_json(exec_properties["card"])
        faces = _faces(given["examples"], evaluation) if shown.faces and "examples" in given else None
        folder = Path(artifact_utils.get_single_uri(output_dict["model_card"]))
        folder.mkdir(parents=True, exist_ok=True)
        write_card(folder, card, faces)

    def _lineage(self, given: Mapping[str, Artifact], model: Path, recipe: TrainerSettings) -> Lineage:
        examples = given.get("examples")
        splits = artifact_utils.decode_split_names(examples.split_names) if examples else []
        return Lineage(
            # Without TFX's launcher, as in tests, there is no context.
            run=getattr(self._context, "pipeline_run_id", None),
            code=training_code(),
            configuration=hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()[:16],
            data=split_digests(Path(examples.uri), splits) if examples else {},
            model=digest_of(model),
            previous=_previous_training(given["blessing"]),
        )


def _previous_training(blessing: Artifact) -> str | None:
    """Returns the id of the training of the model that the Evaluator compared with; None: there is none, or unknown."""
    uri = blessing.get_string_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY)
    if not uri:
        return None
    return known_metadata(Path(path_utils.serving_model_path(uri))).own_training.training


def _latency(infra_blessing: Artifact) -> Latency | None:
    """Returns what InfraValidator measured; None: nothing, since the model cannot be served, or an earlier version."""
    milliseconds = infra_blessing.get_float_custom_property("milliseconds")
    return Latency(milliseconds, infra_blessing.get_string_custom_property("measured_on")) if milliseconds else None


def _faces(examples: Artifact, evaluation: Evaluation) -> dict[str, str]:
    files = sorted(Path(artifact_utils.get_split_uri([examples], _SPLIT)).iterdir())
    return thumbnails((record for file in files for record in read_all(file)), evaluation.breakdown.faces)


def _read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))
