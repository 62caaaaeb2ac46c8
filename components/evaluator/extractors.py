"""Transformations of the records between TFX's Evaluator, which reads them, and TFMA's metrics.

TFX's Evaluator imports this module by name (`module_path`) and calls `custom_extractors`.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.constants import BASELINE_KEY, CANDIDATE_KEY

from components.evaluator import metric_names
from visage.data.labels import AGE_GROUPS
from visage.errors import VisageError
from visage.folder_alias import folder_alias


def custom_extractors(**what_to_extract: Any) -> list[tfma.extractors.Extractor]:
    """Returns TFMA's own extractors, with unknown labels in a form that TFMA reads and with age groups compared.

    Args:
        **what_to_extract: the arguments of `tfma.default_extractors`.

    Raises:
        VisageError: the blessed model cannot be read.
    """
    models = what_to_extract["eval_shared_model"]
    for model in models if isinstance(models, list) else [models]:
        if model.is_baseline:
            check_readable(model.model_path)
    extract_features, *rest = tfma.default_extractors(**what_to_extract)
    # The extractors after the predictions split the batches into single records.
    end = 1 + max(place for place, extractor in enumerate(rest) if "Predictions" in extractor.stage_name)
    return [
        extract_features,
        tfma.extractors.Extractor("MarkUnknownLabels", _OnEach(_mark_unknown_labels)),
        *rest[:end],
        tfma.extractors.Extractor("JudgeAgeGroups", _OnEach(_judge_age_groups)),
        *rest[end:],
    ]


def check_readable(blessed: str) -> None:
    """Reads the variables of a SavedModel, so that a damaged file is one error line and no traceback of a worker.

    Args:
        blessed: folder of the SavedModel.

    Raises:
        VisageError: a file of the variables is missing, truncated or damaged.
    """
    # The executor may pass an alias; the error message must name the real folder.
    blessed = os.path.realpath(blessed)
    try:
        with folder_alias(blessed) as folder:
            variables = tf.train.load_checkpoint(f"{folder}/variables/variables")
            for name in variables.get_variable_to_shape_map():
                variables.get_tensor(name)
    except Exception as error:  # TensorFlow raises nearly any exception for a damaged file.
        raise VisageError(
            f"{blessed}/variables: missing or damaged, so the candidate cannot be compared with the last blessed "
            f"model; remove {Path(blessed).parent}, and the candidate is compared with the blessed model before it"
        ) from error


class _OnEach(beam.PTransform):
    """Calls a function on the extracts of each batch."""

    def __init__(self, function: Callable[[tfma.Extracts], tfma.Extracts]) -> None:
        super().__init__()
        self._function = function

    def expand(self, extracts: beam.PCollection[tfma.Extracts]) -> beam.PCollection[tfma.Extracts]:
        return extracts | beam.Map(self._function)


def _mark_unknown_labels(extracts: tfma.Extracts) -> tfma.Extracts:
    """Replaces the gender label -1 (unknown) by 0 and adds weights for records of known age group.

    TFMA refuses binary labels outside [0, 1] even where the weight of the record is 0, as it is for unknown genders.
    """
    features = extracts[tfma.FEATURES_KEY]
    group_known = (np.asarray(features["age_group"]) >= 0).astype(np.float32)
    written = {
        "gender_label": np.maximum(features["gender_label"], 0),
        metric_names.AGE_GROUP_KNOWN: group_known,
        metric_names.AGE_GROUP_RIGHT: np.ones_like(group_known),
    }
    return {**extracts, tfma.FEATURES_KEY: {**features, **written}}


def _judge_age_groups(extracts: tfma.Extracts) -> tfma.Extracts:
    """Replaces the names of age groups, which TFMA cannot compare, by 1 (correct) or 0 (wrong).

    The indices of the age groups become an additional output.

    Raises:
        VisageError: the blessed model lacks an output of the candidate.
    """
    truth = np.asarray(extracts[tfma.FEATURES_KEY]["age_group"]).reshape(-1)
    predictions = extracts[tfma.PREDICTIONS_KEY]
    if CANDIDATE_KEY not in predictions:
        return {**extracts, tfma.PREDICTIONS_KEY: _judge(predictions, truth)}
    _check_comparable(predictions[CANDIDATE_KEY], predictions[BASELINE_KEY])
    judged = {model: _judge(predicted, truth) for model, predicted in predictions.items()}
    return {**extracts, tfma.PREDICTIONS_KEY: judged}


def _judge(predictions: dict[str, np.ndarray], truth: np.ndarray) -> dict[str, np.ndarray]:
    if metric_names.AGE_GROUP_OUTPUT not in predictions:  # The model predicts the gender alone.
        return predictions
    names = np.asarray(predictions[metric_names.AGE_GROUP_OUTPUT]).reshape(-1)
    predicted = [AGE_GROUPS.index(name.decode()) for name in names]
    return {
        **predictions,
        metric_names.AGE_GROUP_OUTPUT: np.equal(predicted, truth).astype(np.float32),
        metric_names.AGE_GROUP_INDEX: np.array(predicted, np.float32),
    }


def _check_comparable(candidate: dict[str, np.ndarray], blessed: dict[str, np.ndarray]) -> None:
    missing = sorted(set(candidate) - set(blessed))
    if missing:
        raise VisageError(
            f"the last blessed model does not predict {', '.join(missing)}, so the candidate cannot be compared with "
            "it; give the run another `name`"
        )
