"""Writes the part of a model card that other programs read: the object `modelCard` of CycloneDX 1.6.

Source: https://cyclonedx.org/docs/1.6/json/#components_items_modelCard
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from visage.evaluation.evaluation import Evaluation, SliceFigures
from visage.evaluation.metrics import METRICS
from visage.evaluation.predictions.table import CANDIDATE
from visage.model_card import texts
from visage.model_card.data_terms import DataTerms
from visage.model_card.splits import SplitStatistics
from visage.model_card.subject import Subject
from visage.saved_model.metadata import ModelMetadata

# Fairness is assessed by the figures that the page shows group by group.
_COMPARED = [spec for spec in METRICS.values() if spec.group_heading]


def cyclonedx(
    evaluation: Evaluation,
    metadata: ModelMetadata,
    heads: Mapping[str, str | None],
    terms: Sequence[DataTerms],
    splits: Mapping[str, SplitStatistics],
    subject: Subject,
) -> dict[str, Any]:
    """Returns the object `modelCard`, which a component of type `machine-learning-model` holds.

    Args:
        evaluation: the result.
        metadata: the model's description.
        heads: kind of each head, 'age' and 'gender'; None: there is none.
        terms: of the data that the model depends on.
        splits: the people in each split.
        subject: what the card is about; of predictions alone, nothing but the task and the figures is known.
    """
    quantitative = {"performanceMetrics": [metric for part in evaluation.slices for metric in _metrics(part)]}
    fairness = {"fairnessAssessments": [_fairness(part, evaluation) for part in evaluation.groups]}
    if not subject.is_model:
        return {
            "modelParameters": {"task": " and ".join(_tasks(heads))},
            "quantitativeAnalysis": quantitative,
            "considerations": fairness,
        }
    outputs = ["age", "age_probabilities", "age_group"] if heads["age"] else []
    outputs += ["gender", "gender_probability"] if heads["gender"] else []
    architecture = {"modelArchitecture": metadata.network} if metadata.network else {}
    return {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": " and ".join(_tasks(heads)),
            "architectureFamily": "convolutional neural network",
            **architecture,
            "datasets": [*_training_data(metadata, terms), *_splits(splits)],
            "inputs": [{"format": f"image of a face ({_size(metadata)})"}],
            "outputs": [{"format": output} for output in outputs],
        },
        "quantitativeAnalysis": quantitative,
        "considerations": {
            "users": list(texts.USERS),
            "useCases": list(texts.INTENDED_USE),
            "technicalLimitations": [*texts.LIMITATIONS, *(f"Not for: {use}" for use in texts.NOT_FOR)],
            "ethicalConsiderations": [
                {"name": texts.NOT_FOR_DECISIONS},
                *({"name": risk, "mitigationStrategy": mitigation} for risk, mitigation in texts.RISKS),
            ],
            **fairness,
        },
        "properties": [
            {"name": f"visage:{name}", "value": value}
            for name, value in (
                # Only a run blesses a model.
                *([("blessed", "true" if evaluation.blessed else "false")] if subject.by_run else []),
                ("parameters", str(metadata.parameters or "unknown")),
            )
        ],
    }


def _tasks(heads: Mapping[str, str | None]) -> Iterator[str]:
    if heads["age"]:
        yield "classification of the age group" if heads["age"] == "age_groups" else "regression of the age"
    if heads["gender"]:
        yield "classification of the gender label"


def _size(metadata: ModelMetadata) -> str:
    if metadata.input_size is None:
        return "of unknown size"
    return f"{metadata.input_size} x {metadata.input_size} pixels, {'grey' if metadata.channels == 1 else 'colour'}"


def _training_data(metadata: ModelMetadata, terms: Sequence[DataTerms]) -> Iterator[dict[str, Any]]:
    drawn = any(training.drawn for training in metadata.learned_from or ())
    for each in terms:
        if each.what.startswith("first weights"):
            yield {"type": "other", "name": each.what, "description": each.terms}
        else:
            sensitive = {} if drawn else {"sensitiveData": ["face images", "ages", "gender labels"]}
            yield {"type": "dataset", "name": each.what, "description": f"Used by {each.by}. {each.terms}", **sensitive}


def _splits(splits: Mapping[str, SplitStatistics]) -> Iterator[dict[str, Any]]:
    for split, found in splits.items():
        yield {"type": "dataset", "name": f"split {split}", "description": f"{found.records} records"}


def _metrics(part: SliceFigures) -> Iterator[dict[str, Any]]:
    for name, figure in part.figures[CANDIDATE].items():
        if figure.value is None:
            continue
        interval = (
            {}
            if figure.interval is None
            else {
                "confidenceInterval": {
                    "lowerBound": _number(figure.interval.low),
                    "upperBound": _number(figure.interval.high),
                }
            }
        )
        # A metric without a slice is that of all records.
        of_slice = {"slice": part.name} if part.values else {}
        yield {"type": name, "value": _number(figure.value), **of_slice, **interval}


def _number(value: float) -> str:
    return f"{value:.6g}"


def _fairness(part: SliceFigures, evaluation: Evaluation) -> dict[str, str]:
    few = part.people < evaluation.min_people
    gaps = {gap.metric: gap for gap in evaluation.gaps if gap.slice == part.name}
    harms = []
    for spec in _COMPARED:
        figure = part.figures[CANDIDATE].get(spec.name)
        if figure is None or figure.value is None:
            continue
        harms.append(f"{spec.title}: {spec.unit.text(figure.value)}")
        if spec.name in gaps:
            gap = gaps[spec.name].value
            worse = "worse" if gap > 0 else "better"
            harms[-1] += f", {spec.unit.text_of_change(abs(gap))} {worse} than all records of the same ages"
    assessed = "; ".join(harms) or "not measured"
    return {
        "groupAtRisk": part.name,
        "harms": assessed + (f" (only {part.people} people: not gated)" if few else ""),
    }
