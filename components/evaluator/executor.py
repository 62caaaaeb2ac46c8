"""The executor of the Evaluator: predicts in Beam, evaluates, and marks the blessing as TFX does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tfx.components.evaluator import constants
from tfx.dsl.components.base import base_beam_executor
from tfx.types import Artifact, artifact_utils
from tfx.utils import path_utils

from components.evaluator.driver import WAIVERS
from components.evaluator.predict import predict_files
from visage.errors import VisageError
from visage.evaluation.evaluate import evaluate
from visage.evaluation.evaluation import EVALUATION_FILE, PREDICTIONS_FOLDER, Evaluation, write_evaluation
from visage.evaluation.gates.gate import COMPARISONS, Comparison, with_compared
from visage.evaluation.looks import count_look
from visage.evaluation.predictions.files import read_predictions
from visage.evaluation.predictions.table import BASELINE, CANDIDATE, REFERENCE, Truths
from visage.evaluation.settings import EvaluatorSettings
from visage.evaluation.waivers import select_waiver
from visage.saved_model.comparable import why_independence_unknown, why_not_comparable
from visage.saved_model.pushing.holds import model_digest
from visage.saved_model.validation.variables import check_readable

_SPLIT = "test"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Executor of the Evaluator."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the predictions, `evaluation.json` and the blessing; a model that is not blessed raises no exception.

        Raises:
            VisageError: the test split is empty, or the blessed or the reference model cannot be read.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        folder = Path(artifact_utils.get_single_uri(output_dict["evaluation"]))
        predictions = folder / PREDICTIONS_FOLDER
        predictions.mkdir(parents=True, exist_ok=True)
        files = sorted(Path(artifact_utils.get_split_uri([examples], _SPLIT)).iterdir())
        models = _models(input_dict, exec_properties)
        refused = {role: why for role in COMPARISONS if (why := _why_refused(models, role)) is not None}
        compared = {role: model for role, model in models.items() if role not in refused}
        with self._make_beam_pipeline() as pipeline:
            predict_files(pipeline, files, compared, predictions)
        written = sorted(predictions.glob("*.parquet"))
        if not written:
            raise VisageError(f"{examples.uri}: the test split has no record; give more data, or another split")
        settings = EvaluatorSettings.model_validate_json(exec_properties["settings"])
        table = read_predictions(written)
        looks = _count_look(exec_properties["looks"], table.truths, models[CANDIDATE])
        evaluation = evaluate(table, settings, refused, _independence_unknown(compared))
        gates = with_compared(evaluation.gates, _compared_digests(models))
        waiver = select_waiver(WAIVERS.validate_json(exec_properties.get("valid_waivers", "[]")), gates)
        evaluation = replace(evaluation, gates=gates, looks=looks, waiver=waiver)
        write_evaluation(evaluation, folder / EVALUATION_FILE)
        _mark(artifact_utils.get_single_instance(output_dict["blessing"]), input_dict, evaluation)


def _models(input_dict: Mapping[str, list[Artifact]], exec_properties: Mapping[str, Any]) -> dict[str, Path]:
    """Returns the folders of the SavedModels by role.

    Raises:
        VisageError: the variables of the blessed or of the reference model are missing or damaged.
    """
    models = {CANDIDATE: _saved_model(input_dict["model"])}
    if input_dict.get("baseline_model"):
        baseline = _saved_model(input_dict["baseline_model"])
        check_readable(baseline, "copy the files of the served version there")
        models[BASELINE] = baseline
    if exec_properties["reference"]:
        models[REFERENCE] = Path(exec_properties["reference"])
        check_readable(models[REFERENCE], "set evaluator.reference to another model, or to null")
    return models


def _why_refused(models: Mapping[str, Path], role: Comparison) -> str | None:
    return why_not_comparable(models[CANDIDATE], models[role]) if role in models else None


def _independence_unknown(models: Mapping[str, Path]) -> dict[Comparison, str]:
    candidate = models[CANDIDATE]
    others = ((role, models[role]) for role in COMPARISONS if role in models)
    return {role: why for role, model in others if (why := why_independence_unknown(candidate, model)) is not None}


def _count_look(file: str, truths: Truths, model: Path) -> int | None:
    return count_look(Path(file), truths, model_digest(model)) if file else None


def _compared_digests(models: Mapping[str, Path]) -> dict[Comparison, str]:
    return {role: model_digest(models[role]) for role in COMPARISONS if role in models}


def _saved_model(artifacts: list[Artifact]) -> Path:
    return Path(path_utils.serving_model_path(artifact_utils.get_single_uri(artifacts)))


def _mark(blessing: Artifact, input_dict: Mapping[str, list[Artifact]], evaluation: Evaluation) -> None:
    """Sets the properties of a blessing and writes its file, as TFX's Evaluator does."""
    model = artifact_utils.get_single_instance(input_dict["model"])
    blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri)
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
    if input_dict.get("baseline_model"):
        baseline = artifact_utils.get_single_instance(input_dict["baseline_model"])
        blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, baseline.uri)
        blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, baseline.id)
    name = constants.BLESSED_FILE_NAME if evaluation.may_be_pushed else constants.NOT_BLESSED_FILE_NAME
    value = constants.BLESSED_VALUE if evaluation.may_be_pushed else constants.NOT_BLESSED_VALUE
    folder = Path(blessing.uri)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"")
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, value)
