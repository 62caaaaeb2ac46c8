"""`visage due` as a scheduler calls it, on recorded runs, real folders of images and files of statistics."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.cli.main import main
from pipeline.compiled import CONFIGURATION, VERSION, compiling_version
from pipeline.config.loader import load_config
from pipeline.retraining import digests_now
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.project import PROJECT
from tests.pipeline.config.refusal import DEFAULT
from tests.pipeline.exports.http_server import http_server
from tests.pipeline.recorded_runs import Recorded, RecordedPipeline, evaluation_of
from tests.visage.evaluation.some_tables import table_of
from tests.visage.monitoring.drawn_counts import drawn_counts
from visage.evaluation.predictions.files import write_predictions
from visage.monitoring.files import StatisticsFile, write_counts

pytestmark = pytest.mark.one_stack


@dataclass
class Ended:
    """What a command did."""

    exit_code: int
    stdout: str
    stderr: str


def called(capture: pytest.CaptureFixture[str], *words: str) -> Ended:
    code = main.main(list(words), standalone_mode=False) or 0
    shown = capture.readouterr()
    return Ended(code, shown.out, shown.err)


class Faces:
    """A pipeline whose data is the labelled folder `staff`, and its recorded runs."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.images, self._capture = folder, folder / "data" / "staff", capture
        self.images.mkdir(parents=True)
        (self.images / "labels.csv").write_text("file,age\na.jpg,30\n")
        (self.images / "a.jpg").write_bytes(b"a")
        self.pipeline = RecordedPipeline(folder / "work" / "faces")
        self.statistics = folder / "statistics"
        self.statistics.mkdir()

    def options(self, *changes: str) -> list[str]:
        values = [f"workspace={self.folder / 'work'}", "name=faces", "data.sources=[labelled_folder/staff]"]
        return [word for value in (*values, f"data.dir={self.folder / 'data'}", *changes) for word in ("--set", value)]

    def digests(self) -> dict[str, str]:
        return digests_now(load_config(DEFAULT, self.options()[1::2]))

    def run(self, run_id: str, **arguments: Any) -> Recorded:
        """Records a run on the data as they are now."""
        return self.pipeline.run(
            run_id, sources=["labelled_folder/staff"], **{"archive_digests": self.digests(), **arguments}
        )

    def due(self, *words: str, when: str = "[new_data]") -> Ended:
        statistics = f"retraining.statistics={self.statistics}"
        options = self.options(f"retraining.when={when}", statistics)
        return called(self._capture, "due", str(DEFAULT), *options, *words)

    def serve(self, run: Recorded, older: float, faces: int = 300) -> None:
        """Writes a file of statistics, as a server of the run's version does."""
        assert run.version is not None
        day = datetime.now(timezone.utc).date()
        name = StatisticsFile(day, "visage", run.version, "aa11-1").name
        write_counts(self.statistics / name, drawn_counts(faces, older=older))


@pytest.fixture
def faces(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Faces:
    return Faces(tmp_path, capfd)


@pytest.fixture
def served(faces: Faces) -> Recorded:
    """A pushed run with predictions for its test split, for drift."""
    run = faces.run("first", evaluation=evaluation_of())
    folder = faces.pipeline.root / "artifacts" / "Evaluator" / "evaluation" / "run-1" / "predictions"
    folder.mkdir()
    ages = np.random.default_rng(4).normal(40, 15, 400).clip(0, 100).tolist()
    males = [0.93 if number % 2 else 0.07 for number in range(400)]
    write_predictions(table_of(ages, ages, males, "image"), folder / "00000.parquet")
    return run


def test_a_schedule_alone_is_always_due(faces: Faces) -> None:
    ended = faces.due(when="[schedule]")
    assert (ended.exit_code, ended.stdout) == (
        0,
        "due: schedule: each scheduled run trains (retraining.when: [schedule])\n",
    )


def test_without_a_run_or_a_pushed_model_it_is_due(faces: Faces) -> None:
    ended = faces.due()
    assert (ended.exit_code, ended.stdout) == (0, "due: no verdict: no run of faces has evaluated a model yet\n")
    faces.run("withheld", blessed=0)
    ended = faces.due()
    assert (ended.exit_code, ended.stdout) == (0, "due: no model: faces has pushed no model yet\n")


def test_data_that_the_newest_verdict_has_used_are_not_new(faces: Faces) -> None:
    first = faces.run("first")
    ended = faces.due()
    assert (ended.exit_code, ended.stdout) == (5, "not due: no new data since run first (today)\n")
    # From the cache, TFX records no digest.
    faces.run("second", data=first)
    ended = faces.due("--json")
    assert ended.exit_code == 5
    assert json.loads(ended.stdout) == {
        "due": False,
        "reasons": [],
        "notes": ["no new data since run second (today)"],
    }


def test_another_image_is_new_data_until_a_run_reached_a_verdict_on_it(faces: Faces) -> None:
    faces.run("first")
    (faces.images / "b.jpg").write_bytes(b"b")
    faces.run("crashed", evaluator=mlmd.Execution.FAILED)
    ended = faces.due()
    assert (ended.exit_code, ended.stdout) == (
        0,
        "due: new data: labelled_folder/staff changed since run first (today)\n",
    )
    faces.run("withheld", blessed=0)
    assert faces.due().exit_code == 5


def test_a_source_that_was_added_is_new_data(faces: Faces) -> None:
    faces.run("first", archive_digests={"utkface": "0"})
    ended = faces.due("--json")
    (reason,) = json.loads(ended.stdout)["reasons"]
    assert (ended.exit_code, reason["reason"], reason["added"], reason["removed"]) == (
        *(0, "new data"),
        *(["labelled_folder/staff"], ["utkface"]),
    )


def test_drift_is_a_reason_and_few_faces_are_none(faces: Faces, served: Recorded) -> None:
    faces.serve(served, older=20)
    ended = faces.due(when="[new_data, drift]")
    assert ended.exit_code == 0
    reason, note = ended.stdout.splitlines()
    assert reason.startswith("due: drift: age (0.")
    assert f"in 300 faces of version {served.version}" in reason
    assert note == "no new data since run first (today)"
    faces.serve(served, older=0)
    ended = faces.due(when="[drift]")
    assert (ended.exit_code, ended.stdout[:18]) == (5, "not due: no drift ")
    faces.serve(served, older=40, faces=30)
    ended = faces.due(when="[drift]")
    assert ended.exit_code == 5
    assert "not due: too few requests to find drift in 30 faces" in ended.stdout


def test_it_imports_neither_tensorflow_nor_tfx(faces: Faces, served: Recorded) -> None:
    faces.serve(served, older=20)
    program = (
        "import sys; from pipeline.cli.main import main\n"
        "try: main()\nfinally: print(sorted({'tensorflow', 'tfx', 'apache_beam'} & sys.modules.keys()))"
    )
    words = faces.options("retraining.when=[new_data, drift]", f"retraining.statistics={faces.statistics}")
    command = [sys.executable, "-c", program, "due", str(DEFAULT), *words]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=HANG_GUARD_SECONDS)
    assert "due: drift: age" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "[]"


