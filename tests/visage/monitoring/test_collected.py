"""Files of several servers, days and versions are added up; what cannot be read is named and left out."""

from datetime import date
from pathlib import Path

import pytest

from tests.visage.monitoring.drawn_counts import drawn_counts
from visage.errors import VisageError
from visage.monitoring.collected import Period, collect
from visage.monitoring.files import NO_VERSION, StatisticsFile, parse_name, read_counts, write_counts

pytestmark = pytest.mark.one_stack

TODAY = date(2026, 11, 29)
WEEK = Period.until(TODAY, 7)


def write(folder: Path, day: date, writer: str, faces: int = 10, *, model: str = "visage", version: str = "7") -> Path:
    path = folder / StatisticsFile(day, model, version, writer).name
    write_counts(path, drawn_counts(faces))
    return path


def test_servers_and_days_are_added_up(tmp_path: Path) -> None:
    write(tmp_path, TODAY, "aa11-1", 10)
    write(tmp_path, TODAY, "bb22-1", 20)
    write(tmp_path, date(2026, 11, 23), "aa11-2", 30)
    write(tmp_path, date(2026, 11, 22), "aa11-3", 1000)
    found = collect(tmp_path, "visage", "7", WEEK)
    assert found.counts.faces == 60
    assert found.by_day == {TODAY: (30, 30), date(2026, 11, 23): (30, 30)}
    assert (found.servers, found.files, found.later) == (2, 3, 0)


def test_requests_refused_before_a_version_was_chosen_belong_to_each(tmp_path: Path) -> None:
    write(tmp_path, TODAY, "aa11-1", 10)
    write(tmp_path, TODAY, "aa11-2", 5, version=NO_VERSION)
    assert collect(tmp_path, "visage", "7", WEEK).counts.requests == 15


def test_other_models_and_versions_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, TODAY, "aa11-1", 10)
    write(tmp_path, TODAY, "aa11-2", 5, version="8")
    write(tmp_path, TODAY, "aa11-3", 5, model="visage_7")
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".2026-11-29_visage_7_aa11-9.tfrecord.partial-12").touch()
    found = collect(tmp_path, "visage", "7", WEEK)
    assert (found.counts.faces, found.other_versions) == (10, ["8"])


def test_a_damaged_file_is_named_and_left_out(tmp_path: Path) -> None:
    write(tmp_path, TODAY, "aa11-1", 10)
    damaged = write(tmp_path, TODAY, "aa11-2", 10)
    damaged.write_bytes(damaged.read_bytes()[:-3])
    empty = write(tmp_path, TODAY, "aa11-3", 10)
    empty.write_bytes(b"")
    found = collect(tmp_path, "visage", "7", WEEK)
    assert found.counts.faces == 10
    assert found.unreadable == [
        f"{damaged.name}: it is damaged (cut short)",
        f"{empty.name}: it is damaged (the file ends before 0)",
    ]


def test_a_day_to_come_is_counted_as_later(tmp_path: Path) -> None:
    write(tmp_path, date(2026, 12, 24), "aa11-1")
    found = collect(tmp_path, "visage", "7", WEEK)
    assert (found.files, found.later) == (0, 1)


def test_a_missing_folder_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"nowhere: No such file or directory; name the folder of visage serve"):
        collect(tmp_path / "nowhere", "visage", "7", WEEK)


@pytest.mark.parametrize("model", ["visage", "a_b", "Gesicht/über", "..", "x" * 40])
def test_a_name_survives_as_a_file_name(model: str, tmp_path: Path) -> None:
    file = StatisticsFile(TODAY, model, "7", "aa11-1")
    assert parse_name(file.name) == file
    assert Path(file.name).name == file.name
    write_counts(tmp_path / file.name, drawn_counts(3))
    assert read_counts(tmp_path / file.name).faces == 3


@pytest.mark.parametrize(
    "name", ["2026-13-29_visage_7_aa11-1.tfrecord", "visage.tfrecord", "2026-11-29_visage_7.tfrecord"]
)
def test_other_names_are_no_statistics(name: str) -> None:
    assert parse_name(name) is None
