"""Equal configuration and code compile to equal files, whatever the process, the hash seed and the time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.compiled import digest_of_compiled, read_compiled
from pipeline.config.loader import load_config
from pipeline.runners.airflow import write_dag
from pipeline.runners.kubeflow.compile import write_pipeline
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.project import PROJECT

# On another day: `time.time` is what compressing and dating read.
COMPILE = """
import sys, time
from pathlib import Path
seconds = time.time()
time.time = lambda: seconds + 86_400
from tests.pipeline.test_compiled import compile_for_both
compile_for_both(Path(sys.argv[1]))
"""


def compile_for_both(folder: Path) -> None:
    """Writes the files of both schedulers."""
    config = load_config(PROJECT / "pipeline_config.yaml", ["workspace=/srv/visage", "trainer.weights=blessed"])
    write_dag(config, folder / "faces.py")
    write_pipeline(config, folder / "faces.yaml")


def test_two_processes_compile_the_same_files(tmp_path: Path) -> None:
    folders = tmp_path / "here", tmp_path / "there"
    for folder in folders:
        folder.mkdir()
    compile_for_both(folders[0])
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(PROJECT)}
    subprocess.run(
        [sys.executable, "-c", COMPILE, folders[1]],
        cwd=PROJECT,
        env=environment,
        check=True,
        capture_output=True,
        timeout=HANG_GUARD_SECONDS,
    )
    first, second = ({path.name: path.read_text() for path in folder.iterdir()} for folder in folders)
    assert len(first) == 3
    assert first == second
    (ir,) = (name for name in first if name.endswith(".ir.json"))
    digest = digest_of_compiled(first[ir])
    assert ir == f"faces-{digest}.ir.json"
    assert ir in first["faces.py"]
    assert digest in first["faces.yaml"]
    # A task that reads either form sees the same pipeline.
    assert read_compiled(str(folders[1] / ir)) == first[ir]


def test_the_output_is_checked_before_the_configuration(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["compile", "airflow", str(tmp_path / "none.yaml"), "--out", str(tmp_path / "none" / "faces.py")]
    assert main.main(words, standalone_mode=False) == 1
    assert "the folder" in (error := capfd.readouterr().err)
    assert error.count("\n") == 1
