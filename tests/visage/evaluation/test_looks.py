"""The number of models that were measured on one test split."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.project import PROJECT
from tests.visage.evaluation.some_tables import truths_of
from visage.errors import VisageError
from visage.evaluation.looks import count_look
from visage.lock import locked

TRUTHS = truths_of([30, 40, 50])


def test_each_model_counts_once_for_each_test_split(tmp_path: Path) -> None:
    file = tmp_path / "looks.json"
    assert [count_look(file, TRUTHS, model) for model in ("a", "b", "a", "c")] == [1, 2, 2, 3]
    assert count_look(file, truths_of([30, 40]), "a") == 1
    assert count_look(file, TRUTHS, "c") == 3


def test_the_order_of_the_records_makes_no_other_split_but_another_image_does(tmp_path: Path) -> None:
    file = tmp_path / "looks.json"
    count_look(file, TRUTHS, "a")
    assert count_look(file, TRUTHS.take(np.array([2, 0, 1])), "b") == 2
    assert count_look(file, truths_of([30, 40, 50], images="other"), "b") == 1


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"a": 1}'])
def test_a_damaged_file_makes_the_number_unknown_and_stays(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "looks.json"
    file.write_bytes(content)
    assert [count_look(file, TRUTHS, model) for model in ("a", "b")] == [None, None]
    assert file.read_bytes() == content
    assert f"{file}: is damaged, so the models of this test split are not counted; remove it" in caplog.text


COUNT_TEN = """
import pickle, sys
from pathlib import Path
from visage.evaluation.looks import count_look
truths = pickle.loads(Path(sys.argv[1]).read_bytes())
print("ready", flush=True)
for number in range(10):
    count_look(Path(sys.argv[2]), truths, f"{sys.argv[3]}-{number}")
"""


@pytest.mark.one_stack
def test_two_processes_that_count_at_once_lose_no_model(tmp_path: Path) -> None:
    file, truths = tmp_path / "looks.json", tmp_path / "truths"
    truths.write_bytes(pickle.dumps(TRUTHS))

    def start(name: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", COUNT_TEN, str(truths), str(file), name]
        return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)

    with locked(tmp_path / "looks.json.lock", "let both begin at once"):
        both = [start("one"), start("other")]
        for process in both:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        assert not file.exists()
    assert [process.wait(30) for process in both] == [0, 0]
    assert count_look(file, TRUTHS, "last") == 21


def test_a_folder_that_takes_no_lock_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VisageError, match=r"looks\.json: cannot be locked: [^\n]*; make its folder writable$"):
        count_look(tmp_path / "file" / "looks.json", TRUTHS, "a")
