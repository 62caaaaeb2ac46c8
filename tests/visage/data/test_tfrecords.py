"""Records are read and written as TensorFlow does; a record with changed bytes is refused."""

import gzip
import io
from pathlib import Path

import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from visage.data.tfrecords import read_all, read_at, record_offsets, write_record

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


def test_all_records_of_a_compressed_file_are_read(written: bytes, tmp_path: Path) -> None:
    (tmp_path / "records.gz").write_bytes(gzip.compress(written))
    assert list(read_all(tmp_path / "records.gz")) == RECORDS


@given(records=st.lists(st.binary(max_size=2000), max_size=5))
def test_tensorflow_writes_the_same_bytes(records: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    theirs, ours = tmp_path_factory.mktemp("both") / "theirs", io.BytesIO()
    with tf.io.TFRecordWriter(str(theirs)) as writer:
        for record in records:
            writer.write(record)
            write_record(ours, record)
    assert ours.getvalue() == theirs.read_bytes()


def test_offsets_are_those_of_the_records(written: bytes) -> None:
    assert [read_at(io.BytesIO(written), offset) for offset in record_offsets(io.BytesIO(written))] == RECORDS
    assert list(record_offsets(io.BytesIO())) == []
    for cut in (written[:-1], written[:-5], written[:4]):
        with pytest.raises(ValueError, match="do not lead to the end"):
            list(record_offsets(io.BytesIO(cut)))


@given(data=st.data())
def test_every_changed_or_missing_byte_is_detected(written: bytes, data: st.DataObject) -> None:
    size = 16 + len(RECORDS[0])
    place = data.draw(st.integers(0, size - 1))
    damaged = bytearray(written[:size])
    damaged[place] ^= data.draw(st.integers(1, 255))
    for part in (bytes(damaged), written[:place]):
        with pytest.raises((EOFError, ValueError)):
            read_at(io.BytesIO(part), 0)
