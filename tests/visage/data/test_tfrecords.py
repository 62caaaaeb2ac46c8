"""Records as TensorFlow writes them are read; one whose bytes have changed is not."""

import gzip
import io
from pathlib import Path

import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from visage.data.tfrecords import read_all, read_at

RECORDS = [b"first", b"", b"third" * 100]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("written") / "records"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in RECORDS:
            writer.write(record)
    return path.read_bytes()


def test_a_record_is_read_at_its_offset(written: bytes) -> None:
    offsets = [0, 16 + len(RECORDS[0]), 16 + len(RECORDS[0]) + 16]
    assert [read_at(io.BytesIO(written), offset) for offset in offsets] == RECORDS
    with pytest.raises(EOFError, match="the file ends before"):
        read_at(io.BytesIO(written), len(written))


def test_all_of_a_compressed_file_are_read(written: bytes, tmp_path: Path) -> None:
    (tmp_path / "records.gz").write_bytes(gzip.compress(written))
    assert list(read_all(tmp_path / "records.gz")) == RECORDS


@given(data=st.data())
def test_no_changed_or_missing_byte_goes_unnoticed(written: bytes, data: st.DataObject) -> None:
    size = 16 + len(RECORDS[0])
    place = data.draw(st.integers(0, size - 1))
    damaged = bytearray(written[:size])
    damaged[place] ^= data.draw(st.integers(1, 255))
    for part in (bytes(damaged), written[:place]):
        with pytest.raises((EOFError, ValueError)):
            read_at(io.BytesIO(part), 0)
