"""Compares one network for both tasks with one per task: `.venv/bin/python -m benchmarks.multi_task RECIPE`.

Trains the recipe three times as the Trainer does, with the same records, epochs and seed: with both heads, with the age
head, with the gender head. The quality is that of the epoch that the Trainer keeps, on the validation split; the test
split is not read. `--set trainer.epochs=1 --set trainer.epoch_size=1000` makes it short.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.table import Table

from benchmarks.cost import Cost, now
from benchmarks.published_data import run
from pipeline.cli.common import json_option, override_option, print_json, redirect_framework_output
from pipeline.config.loader import load_config
from pipeline.output.console import Reporter
from visage.errors import VisageError
from visage.evaluation.metrics import METRICS
from visage.training.settings import TrainerSettings

DEFAULT = Path("recipes/cnn_utkface.yaml")
_TASKS = {"age and gender": {}, "age alone": {"gender_head": "none"}, "gender alone": {"age_head": "none"}}


@dataclass(frozen=True)
class Trained:
    """The result of one training.

    Attributes:
        tasks: one of the three.
        parameters: of the network.
        cost: of the whole training, with decoding and validation.
        age_mae: years, on the validation split; None for a network without the age head.
        gender_accuracy: 0..1, on the validation split; None for a network without the gender head.
    """

    tasks: str
    parameters: int
    cost: Cost
    age_mae: float | None
    gender_accuracy: float | None


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path), default=DEFAULT)
@override_option
@click.option("--examples", type=click.Path(path_type=Path), help="What FaceExampleGen wrote; else of the newest run.")
@json_option
def main(recipe: Path, overrides: tuple[str, ...], examples: Path | None, as_json: bool) -> None:
    """Prints the table."""
    config = load_config(recipe, overrides)
    spec = config.trainer.spec
    if spec.age_head is None or spec.gender_head is None:
        raise VisageError(f"{recipe}: its network has only one head; name a recipe with both")
    with redirect_framework_output() as stream:
        from pipeline.metadata.latest_examples import newest_data

        reporter = Reporter(stream, silent=as_json)
        folder = examples or newest_data(config).examples
        trained = []
        for tasks, heads in _TASKS.items():
            with reporter.stage(tasks):
                trained.append(_train(tasks, config.trainer.model_copy(update=heads), folder))
        reporter.print(table(trained))
        reporter.print(f"Load of the machine in the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
        if as_json:
            print_json([asdict(one) for one in trained], stream)


def table(trained: Sequence[Trained]) -> Table:
    """Returns a row for each training, for the sum of the two single ones, and for the ratio to it."""
    both, *single = trained
    parameters, wall, cpu = (
        sum(values) for values in zip(*((one.parameters, one.cost.wall, one.cost.cpu) for one in single), strict=True)
    )
    age_mae, gender_accuracy = METRICS["age_mae"], METRICS["gender_accuracy"]
    rows = Table("", "parameters", "wall s", "CPU s", age_mae.short, gender_accuracy.short, box=None)
    for column in rows.columns[1:]:
        column.justify = "right"
    for one in trained:
        rows.add_row(
            one.tasks,
            f"{one.parameters:,}",
            f"{one.cost.wall:,.1f}",
            f"{one.cost.cpu:,.1f}",
            "" if one.age_mae is None else age_mae.unit.text(one.age_mae),
            "" if one.gender_accuracy is None else gender_accuracy.unit.text(one.gender_accuracy),
        )
    rows.add_row("the two alone", f"{parameters:,}", f"{wall:,.1f}", f"{cpu:,.1f}")
    fractions = (both.parameters / parameters, both.cost.wall / wall, both.cost.cpu / cpu)
    rows.add_row("both against the two", *(f"{fraction:.2f}" for fraction in fractions))
    return rows


def _train(tasks: str, settings: TrainerSettings, examples: Path) -> Trained:
    from visage.training.batches import open_split
    from visage.training.checkpoint import TrainingState
    from visage.training.memory import clear_networks
    from visage.training.train import train

    ends: list[TrainingState] = []
    train_split, val_split = (open_split(name, [f"{examples}/Split-{name}/*"]) for name in ("train", "val"))
    with tempfile.TemporaryDirectory(prefix="visage-multi-task-") as logs:
        before = now()
        network = train(train_split, val_split, settings, logs, on_end=ends.append)
        cost = now() - before
    parameters = network.count_params()
    clear_networks()
    kept = ends[-1].best
    return Trained(tasks, parameters, cost, kept.get("val_age_mae"), kept.get("val_gender_accuracy"))


if __name__ == "__main__":
    run(main, "benchmarks.multi_task")
