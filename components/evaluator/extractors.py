"""What happens to a record between TFX's Evaluator reading it and TFMA measuring it.

TFX's Evaluator imports this module by name (`module_path`) and calls `custom_extractors`.
"""

from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma


def custom_extractors(**what_to_extract: Any) -> list[tfma.extractors.Extractor]:
    """TFMA's own extractors, with unknown genders labelled in a way that TFMA can read.

    Args:
        **what_to_extract: as `tfma.default_extractors` takes it.
    """
    extract_features, *rest = tfma.default_extractors(**what_to_extract)
    return [extract_features, tfma.extractors.Extractor("ClipUnknownGender", _ClipUnknownGender()), *rest]


class _ClipUnknownGender(beam.PTransform):
    """Turns the gender label -1 (unknown) into 0.

    TFMA refuses binary labels outside [0, 1] even where the record's weight is 0, as it is for unknown genders.
    """

    def expand(self, extracts: beam.PCollection[tfma.Extracts]) -> beam.PCollection[tfma.Extracts]:
        return extracts | beam.Map(_clip_unknown_gender)


def _clip_unknown_gender(extracts: tfma.Extracts) -> tfma.Extracts:
    features = extracts[tfma.FEATURES_KEY]
    label = np.maximum(features["gender_label"], 0)
    return {**extracts, tfma.FEATURES_KEY: {**features, "gender_label": label}}
