"""Metrics of systems on all faces, and group by group."""

from collections.abc import Sequence

from benchmarks.peers.systems import SystemPredictions
from visage.data.records import FaceRecord
from visage.evaluation.metrics.score import score
from visage.evaluation.metrics.spec import Scores
from visage.evaluation.predictions.table import ModelOutputs, Truths
from visage.evaluation.slices import Slice, slices_of
from visage.evaluation.statistics.intervals import clusters_of


def groups(faces: Sequence[FaceRecord]) -> list[Slice]:
    """Returns all faces, then each race group and each gender that occurs."""
    truths = Truths.of_records(faces)
    return slices_of(truths, clusters_of(truths.identity, truths.key), ("race", "gender"))


def scores(faces: Sequence[FaceRecord], predictions: SystemPredictions) -> dict[str, Scores]:
    """Returns the metrics of one system, by the names of `groups`."""
    truths = Truths.of_records(faces)
    outputs = ModelOutputs(age=predictions.age, gender_probability=predictions.male)
    return {
        group.name: score("cross_validation", truths.take(group.rows).by_target(), outputs.take(group.rows).by_target())
        for group in groups(faces)
    }
