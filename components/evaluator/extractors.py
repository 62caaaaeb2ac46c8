"""What happens to a record between TFX's Evaluator reading it and TFMA measuring it.

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
    """TFMA's own extractors, with unknown labels written in a way that TFMA can read, and age groups judged.

    Args:
        **what_to_extract: as `tfma.default_extractors` takes it.

    Raises:
        VisageError: the blessed model cannot be read.
    """
    models = what_to_extract["eval_shared_model"]
    for model in models if isinstance(models, list) else [models]:
        if model.is_baseline:
            check_readable(model.model_path)
    extract_features, *rest = tfma.default_extractors(**what_to_extract)
    # What follows the predictions takes batches apart.
    end = 1 + max(place for place, extractor in enumerate(rest) if "Predictions" in extractor.stage_name)
    return [
        extract_features,
        tfma.extractors.Extractor("MarkUnknownLabels", _OnEach(_mark_unknown_labels)),
        *rest[:end],
        tfma.extractors.Extractor("JudgeAgeGroups", _OnEach(_judge_age_groups)),
        *rest[end:],
    ]


def check_readable(blessed: str) -> None:
    """Reads the variables of a SavedModel; TFMA's workers would end in a traceback where a disk has lost some.

    Raises:
        VisageError: they are not there, cut short or damaged.
    """
    # The executor may see it under an alias, which tells nobody where it is.
    blessed = os.path.realpath(blessed)
    try:
        with folder_alias(blessed) as folder:
            variables = tf.train.load_checkpoint(f"{folder}/variables/variables")
            for name in variables.get_variable_to_shape_map():
                variables.get_tensor(name)
    except Exception as error:  # TensorFlow answers damaged files with nearly any exception.
        raise VisageError(
            f"{blessed}/variables is missing or damaged, so this model cannot be compared with that one, which was "
            f"blessed last; remove {Path(blessed).parent}, and the one before it takes its place"
        ) from error


class _OnEach(beam.PTransform):
    """Calls a function on the extracts of each batch."""

    def __init__(self, function: Callable[[tfma.Extracts], tfma.Extracts]) -> None:
        super().__init__()
        self._function = function

    def expand(self, extracts: beam.PCollection[tfma.Extracts]) -> beam.PCollection[tfma.Extracts]:
        return extracts | beam.Map(self._function)


def _mark_unknown_labels(extracts: tfma.Extracts) -> tfma.Extracts:
    """Turns the gender label -1 (unknown) into 0, and weighs records by whether their age group is known.

    TFMA refuses binary labels outside [0, 1] even where the record's weight is 0, as it is for unknown genders.
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
    """Replaces the names of age groups, which TFMA's metrics cannot compare, by 1 where they are right and 0 else.

    Their indices become an output beside.

    Raises:
        VisageError: the blessed model lacks an output of the candidate.
    """
    truth = np.asarray(extracts[tfma.FEATURES_KEY]["age_group"]).reshape(-1)
    predictions = extracts[tfma.PREDICTIONS_KEY]
    if CANDIDATE_KEY not in predictions:
        return {**extracts, tfma.PREDICTIONS_KEY: _judge(predictions, truth)}
    _check_comparable(predictions[CANDIDATE_KEY], predictions[BASELINE_KEY])
    judged = {model: _judge(said, truth) for model, said in predictions.items()}
    return {**extracts, tfma.PREDICTIONS_KEY: judged}


def _judge(predictions: dict[str, np.ndarray], truth: np.ndarray) -> dict[str, np.ndarray]:
    if metric_names.AGE_GROUP_OUTPUT not in predictions:  # a model of the gender alone
        return predictions
    names = np.asarray(predictions[metric_names.AGE_GROUP_OUTPUT]).reshape(-1)
    said = [AGE_GROUPS.index(name.decode()) for name in names]
    return {
        **predictions,
        metric_names.AGE_GROUP_OUTPUT: np.equal(said, truth).astype(np.float32),
        metric_names.AGE_GROUP_INDEX: np.array(said, np.float32),
    }


def _check_comparable(candidate: dict[str, np.ndarray], blessed: dict[str, np.ndarray]) -> None:
    missing = sorted(set(candidate) - set(blessed))
    if missing:
        raise VisageError(
            f"the model that was blessed last does not say {', '.join(missing)}, so this one cannot be compared with "
            "it; give the run another `name`"
        )
