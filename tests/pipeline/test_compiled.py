"""Equal configuration and code compile to equal files, whatever the process, the hash seed and the time."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.compiled import digest_of_compiled, read_compiled, write_compiled
from pipeline.config.loader import load_config
from pipeline.runners.airflow import write_dag
from pipeline.runners.kubeflow.compile import write_pipeline
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.project import PROJECT
from visage.errors import VisageError

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


@pytest.fixture(scope="module")
def ir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dags")
    return write_dag(load_config(PROJECT / "pipeline_config.yaml", [f"workspace={folder}"]), folder / "faces.py")


def refusal(path: Path) -> str:
    with pytest.raises(VisageError) as refused:
        read_compiled(str(path))
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_file_that_somebody_has_changed_is_refused_and_not_written_over(ir: Path, tmp_path: Path) -> None:
    changed = tmp_path / ir.name
    changed.write_text(ir.read_text().replace("age_mae_max", "age_mae_min", 1))
    assert refusal(changed) == (
        f"--pipeline: {changed} was changed after it was compiled; write it again with `visage compile`, and start a "
        "new run"
    )
    with pytest.raises(VisageError, match="was changed after it was compiled; remove it, and compile again"):
        write_compiled(tmp_path, "faces", ir.read_text())
    assert "age_mae_min" in changed.read_text()


def test_a_copy_under_a_name_of_its_own_is_read(ir: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(ir.read_text())
    assert read_compiled(str(tmp_path / "mine.json")) == ir.read_text()


@pytest.mark.parametrize("configs", [[], {"visage_version": {}}, {"visage_version": []}, None])
def test_a_file_without_a_version_is_that_of_an_earlier_visage(configs: object, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text(json.dumps({"nodes": [{}], "platform_configs": configs}))
    assert "an earlier VisAge compiled it" in refusal(tmp_path / "odd.json")


def test_a_file_that_this_user_cannot_read_is_one_line(ir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    # The tests may run as root, who may read everything.
    monkeypatch.setattr(Path, "read_text", refuse)
    assert refusal(ir) == f"--pipeline: {ir} cannot be read by this user; change its owner or its mode"