def test_statistics_that_are_gone_are_an_error_unless_another_reason_holds(faces: Faces, served: Recorded) -> None:
    faces.statistics.rmdir()
    ended = faces.due(when="[new_data, drift]")
    assert ended.exit_code == 1
    assert "No such file or directory; name the folder of visage serve --statistics" in ended.stderr
    (faces.images / "b.jpg").write_bytes(b"b")
    ended = faces.due(when="[new_data, drift]")
    assert ended.exit_code == 0
    assert "drift is not known: " in ended.stdout


def test_drift_is_told_to_the_webhook_and_new_data_are_not(
    faces: Faces, served: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    with http_server() as server:
        monkeypatch.setenv("VISAGE_WEBHOOK_URL", server.url)
        faces.serve(served, older=20)
        (faces.images / "b.jpg").write_bytes(b"b")
        ended = faces.due("--set", "notifications.events=[drift]", when="[new_data, drift]")
    assert ended.exit_code == 0, ended.stderr
    ((_, _, _, content),) = server.requests
    told = json.loads(content)
    assert (told["event"], told["version"], told["run_id"]) == ("drift", served.version, None)
    assert told["text"].startswith("faces: drift: age (0.")


def test_a_missing_folder_of_archives_is_an_error(faces: Faces, tmp_path: Path) -> None:
    faces.run("first")
    (faces.folder / "data").rename(tmp_path / "elsewhere")
    ended = faces.due()
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "does not exist; name the folder that holds the archives" in ended.stderr


def test_a_scheduler_asks_by_the_compiled_pipeline(
    faces: Faces, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = load_config(DEFAULT, [*faces.options()[1::2], "retraining.when=[new_data]"])
    packed = {CONFIGURATION: config.with_absolute_outputs().model_dump_json(), VERSION: compiling_version()}
    configs = {key: {"value": value} for key, value in packed.items()}
    (tmp_path / "faces.ir.json").write_text(json.dumps({"nodes": [{}], "platform_configs": configs}))
    given, out = ("--pipeline", str(tmp_path / "faces.ir.json")), tmp_path / "out" / "due"

    def of_kubeflow(train: str) -> tuple[int, str]:
        code = called(capfd, "kubeflow-due", *given, "--train", train, "--out", str(out)).exit_code
        return code, out.read_text()

    faces.run("first")
    assert called(capfd, "due", *given).exit_code == 5
    assert of_kubeflow("if_due") == (0, "false")
    assert of_kubeflow("always") == (0, "true")
    (faces.images / "b.jpg").write_bytes(b"b")
    assert called(capfd, "due", *given).exit_code == 0
    assert of_kubeflow("if_due") == (0, "true")


def test_a_compiled_pipeline_holds_the_whole_configuration(capfd: pytest.CaptureFixture[str]) -> None:
    ended = called(capfd, "due", "--pipeline", "faces.ir.json", "--set", "name=x")
    assert (ended.exit_code, ended.stderr) == (
        1,
        "visage: --pipeline: holds the whole configuration; leave out CONFIG, --set and --data-dir\n",
    )
