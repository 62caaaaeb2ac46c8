"""Equal configuration and code compile to equal files, whatever the process, the hash seed and the time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.compiled import digest_of_compiled, read_compiled
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.project import PROJECT

# Both schedulers' files in one process, on the day before or after. `time.time` is what compressing and dating read.
COMPILE = """
import sys, time
seconds = time.time()
time.time = lambda: seconds + float(sys.argv[2])
from pathlib import Path
from pipeline.config.loader import load_config
from pipeline.runners.airflow import write_dag
from pipeline.runners.kubeflow import write_pipeline
config = load_config(Path("pipeline_config.yaml"), ["workspace=/srv/visage", "trainer.weights=blessed"])
write_dag(config, Path(sys.argv[1]) / "faces.py")
write_pipeline(config, Path(sys.argv[1]) / "faces.yaml")
"""


def test_two_processes_compile_the_same_files(tmp_path: Path) -> None:
    written = []
    for seed, days in (("1", -1), ("2", 1)):
        folder = tmp_path / seed
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", COMPILE, str(folder), str(days * 86_400)],
            cwd=PROJECT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(PROJECT)},
            check=True,
            capture_output=True,
            timeout=HANG_GUARD_SECONDS,
        )
        written.append({path.name: path.read_text() for path in folder.iterdir()})
    first, second = written
    assert len(first) == 3
    assert first == second
    (ir,) = (name for name in first if name.endswith(".ir.json"))
    digest = digest_of_compiled(first[ir])
    assert ir == f"faces-{digest}.ir.json"
    assert ir in first["faces.py"]
    assert digest in first["faces.yaml"]
    # A task that reads either form sees the same pipeline.
    assert read_compiled(str(tmp_path / "1" / ir)) == first[ir]


def test_the_output_is_checked_before_the_configuration(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["compile", "airflow", str(tmp_path / "none.yaml"), "--out", str(tmp_path / "none" / "faces.py")]
    assert main.main(words, standalone_mode=False) == 1
    assert "the folder" in (error := capfd.readouterr().err)
    assert error.count("\n") == 1
