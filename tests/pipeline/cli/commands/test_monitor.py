"""`visage monitor` as a scheduler calls it, on a recorded run and files of statistics."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.cli.main import main
from tests.end_to_end.visage import visage
from tests.pipeline.recorded_runs import RecordedPipeline, evaluation_of
from tests.visage.evaluation.some_tables import table_of
from tests.visage.monitoring.drawn_counts import drawn_counts
from visage.evaluation.predictions.files import write_predictions
from visage.monitoring.counts import Counts
from visage.monitoring.files import StatisticsFile, read_counts, write_counts

pytestmark = pytest.mark.one_stack

TODAY = datetime.now(timezone.utc).date()


@dataclass
class Monitored:
    """A pushed model, whose run has predictions for 400 test faces, and a folder of statistics."""

    base: Path
    version: str
    statistics: Path

    def write(self, counts: Counts, day: date = TODAY, writer: str = "aa11-1") -> None:
        write_counts(self.statistics / StatisticsFile(day, "visage", self.version, writer).name, counts)

    def words(self, *words: str) -> list[str]:
        return ["monitor", "--model", str(self.base), "--statistics", str(self.statistics), *words]


@pytest.fixture
def monitored(tmp_path: Path) -> Monitored:
    pipeline = RecordedPipeline(tmp_path / "faces")
    run = pipeline.run("first", evaluation=evaluation_of())
    evaluation = pipeline.root / "artifacts" / "Evaluator" / "evaluation" / "run-1"
    ages = np.random.default_rng(4).normal(40, 15, 400).clip(0, 100).tolist()
    males = [0.93 if number % 2 else 0.07 for number in range(400)]
    (evaluation / "predictions").mkdir()
    for part in (slice(0, 150), slice(150, 400)):
        images = f"image-{part.start}"
        table = table_of(ages[part], ages[part], males[part], images)
        write_predictions(table, evaluation / "predictions" / f"{part.start:05d}.parquet")
    (tmp_path / "statistics").mkdir()
    assert run.version is not None
    return Monitored(pipeline.base, run.version, tmp_path / "statistics")


def test_requests_like_the_test_data_end_with_0(monitored: Monitored, tmp_path: Path) -> None:
    monitored.write(drawn_counts(150))
    monitored.write(drawn_counts(250, seed=2), TODAY - timedelta(days=2), "bb22-1")
    ended = visage(*monitored.words("--out", str(tmp_path / "out")))
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert "compared with the model's own predictions for its test split (400 faces)" in lines
    assert f"400 faces in 400 requests, {TODAY - timedelta(days=6)} to {TODAY} (2 of 7 days with statistics)" in lines
    assert "no drift" in lines
    figures = json.loads((tmp_path / "out" / "monitor.json").read_text())
    assert (figures["verdict"], figures["drift"], figures["servers"]) == ("ok", [], 2)
    assert len(figures["days_without_file"]) == 5
    assert "No drift" in (tmp_path / "out" / "monitor.html").read_text()
    assert read_counts(tmp_path / "out" / "requests.tfrecord").faces == 400
    assert read_counts(tmp_path / "out" / "baseline.tfrecord").faces == 400


def test_older_faces_end_with_3_and_a_wider_limit_with_0(monitored: Monitored) -> None:
    monitored.write(drawn_counts(300, older=20))
    ended = visage(*monitored.words("--json"))
    assert ended.returncode == 3
    assert json.loads(ended.stdout)["drift"] == ["age", "age_group"]
    accepted = visage(*monitored.words("--limit", "age=0.6", "--limit", "age_group=null"))
    assert (accepted.returncode, accepted.stdout.splitlines()[-1]) == (0, "no drift")


def test_few_faces_end_with_4(monitored: Monitored) -> None:
    monitored.write(drawn_counts(30, older=40))
    ended = visage(*monitored.words())
    assert ended.returncode == 4
    assert ended.stdout.splitlines()[-1] == "not enough requests: fewer than 200 faces to compare"
    assert visage(*monitored.words("--min-faces", "30")).returncode == 3


def test_the_days_before_are_a_baseline(monitored: Monitored) -> None:
    for days in range(14):
        monitored.write(drawn_counts(60, older=30, seed=days), TODAY - timedelta(days=days), f"aa11-{days}")
    ended = visage(*monitored.words("--baseline", str(monitored.statistics)))
    first, last = TODAY - timedelta(days=13), TODAY - timedelta(days=7)
    assert f"compared with earlier requests, {first} to {last} (420 faces)" in ended.stdout.splitlines()
    assert ended.returncode == 0


def refusal(*words: str) -> str:
    """Returns the line of a command that ends with 1."""
    ended = CliRunner().invoke(main, list(words))
    assert ended.exit_code == 1, ended.output
    line: str = ended.output.removeprefix("visage: ")
    assert line.count("\n") == 1
    return line


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--limit", "agee=0.2"], "--limit agee=0.2: write FEATURE=LIMIT, e.g. --limit age=0.2; did you mean age"),
        (["--limit", "age"], "--limit age: write FEATURE=LIMIT"),
        (["--limit", "age=2"], "--limit age: must be less than or equal to 1; 0 to 1, or null"),
        (["--limit", "age=old"], "--limit age: must be a number; 0 to 1, or null"),
        (["--baseline", "notes.txt"], "--baseline notes.txt: no folder, and no file that ends in .parquet, .csv, "),
        (["--baseline", "gone.tfrecord"], "--baseline gone.tfrecord: cannot be read ("),
    ],
)
def test_a_wrong_option_is_an_error_of_one_line(monitored: Monitored, words: list[str], line: str) -> None:
    assert refusal(*monitored.words(*words)).startswith(line)


def test_a_folder_that_is_missing_is_an_error_of_one_line(monitored: Monitored) -> None:
    monitored.statistics.rmdir()
    assert "No such file or directory; name the folder of visage serve --statistics" in refusal(*monitored.words())


def test_nothing_is_written_among_the_statistics(monitored: Monitored) -> None:
    line = refusal(*monitored.words("--out", str(monitored.statistics / "out")))
    assert "this is in the input" in line


def test_a_model_without_its_run_names_the_option_for_a_baseline(monitored: Monitored) -> None:
    (monitored.base.parents[1] / "metadata.sqlite").unlink()
    assert "so its test predictions are not found; give --baseline" in refusal(*monitored.words())


def test_a_baseline_folder_without_earlier_days_is_an_error(monitored: Monitored) -> None:
    monitored.write(drawn_counts(300))
    line = refusal(*monitored.words("--baseline", str(monitored.statistics)))
    assert f"no statistics of visage {monitored.version} before {TODAY - timedelta(days=6)}" in line
