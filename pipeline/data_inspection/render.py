"""Renders an inspection as an HTML page and as JSON."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Template

from pipeline.data_inspection import charts
from pipeline.data_inspection.ages import SHOWN_GENDERS, coverage
from pipeline.data_inspection.missing import FEATURES
from visage.data.labels import AGE_GROUPS, SEVERAL_AGE_GROUPS, UNKNOWN
from visage.evaluation.label_noise import KINDS, sentences
from visage.html.page import NOTHING, page_environment
from visage.html.thumbnail import SIDE


def render(inspection: Mapping[str, Any]) -> str:
    """Returns one self-contained HTML page, which loads no script, font or image.

    Args:
        inspection: as `collect.collect` returns it.
    """
    table = inspection["ages"]
    last = charts.last_year(table)
    return _template().render(
        **inspection,
        histograms={
            split: charts.histogram([entry for entry in table if entry["split"] == split], last)
            for split in inspection["splits"]
        },
        ages_in_years=charts.histogram(table, last, band=1),
        age_groups=_age_groups(inspection),
        age_intervals=_age_intervals(inspection),
        gender_fractions=charts.gender_fractions(table, last),
        boxes=charts.boxes(inspection["age_summaries"], last),
        unknown_genders=any(entry["gender"] == UNKNOWN for entry in table),
        chart=charts,
        features_given=[feature for feature in FEATURES if _is_given(inspection, feature)],
        features_never_given=[feature for feature in FEATURES if not _is_given(inspection, feature)],
        label_noise=sentences(inspection["cleaning_report"]),
        label_noise_kinds=KINDS,
        side=SIDE,
    )


@cache
def _template() -> Template:
    environment = page_environment("pipeline.data_inspection", labels=_labels, percent=_percent, predicted=_predicted)
    return environment.get_template("data_inspection.html.jinja")


def figures(inspection: Any) -> Any:
    """Returns the inspection without the images, which programs find by their keys."""
    if isinstance(inspection, dict):
        return {key: figures(value) for key, value in inspection.items() if key != "picture"}
    return [figures(value) for value in inspection] if isinstance(inspection, list) else inspection


def _age_groups(inspection: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the records by split and gender for each age group, for labels of several groups and unknown ones."""
    names = (*AGE_GROUPS, SEVERAL_AGE_GROUPS, UNKNOWN)

    def counted(entry: Mapping[str, Any]) -> Mapping[str, int]:
        labelled = coverage([entry])["records"] - entry["unknown"]
        of_each = [*entry["by_group"], labelled - sum(entry["by_group"]), entry["unknown"]]
        return dict(zip(names, of_each, strict=True))

    return _by_split(inspection, names, counted)


def _age_intervals(inspection: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the records by split and gender for each age label of several years, the youngest first."""
    names = {name for entry in inspection["ages"] for name in entry["by_interval"]}
    in_order = sorted(names, key=lambda name: [float(years) for years in name.split("-")])
    return _by_split(inspection, in_order, lambda entry: entry["by_interval"])


def _by_split(
    inspection: Mapping[str, Any], names: Sequence[str], counted: Callable[[Mapping[str, Any]], Mapping[str, int]]
) -> list[dict[str, Any]]:
    """Returns rows of a name and its records by split and gender; `counted` gives those of an entry of `ages`."""
    counts = {name: {split: dict.fromkeys(SHOWN_GENDERS, 0) for split in inspection["splits"]} for name in names}
    for entry in inspection["ages"]:
        for name, count in counted(entry).items():
            counts[name][entry["split"]][entry["gender"]] += count
    return [{"name": name, "by_split": by_split} for name, by_split in counts.items()]


def _is_given(inspection: Mapping[str, Any], feature: str) -> bool:
    """Returns whether any record of any source has a value."""
    return any(
        part["unknown"][feature][fate] < part[fate] for part in inspection["missing"] for fate in ("kept", "dropped")
    )


def _labels(face: Mapping[str, Any]) -> str:
    """Returns the labels as text, e.g. '34 years, female, white'."""
    if "gender" not in face:
        return "labels cannot be read"
    age = "age unknown"
    if face["age"] is not None:
        age = f"{face['age']:g} years"
    elif face["age_label"] is not None:
        age = f"{face['age_label']} years"
    gender = "gender unknown" if face["gender"] == UNKNOWN else face["gender"]
    return ", ".join([age, gender, *([] if face["race"] == UNKNOWN else [face["race"]])])


def _predicted(face: Mapping[str, Any]) -> str:
    """Returns what networks predict in place of a label that looks wrong, e.g. 'predicted 34 years (p 2e-07):'."""
    found = []
    if face["age_probability"] is not None:
        found.append(f"{face['predicted_age']:.0f} years (p {face['age_probability']:.1g})")
    if face["gender_probability"] is not None:
        found.append(f"{face['predicted_gender']} (p {face['gender_probability']:.2g})")
    return f"predicted {', '.join(found)}; label:"


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else NOTHING
