"""Does the runs of a cross-validation, and keeps finished ones when it is killed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from pipeline.output.console import Reporter
from pipeline.output.pace import minutes
from visage.errors import VisageError
from visage.evaluation.predictions.files import read_predictions, write_predictions
from visage.evaluation.predictions.table import PredictionTable
from visage.files import write_atomically


@dataclass(frozen=True)
class PlannedRun:
    """One training and its test.

    Attributes:
        fold: the test split.
        seed: of the training.
        key: cache key of everything else that the run depends on.
    """

    fold: int
    seed: int
    key: str

    @property
    def name(self) -> str:
        """The name of its files."""
        return f"fold-{self.fold}-seed-{self.seed}-{self.key}"


@dataclass(frozen=True)
class FinishedRun:
    """Where ML Metadata and the disk have the results of a run.

    Attributes:
        fold: the test split.
        seed: of the training.
        run_id: of the pipeline run.
        model: folder of the SavedModel.
        evaluation: folder of the Evaluator's output.
    """

    fold: int
    seed: int
    run_id: str
    model: str
    evaluation: str


Result = tuple[FinishedRun, PredictionTable]

# What damaged bytes raise as JSON and as Parquet, whose own errors are subclasses of these, and the table of another
# version.
_UNREADABLE = (OSError, ValueError, EOFError, TypeError, KeyError, VisageError)


def run_unfinished(
    runs: Sequence[PlannedRun], folder: Path, work: Callable[[PlannedRun, str], Result], reporter: Reporter
) -> list[Result]:
    """Does every run that an earlier call has not finished, or whose result is damaged.

    Args:
        runs: in their order.
        folder: keeps the results.
        work: does one run; also takes a title for its progress.
        reporter: shows the progress.

    Returns:
        The results of `runs`, in their order.

    Raises:
        VisageError: from `work`, with the name of the run; or a result cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results = {run: found for run in runs if (found := _read(folder, run)) is not None}
    if results:
        reporter.print(f"continues: {len(results)} of {len(runs)} runs are finished")
    seconds: list[float] = []
    for number, run in enumerate(runs, start=1):
        if run in results:
            continue
        where = f"run {number} of {len(runs)}, fold {run.fold}, seed {run.seed}"
        left = f", {minutes(fmean(seconds) * (len(runs) - len(results)))} left" if seconds else ""
        start = time.monotonic()
        try:
            results[run] = work(run, where + left)
        except VisageError as error:
            raise VisageError(f"{where}: {error}") from error
        _write(folder, run, results[run])
        seconds.append(time.monotonic() - start)
        reporter.print(f"[green]✓[/] {where:<31}{seconds[-1]:>8.1f} s")
    return [results[run] for run in runs]


def _write(folder: Path, run: PlannedRun, result: Result) -> None:
    finished, predictions = result
    write_predictions(predictions, folder / f"{run.name}.parquet")
    # Last: its presence means that the predictions are complete.
    write_atomically(folder / f"{run.name}.json", json.dumps(asdict(finished), indent=2) + "\n")


def _read(folder: Path, run: PlannedRun) -> Result | None:
    try:
        finished = FinishedRun(**json.loads((folder / f"{run.name}.json").read_text(encoding="utf-8")))
        return finished, read_predictions([folder / f"{run.name}.parquet"])
    except FileNotFoundError:
        return None
    except _UNREADABLE:
        # Whatever the cause, repeating one run is better than failing all.
        return None
