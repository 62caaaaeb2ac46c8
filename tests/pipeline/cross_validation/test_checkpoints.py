"""A stopped cross-validation does not repeat finished runs."""

import io
from pathlib import Path

import pytest
from pyarrow import parquet

from pipeline.cross_validation.checkpoints import FinishedRun, PlannedRun, Result, run_unfinished
from pipeline.output.console import Reporter
from tests.visage.evaluation.some_tables import table_of
from visage.errors import VisageError
from visage.evaluation.predictions.table import CANDIDATE

RUNS = [PlannedRun(fold, seed, key="a") for fold in (0, 1) for seed in (1, 2)]


class Work:
    """Predicts the fold as the age of one record; stops before the run `stop`."""

    def __init__(self, stop: PlannedRun | None = None, error: BaseException | None = None) -> None:
        self.done: list[PlannedRun] = []
        self.titles: list[str] = []
        self._stop, self._error = stop, error or KeyboardInterrupt()

    def __call__(self, run: PlannedRun, title: str) -> Result:
        if run == self._stop:
            raise self._error
        self.done.append(run)
        self.titles.append(title)
        finished = FinishedRun(run.fold, run.seed, f"id-{run.name}", "/model", "/evaluation")
        return finished, table_of([30], [run.fold])


def test_a_stopped_cross_validation_continues_with_the_unfinished_run(tmp_path: Path) -> None:
    first, second, reporter = Work(stop=RUNS[2]), Work(), io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        run_unfinished(RUNS, tmp_path, first, Reporter(io.StringIO()))
    results = run_unfinished(RUNS, tmp_path, second, Reporter(reporter))

    assert (first.done, second.done) == (RUNS[:2], RUNS[2:])
    assert reporter.getvalue().startswith("continues: 2 of 4 runs are finished\n")
    assert [finished.run_id for finished, _ in results] == [f"id-{run.name}" for run in RUNS]
    ages = [predictions.outputs[CANDIDATE].age for _, predictions in results]
    assert [float(age[0]) for age in ages if age is not None] == [0, 0, 1, 1]


def test_a_run_killed_between_its_two_files_is_repeated(tmp_path: Path) -> None:
    run_unfinished(RUNS, tmp_path, Work(), Reporter(io.StringIO()))
    (tmp_path / f"{RUNS[3].name}.json").unlink()
    again = Work()
    run_unfinished(RUNS, tmp_path, again, Reporter(io.StringIO()))
    assert again.done == [RUNS[3]]


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        ("parquet", b""),
        ("parquet", b"PAR1 no footer PAR1"),
        ("parquet", b"no Parquet"),
        ("json", b""),
        ("json", b"\xff"),
        ("json", b"[]"),
        ("json", b'{"fold": 0}'),
    ],
)
def test_a_damaged_result_is_repeated(tmp_path: Path, suffix: str, content: bytes) -> None:
    run_unfinished(RUNS, tmp_path, Work(), Reporter(io.StringIO()))
    (tmp_path / f"{RUNS[1].name}.{suffix}").write_bytes(content)
    again = Work()
    results = run_unfinished(RUNS, tmp_path, again, Reporter(io.StringIO()))
    assert again.done == [RUNS[1]]
    assert [finished.fold for finished, _ in results] == [0, 0, 1, 1]


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_predictions_damaged_in_the_middle_are_repeated(tmp_path: Path, place: float) -> None:
    run_unfinished(RUNS, tmp_path, Work(), Reporter(io.StringIO()))
    file = tmp_path / f"{RUNS[1].name}.parquet"
    content = file.read_bytes()
    cut = int(place * len(content))
    file.write_bytes(content[:cut] + bytes(64) + content[cut + 64 :])
    again = Work()
    run_unfinished(RUNS, tmp_path, again, Reporter(io.StringIO()))
    assert again.done == [RUNS[1]]


def test_predictions_that_lack_a_column_are_repeated(tmp_path: Path) -> None:
    run_unfinished(RUNS, tmp_path, Work(), Reporter(io.StringIO()))
    file = tmp_path / f"{RUNS[1].name}.parquet"
    parquet.write_table(parquet.read_table(file).drop(["key"]), file)
    again = Work()
    run_unfinished(RUNS, tmp_path, again, Reporter(io.StringIO()))
    assert again.done == [RUNS[1]]


def test_runs_of_another_recipe_are_not_used(tmp_path: Path) -> None:
    run_unfinished(RUNS, tmp_path, Work(), Reporter(io.StringIO()))
    others, again = [PlannedRun(run.fold, run.seed, key="b") for run in RUNS], Work()
    run_unfinished(others, tmp_path, again, Reporter(io.StringIO()))
    assert again.done == others


def test_the_progress_names_the_run_and_the_time_left(tmp_path: Path) -> None:
    work = Work()
    run_unfinished(RUNS, tmp_path, work, Reporter(io.StringIO()))
    assert work.titles[0] == "run 1 of 4, fold 0, seed 1"
    assert work.titles[3] == "run 4 of 4, fold 1, seed 2, 0:00 left"


def test_an_error_names_its_run(tmp_path: Path) -> None:
    work = Work(stop=RUNS[1], error=VisageError("no face is left for test"))
    with pytest.raises(VisageError, match=r"^run 2 of 4, fold 0, seed 2: no face is left for test$"):
        run_unfinished(RUNS, tmp_path, work, Reporter(io.StringIO()))
