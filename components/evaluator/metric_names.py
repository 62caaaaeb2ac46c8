"""Names that the evaluation configuration gives and the reader of its result looks for, beside those of the metrics."""

from visage.evaluation.metrics import MetricSpec

AGE_OUTPUT = "age"
AGE_GROUP_OUTPUT = "age_group"
GENDER_OUTPUT = "gender_probability"
_OUTPUTS = {"age": AGE_OUTPUT, "age_group": AGE_GROUP_OUTPUT, "gender": GENDER_OUTPUT}

# Our own features: 1 where the group is known, else 0; and 1 everywhere, which is what right answers are turned into.
AGE_GROUP_KNOWN = "age_group_known"
AGE_GROUP_RIGHT = "age_group_right"
# Our own output: the index of the age group, for metrics that need more than whether it is right.
AGE_GROUP_INDEX = "age_group_index"

EXAMPLE_COUNT = "example_count"
KNOWN_COUNT = "known_count"
# The fraction of men among the records of known gender: 0 or 1 where there is one gender alone, and so no ROC curve.
MALE_FRACTION = "male_fraction"

# TFMA's own classes. Every other metric is measured by its function in the table of metrics (`registry_metric.py`).
TFMA_CLASSES = {
    "age_mae": "MeanAbsoluteError",
    # The extractors have turned every answer into right, 1, or wrong, 0.
    "age_group_accuracy": "BinaryAccuracy",
    "gender_accuracy": "BinaryAccuracy",
    "gender_auc": "AUC",
}


def output_of(spec: MetricSpec) -> str:
    """Returns the output of the model under which TFMA measures a metric."""
    if spec.target == "age_group" and spec.name not in TFMA_CLASSES:
        return AGE_GROUP_INDEX
    return _OUTPUTS[spec.target]
