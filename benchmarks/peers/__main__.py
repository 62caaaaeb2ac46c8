"""Our pushed models against face-api and Human on the same faces: `.venv/bin/python -m benchmarks.peers --model DIR`.

The faces are those that the models' runs kept for their tests, as UTKFace published them. Every system scales
them itself, and answers one face a request on one thread. The peers come from npm, into
.cache/peers/node.
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
from benchmarks.peers.quality import groups, scores
from benchmarks.peers.systems import Answers, System, ask_in_turn, our_model, peers
from benchmarks.published_data import data_option, run
from components.evaluator.slices import OVERALL
from pipeline.cli.common import json_option, print_json, redirect_framework_output
from pipeline.cli.output.console import Reporter
from pipeline.metadata.training_examples import trained_on
from visage.data.records import FaceRecord
from visage.evaluation.metrics import METRICS, Scores
from visage.prediction.loaded_model import find_model

_OF_PEERS = "face-api was trained on UTKFace, these faces probably among them."
# Metrics that the peers' answers allow, as the rows call them.
_ROWS = {"age_mae": "age MAE, years", "age_cs5": "ages at most 5 years wrong", "gender_accuracy": "gender right"}


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
            # As the pipeline's name, since all models are served as `visage`.
            ours = [our_model(f"{version.parents[2].name} {version.name}", version) for version in versions]
            systems = ours + peers(node_modules())
            runs = [examples] if examples else [trained_on(version) for version in versions]
            unproven = [version for version in versions if examples and not test_faces.learned_from(version, examples)]
            faces = test_faces.unseen_faces(runs, limit)
            answers = ask_in_turn(systems, test_faces.lay_out(faces, archive, Path(folder)))
        measured = {name: scores(faces, said) for name, said in answers.items()}
        reporter.print(_table(faces, systems, answers, measured))
        note = f"{_of_ours(unproven)} {_OF_PEERS}"
        reporter.print(escape(f"* the best of the row. {note}"))
        reporter.print(f"Load of the machine in the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
        if as_json:
            print_json({"faces": len(faces), "note": note, "systems": _figures(systems, answers, measured)}, stream)


def _of_ours(unproven: Sequence[Path]) -> str:
    if not unproven:
        return "None of the faces was in the training of our models."
    return f"Whether faces were in the training of {', '.join(map(str, unproven))} is not known."


def _table(
    faces: Sequence[FaceRecord],
    systems: Sequence[System],
    answers: Mapping[str, Answers],
    measured: Mapping[str, Mapping[str, Scores]],
) -> Table:
    table = Table("", "faces", *(escape(system.name) for system in systems), box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for metric, title in _ROWS.items():
        spec = METRICS[metric]
        for group in groups(faces):
            values = [measured[system.name][group.name][metric] for system in systems]
            name = title if group.name == OVERALL else f"  {group.name}"
            table.add_row(name, f"{group.members.sum():,}", *marked(values, spec.unit.cell, spec.best))
    table.add_row("model on disk, MB", "", *marked([system.size / 1e6 for system in systems], "{:.1f}".format, min))
    table.add_row(
        "CPU ms a face", "", *marked([answers[system.name].cpu_ms for system in systems], "{:.1f}".format, min)
    )
    return table


def marked(
    values: Sequence[float | None], written: Callable[[float], str], best: Callable[[list[float]], float]
) -> list[str]:
    """Values as they stand in a row of the table, the best with a star; what could not be measured is left empty."""
    measured = [value for value in values if value is not None]
    return ["" if value is None else written(value) + ("*" if value == best(measured) else " ") for value in values]


def _figures(
    systems: Sequence[System], answers: Mapping[str, Answers], measured: Mapping[str, Mapping[str, Scores]]
) -> list[dict[str, Any]]:
    return [
        {
            "name": system.name,
            "bytes": system.size,
            "cpu_ms": answers[system.name].cpu_ms,
            "groups": dict(measured[system.name]),
        }
        for system in systems
    ]


if __name__ == "__main__":
    run(main, "benchmarks.peers")
