"""Lists the metrics.

The table `METRICS` is their one owner. The settings of the gate, the tables, the model card and the JSON files take
names, units, directions and headings from it; CONTRIBUTING.md shows how to add one.

Settings modules read this module, and `visage --help` must not wait for NumPy: functions import it where they use it.
"""

from __future__ import annotations

from visage.evaluation.metrics import record_values, summaries
from visage.evaluation.metrics.spec import FRACTION, NUMBER, YEARS, Limits, MetricSpec, Report, Target

_EVERYWHERE: tuple[Report, ...] = ("evaluation", "cross_validation", "tflite")
_ONE_GENDER = "the records of known gender are all of one gender"

METRICS = {
    spec.name: spec
    for spec in (
        MetricSpec(
            "age_mae",
            "Mean absolute error of the age",
            "age MAE",
            YEARS,
            "lower",
            "age",
            record_values.absolute_error,
            caption="mean absolute error of the age",
            group_heading="Age error",
            limits=Limits(required=True, change=0.1),
            reports=_EVERYWHERE,
        ),
        MetricSpec(
            "age_rmse",
            "Root mean square error of the age",
            "age RMSE",
            YEARS,
            "lower",
            "age",
            record_values.squared_error,
            summaries.root_mean,
            limits=Limits(),
        ),
        MetricSpec(
            "age_bias",
            "Mean signed error of the age",
            "age bias",
            YEARS,
            "nominal",
            "age",
            record_values.signed_error,
            group_heading="Age bias",
        ),
        MetricSpec(
            "age_error_median",
            "Median absolute error of the age",
            "age median",
            YEARS,
            "lower",
            "age",
            record_values.absolute_error,
            summaries.quantile(0.5),
        ),
        MetricSpec(
            "age_error_q90",
            "Absolute error of the age that 90 % of the records do not exceed",
            "age q90",
            YEARS,
            "lower",
            "age",
            record_values.absolute_error,
            summaries.quantile(0.9),
            limits=Limits(),
        ),
        MetricSpec(
            "age_cs3",
            "Ages at most 3 years wrong",
            "CS@3",
            FRACTION,
            "higher",
            "age",
            record_values.within(3.0),
        ),
        MetricSpec(
            "age_cs5",
            "Ages at most 5 years wrong",
            "CS@5",
            FRACTION,
            "higher",
            "age",
            record_values.within(5.0),
            limits=Limits(),
            reports=("evaluation", "cross_validation"),
        ),
        MetricSpec(
            "age_cs10",
            "Ages at most 10 years wrong",
            "CS@10",
            FRACTION,
            "higher",
            "age",
            record_values.within(10.0),
        ),
        MetricSpec(
            "age_group_accuracy",
            "Age group accuracy",
            "group",
            FRACTION,
            "higher",
            "age_group",
            record_values.within(0.0),
            caption="age groups right, of eight",
            limits=Limits(),
            reports=("evaluation", "cross_validation"),
        ),
        MetricSpec(
            "age_group_one_off_accuracy",
            "Age groups right or next to the right one",
            "1-off",
            FRACTION,
            "higher",
            "age_group",
            record_values.within(1.0),
            limits=Limits(),
            reports=("evaluation", "cross_validation"),
        ),
        MetricSpec(
            "age_interval_accuracy",
            "Ages within their label, of the records with an age group alone",
            "interval",
            FRACTION,
            "higher",
            "age_interval",
            record_values.within_interval,
            limits=Limits(),
        ),
        MetricSpec(
            "age_crps",
            "Continuous ranked probability score of the age distribution",
            "age CRPS",
            YEARS,
            "lower",
            "age_distribution",
            record_values.crps,
        ),
        MetricSpec(
            "age_coverage_50",
            "True ages in the central 50 % of the age distribution",
            "cover 50",
            FRACTION,
            "nominal",
            "age_distribution",
            record_values.covered(0.5),
            nominal=0.5,
        ),
        MetricSpec(
            "age_coverage_90",
            "True ages in the central 90 % of the age distribution",
            "cover 90",
            FRACTION,
            "nominal",
            "age_distribution",
            record_values.covered(0.9),
            nominal=0.9,
        ),
        MetricSpec(
            "apparent_age_error",
            "ChaLearn error of the apparent age",
            "ChaLearn",
            NUMBER,
            "lower",
            "apparent_age",
            record_values.chalearn_error,
            limits=Limits(),
        ),
        MetricSpec(
            "gender_accuracy",
            "Gender accuracy",
            "gender",
            FRACTION,
            "higher",
            "gender",
            record_values.gender_right,
            caption="genders right",
            group_heading="Gender right",
            limits=Limits(required=True, change=0.005),
            reports=_EVERYWHERE,
        ),
        MetricSpec(
            "gender_precision_female",
            "Of those predicted female, the fraction who are",
            "prec. f",
            FRACTION,
            "higher",
            "gender",
            record_values.true_female_of_predicted,
            summaries.ratio_of_sums,
            undefined="no record is predicted female",
        ),
        MetricSpec(
            "gender_recall_female",
            "Of the female, the fraction predicted so",
            "recall f",
            FRACTION,
            "higher",
            "gender",
            record_values.true_female_of_female,
            summaries.ratio_of_sums,
            undefined=_ONE_GENDER,
        ),
        MetricSpec(
            "gender_precision_male",
            "Of those predicted male, the fraction who are",
            "prec. m",
            FRACTION,
            "higher",
            "gender",
            record_values.true_male_of_predicted,
            summaries.ratio_of_sums,
            undefined="no record is predicted male",
        ),
        MetricSpec(
            "gender_recall_male",
            "Of the male, the fraction predicted so",
            "recall m",
            FRACTION,
            "higher",
            "gender",
            record_values.true_male_of_male,
            summaries.ratio_of_sums,
            undefined=_ONE_GENDER,
        ),
        MetricSpec(
            "gender_auc",
            "Area under the gender ROC curve",
            "gender AUC",
            NUMBER,
            "higher",
            "gender_probability",
            record_values.both,
            summaries.roc_auc,
            caption="area under the gender ROC curve",
            undefined=_ONE_GENDER,
        ),
        MetricSpec(
            "gender_brier",
            "Brier score of P(male)",
            "Brier",
            NUMBER,
            "lower",
            "gender_probability",
            record_values.squared_error,
        ),
        MetricSpec(
            "gender_ece",
            "Debiased expected calibration error of P(male)",
            "ECE",
            NUMBER,
            "lower",
            "gender_probability",
            record_values.both,
            of_people=summaries.expected_calibration_error,
        ),
    )
}


def metrics_of(report: Report) -> list[MetricSpec]:
    """Returns the metrics that appear in a report, in the order of `METRICS`."""
    # TFLite models do not predict an age group.
    lacks: tuple[Target, ...] = ("age_group",) if report == "tflite" else ()
    return [spec for spec in METRICS.values() if report in spec.reports and spec.target not in lacks]


def limited_metrics() -> list[tuple[MetricSpec, Limits]]:
    """Returns the metrics that the configuration can limit, in the order of `METRICS`, with what it can limit."""
    return [(spec, spec.limits) for spec in metrics_of("evaluation") if spec.limits is not None]


def adjustable_metrics() -> list[MetricSpec]:
    """Returns the metrics that can be limited and are means over records, which have an expected value."""
    return [spec for spec, _ in limited_metrics() if spec.summary is summaries.mean]


def metric_of_limit(setting: str) -> MetricSpec:
    """Returns the metric that a setting limits, e.g. that of 'age_mae_max' or of 'age_mae_increase_max'."""
    return next(
        spec for spec in METRICS.values() if setting in (spec.limit_name, spec.change_limit_name, spec.gap_limit_name)
    )
