"""A file of arrays gives them back, or counts as missing."""

from pathlib import Path

import numpy as np
import pytest

from visage.array_files import read_arrays, write_arrays
from visage.errors import VisageError

ARRAYS = {"age": np.eye(2, 101, dtype=np.float32), "keys": np.array([b"a", b"b"])}


def test_arrays_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "not" / "yet" / "there.npz"
    write_arrays(file, ARRAYS)
    read = read_arrays(file)
    assert read is not None
    assert read.keys() == ARRAYS.keys()
    for name, values in ARRAYS.items():
        assert read[name].dtype == values.dtype
        np.testing.assert_array_equal(read[name], values)


def test_a_missing_file_holds_nothing(tmp_path: Path) -> None:
    assert read_arrays(tmp_path / "missing.npz") is None


@pytest.mark.parametrize("kept", [0, 10, 500])
def test_a_file_that_is_cut_short_counts_as_missing(tmp_path: Path, kept: int) -> None:
    file = tmp_path / "cut.npz"
    write_arrays(file, ARRAYS)
    file.write_bytes(file.read_bytes()[:kept])
    assert read_arrays(file) is None


def test_a_folder_that_cannot_be_created_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VisageError, match=r"/file/folder: cannot be created: Not a directory; make it writable"):
        write_arrays(tmp_path / "file" / "folder" / "arrays.npz", ARRAYS)
