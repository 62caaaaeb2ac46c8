"""An unusable engine is one line with the reason."""

import re
from pathlib import Path

import pytest

from components.face_example_gen.engines import options as engine_options
from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.settings import BeamSettings, Engine
from tests.engines.drawn_rows import drawn_source
from tests.engines.test_conformance import settings_for
from visage.errors import VisageError


def refusal(tmp_path: Path, engine: Engine, *options: str) -> str:
    source = drawn_source(tmp_path / "prepared", faces=1)
    settings = settings_for(BeamSettings(engine=engine, options=list(options)))
    with pytest.raises(VisageError) as error:
        run_beam([source], settings, str(tmp_path / "examples"), str(tmp_path / "report"))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_an_address_without_a_job_service_is_an_error_of_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_options, "_REACH_SECONDS", 1)
    for engine in ("portable", "flink", "spark"):
        reported = refusal(tmp_path, engine, "--job_endpoint=localhost:9", "--environment_type=LOOPBACK")
        assert reported.startswith(
            "beam.options: no job service responds at localhost:9; start it, or correct --job_endpoint"
        )


@pytest.mark.parametrize(("engine", "jar"), [("flink", "--flink_job_server_jar"), ("spark", "--spark_job_server_jar")])
def test_a_missing_job_server_jar_is_an_error_of_one_line(tmp_path: Path, engine: Engine, jar: str) -> None:
    reported = refusal(tmp_path, engine, f"{jar}=/nowhere.jar", "--environment_type=LOOPBACK")
    assert reported.startswith(f'beam.engine: {engine} rejects the job: Unable to parse jar URL "/nowhere.jar"')


def test_the_error_of_a_worker_is_reported(tmp_path: Path) -> None:
    (tmp_path / "examples").write_text("where a folder should be")
    reported = refusal(tmp_path, "portable", "--job_endpoint=embed", "--environment_type=LOOPBACK")
    assert re.search(r"/examples/\.attempts/\w{8}/.*: cannot be written: Not a directory$", reported), reported


def test_an_output_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("where a folder should be")
    reported = refusal(tmp_path, "portable", "--job_endpoint=embed", "--environment_type=LOOPBACK")
    assert reported.startswith(f"{tmp_path}/report: cannot be written: ")
