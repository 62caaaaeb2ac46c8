"""Names that the evaluation configuration and the reader of its result share, besides the names of the metrics."""

from visage.evaluation.metrics import MetricSpec

AGE_OUTPUT = "age"
AGE_GROUP_OUTPUT = "age_group"
GENDER_OUTPUT = "gender_probability"
_OUTPUTS = {"age": AGE_OUTPUT, "age_group": AGE_GROUP_OUTPUT, "gender": GENDER_OUTPUT}

# Features that the extractors add: 1 where the age group is known (else 0), and the label 1 of a correct age group.
AGE_GROUP_KNOWN = "age_group_known"
AGE_GROUP_RIGHT = "age_group_right"
# Output that the extractors add: the index of the age group, for metrics that need more than correct or wrong.
AGE_GROUP_INDEX = "age_group_index"

EXAMPLE_COUNT = "example_count"
KNOWN_COUNT = "known_count"
# The fraction of men among the records of known gender. At 0 or 1 there is one gender alone, so no ROC curve.
MALE_FRACTION = "male_fraction"

# TFMA's own classes. Every other metric is measured by its function in `METRICS` (`registry_metric.py`).
TFMA_CLASSES = {
    "age_mae": "MeanAbsoluteError",
    # The extractors have replaced each age group by 1 (correct) or 0 (wrong).
    "age_group_accuracy": "BinaryAccuracy",
    "gender_accuracy": "BinaryAccuracy",
    "gender_auc": "AUC",
}


def output_of(spec: MetricSpec) -> str:
    """Returns the name of the model output under which TFMA measures a metric."""
    if spec.target == "age_group" and spec.name not in TFMA_CLASSES:
        return AGE_GROUP_INDEX
    return _OUTPUTS[spec.target]
