"""Whole runs whose ML Metadata are on real servers of MariaDB and PostgreSQL, which these tests start."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.metadata.address import URL_VARIABLE
from tests.end_to_end.visage import VISAGE, served_versions, settings, visage
from tests.helpers.database_server import PASSWORD, PASSWORD_IN_URL
from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from tests.helpers.mariadb import running_mariadb
from tests.helpers.postgresql import running_postgresql
from tests.helpers.project import PROJECT

pytestmark = [pytest.mark.slow, pytest.mark.services]

LENIENT = {
    "data__sample_portraits__count": 150,
    "trainer__epochs": 1,
    "evaluator__age_mae_max": 100,
    "evaluator__gender_accuracy_min": 0,
}


class Started:
    """`visage run WORDS`, which goes on while the test does something else."""

    def __init__(self, words: list[str], output: Path) -> None:
        self._output = output
        with output.open("w") as out:
            command = [*VISAGE, "run", *words]
            self._process = subprocess.Popen(command, cwd=PROJECT, stdout=out, stderr=subprocess.PIPE, text=True)

    def await_line(self, words: str) -> None:
        def shown() -> bool:
            assert self._process.poll() is None, f"ended before {words}: {self._output.read_text()}"
            return words in self._output.read_text()

        wait_until(shown, words)

    def ended(self) -> tuple[int, str]:
        """Waits for the end; returns the exit code and standard error."""
        _, errors = self._process.communicate(timeout=HANG_GUARD_SECONDS)
        return self._process.returncode, errors


def words_of(workspace: Path, name: str, store: str, **changes: Any) -> list[str]:
    return settings(workspace, name=name, metadata__store=store, **{**LENIENT, **changes})


def listed(workspace: Path, name: str, store: str) -> dict[str, Any]:
    """Returns what `visage runs list` has of a pipeline."""
    named = ("--set", f"workspace={workspace}", "--set", f"name={name}", "--set", f"metadata.store={store}")
    ended = visage("runs", "list", "--json", *named)
    assert (ended.returncode, ended.stderr) == (0, "")
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def assert_no_password(workspace: Path) -> None:
    """Checks every log, run record and compiled pipeline that the runs left."""
    files = [file for file in workspace.rglob("*") if file.is_file() and file.suffix in (".json", ".log", ".yaml", "")]
    assert any(file.suffix == ".log" for file in files)
    found = [file for file in files if any(one.encode() in file.read_bytes() for one in (PASSWORD, PASSWORD_IN_URL))]
    assert found == []


def test_two_pipelines_share_a_mariadb_server_that_was_killed_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = tmp_path / "runs"
    with running_mariadb(tmp_path) as server:
        monkeypatch.setenv(URL_VARIABLE, server.url())
        ours = words_of(workspace, "faces", "mysql")
        run = Started(ours, tmp_path / "killed")
        run.await_line("✓ ExampleValidator")
        server.kill()
        code, errors = run.ended()
        assert code == 1
        assert errors.count("\n") == 1, errors
        assert errors.startswith(f"visage: mysql://visage@127.0.0.1:{server.port}/visage: the metadata server ")
        assert served_versions(workspace, "faces") == []

        # With other data, so that the second one's are not those of the first.
        server.start()
        others = words_of(workspace, "others", "mysql", data__sample_portraits__seed=12)
        started = [Started(ours, tmp_path / "faces"), Started(others, tmp_path / "others")]
        assert [one.ended() for one in started] == [(0, ""), (0, "")]
        assert "cached" in next(
            line for line in (tmp_path / "faces").read_text().splitlines() if "✓ FaceExampleGen" in line
        )
        assert "cached" not in (tmp_path / "others").read_text()

        first = {name: listed(workspace, name, "mysql") for name in ("faces", "others")}
        assert [len(first[name]["runs"]) for name in first] == [2, 1]
        for name, found in first.items():
            assert [str(one["number"]) for one in found["versions"]] == served_versions(workspace, name)

        again = visage("run", *ours)
        assert (again.returncode, again.stderr) == (0, "")
        nodes = [line for line in again.stdout.splitlines() if line.startswith("✓")]
        assert nodes
        # TFX never takes a resolver from the cache, and Pusher looks whether the version is still there.
        kept = [line for line in nodes if not re.search("Resolver|Pusher", line)]
        assert all(" cached " in line for line in kept), again.stdout
        assert served_versions(workspace, "faces") == [str(first["faces"]["versions"][0]["number"])]
        assert not list(workspace.rglob("metadata.sqlite"))

        (tmp_path / "dags").mkdir()
        compiled = visage("compile", "airflow", "--out", tmp_path / "dags" / "faces.py", *ours)
        assert compiled.returncode == 0, compiled.stderr
        for file in (tmp_path / "dags").iterdir():
            assert str(server.port) not in file.read_text()
    assert_no_password(tmp_path)


def test_a_whole_run_is_recorded_on_postgresql(tmp_path: Path) -> None:
    workspace = tmp_path / "runs"
    with running_postgresql(tmp_path) as server:
        secret = tmp_path / "secret"
        secret.write_text(server.url())
        words = [*words_of(workspace, "faces", "postgresql"), "--set", f"metadata.url_file={secret}"]
        ended = visage("run", *words)
        assert (ended.returncode, ended.stderr) == (0, "")
        (version,) = served_versions(workspace, "faces")
        named = ("--set", f"workspace={workspace}", "--set", "name=faces", "--set", "metadata.store=postgresql")
        followed = visage("lineage", version, "--json", *named, "--set", f"metadata.url_file={secret}")
        assert (followed.returncode, followed.stderr) == (0, "")
        assert json.loads(followed.stdout)["pipeline"] == "faces"
        # By the folder alone, without the configuration.
        by_folder = visage("lineage", workspace / "faces" / "serving" / "visage" / version, "--json")
        assert (by_folder.returncode, by_folder.stderr) == (0, "")
        assert by_folder.stdout == followed.stdout
        assert server.sql("SELECT COUNT(*) FROM executionproperty WHERE string_value LIKE '%\ue000b%'") != "0\n"
        secret.unlink()
    assert_no_password(tmp_path)


def test_a_wrong_password_is_found_before_tensorflow_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_postgresql(tmp_path) as server:
        monkeypatch.setenv(URL_VARIABLE, server.url().replace(PASSWORD_IN_URL, "wrong"))
        words = words_of(tmp_path / "runs", "faces", "postgresql")
        command = [sys.executable, "-X", "importtime", "-m", "pipeline", "run", *words]
        ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=HANG_GUARD_SECONDS)
    assert ended.returncode == 1
    assert "the metadata server refuses the login of visage; correct user and password" in ended.stderr
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert "ml_metadata" in imported
    assert not {"tensorflow", "tfx", "apache_beam"} & imported
