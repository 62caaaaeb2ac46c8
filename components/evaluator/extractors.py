"""What happens to a record between TFX's Evaluator reading it and TFMA measuring it.

TFX's Evaluator imports this module by name (`module_path`) and calls `custom_extractors`.
"""

from collections.abc import Callable
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma

from components.evaluator import metric_names
from components.faces.records import AGE_GROUPS


def custom_extractors(**what_to_extract: Any) -> list[tfma.extractors.Extractor]:
    """TFMA's own extractors, with unknown labels written in a way that TFMA can read, and age groups judged.

    Args:
        **what_to_extract: as `tfma.default_extractors` takes it.
    """
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
    written = {
        "gender_label": np.maximum(features["gender_label"], 0),
        metric_names.AGE_GROUP_KNOWN: (np.asarray(features["age_group"]) >= 0).astype(np.float32),
    }
    return {**extracts, tfma.FEATURES_KEY: {**features, **written}}


def _judge_age_groups(extracts: tfma.Extracts) -> tfma.Extracts:
    """Replaces the names of age groups, which TFMA's metrics cannot compare, by 1 where they are right and 0 else."""
    truth = np.asarray(extracts[tfma.FEATURES_KEY]["age_group"]).reshape(-1)

    def judge(predictions: Any) -> Any:
        if metric_names.AGE_GROUP_OUTPUT not in predictions:
            # By the names of several models.
            return {
                name: judge(of_model) if isinstance(of_model, dict) else of_model
                for name, of_model in predictions.items()
            }
        said = [AGE_GROUPS.index(bytes(name).decode()) for name in np.asarray(predictions["age_group"]).reshape(-1)]
        return {**predictions, metric_names.AGE_GROUP_OUTPUT: np.equal(said, truth).astype(np.float32)}

    return {**extracts, tfma.PREDICTIONS_KEY: judge(extracts[tfma.PREDICTIONS_KEY])}
