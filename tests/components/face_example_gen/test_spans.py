"""Archives in a folder for each span: which spans are read, and that a new one prepares only itself."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.face_example_gen.prepare import archive_digests
from components.face_example_gen.settings import DataSettings, FaceExampleGenSettings
from components.face_example_gen.spans import SourcePart, chosen_spans, part_of_name, parts_of
from tests.components.face_example_gen.executor_runs import run
from visage.data.settings import SplitSettings
from visage.errors import VisageError
from visage.faces.settings import AlignmentSettings


def of_spans(root: Path, **what: Any) -> DataSettings:
    return DataSettings(**{"dir": f"{root}/{{span}}", "sources": ["utkface"], **what})


def with_spans(root: Path, *names: str) -> Path:
    for name in names:
        (root / name / "UTKFace").mkdir(parents=True)
    return root


class TestChosenSpans:
    @pytest.mark.parametrize(
        ("names", "wanted"),
        [
            (["10", "9", "011"], ["9", "10", "011"]),
            (["2026-11", "2025-12", "2026-2"], ["2025-12", "2026-2", "2026-11"]),
            (["week=7", "day=7", "week=10"], ["day=7", "week=7", "week=10"]),
            (["b2", "7", "a10", "a9"], ["7", "a9", "a10", "b2"]),
        ],
    )
    def test_they_are_in_natural_order(self, tmp_path: Path, names: list[str], wanted: list[str]) -> None:
        assert chosen_spans(of_spans(with_spans(tmp_path, *names))) == wanted
        assert chosen_spans(of_spans(tmp_path, spans=2)) == wanted[-2:]
        assert chosen_spans(of_spans(tmp_path, spans=9)) == wanted

    def test_hidden_folders_files_and_folders_without_a_digit_are_none(self, tmp_path: Path) -> None:
        with_spans(tmp_path, "1", ".2", "lost+found")
        (tmp_path / "labels-3.csv").touch()
        assert chosen_spans(of_spans(tmp_path)) == ["1"]

    def test_a_folder_below_the_span_may_be_named(self, tmp_path: Path) -> None:
        with_spans(tmp_path / "1", "faces")
        data = DataSettings(dir=f"{tmp_path}/{{span}}/faces", sources=["utkface"])
        assert parts_of(data) == [SourcePart("utkface", "1")]
        assert data.folder_of("1") == tmp_path / "1" / "faces"
        assert data.root == tmp_path


class TestParts:
    def test_a_span_may_lack_a_source(self, tmp_path: Path) -> None:
        with_spans(tmp_path, "1", "3")
        (tmp_path / "2" / "staff").mkdir(parents=True)
        (tmp_path / "3" / "staff").mkdir()
        data = of_spans(tmp_path, sources=["utkface", "labelled_folder/staff"])
        names = ["utkface/1", "utkface/3", "labelled_folder/staff/2", "labelled_folder/staff/3"]
        assert [part.name for part in parts_of(data)] == names
        assert [part_of_name(data, name) for name in names] == parts_of(data)
        assert [part.name for part in parts_of(data, "utkface")] == names[:2]

    def test_without_spans_there_is_one_part_a_source(self, tmp_path: Path) -> None:
        data = DataSettings(dir=str(tmp_path), sources=["adience/faces", "utkface"])
        assert [part.name for part in parts_of(data)] == ["adience/faces", "utkface"]
        assert part_of_name(data, "adience/faces") == SourcePart("adience/faces")

    def test_errors_are_one_line_with_the_fix(self, tmp_path: Path) -> None:
        def line(**what: Any) -> str:
            with pytest.raises(VisageError) as error:
                parts_of(of_spans(tmp_path / "archives", **what))
            return str(error.value)

        assert line().startswith(f"data.dir: {tmp_path}/archives does not exist; ")
        (tmp_path / "archives").mkdir()
        assert "holds no span, a folder with a digit in its name" in line()
        with_spans(tmp_path / "archives", "1")
        (tmp_path / "archives" / "2").mkdir()
        assert line() == (
            f"data.dir: {tmp_path}/archives/2 holds none of utkface; put them there, or rename the span to .2 until it "
            "is complete"
        )
        (tmp_path / "archives" / "2").rename(tmp_path / "archives" / ".2")
        assert "no span of" in line(sources=["utkface", "adience/faces"])
        assert "holds adience/faces (read: 1)" in line(sources=["utkface", "adience/faces"])
        with_spans(tmp_path / "archives", "März 3")
        assert "März 3" in line()
        assert line().endswith("; rename it")

    @pytest.mark.parametrize("folder", ["a/x{span}", "{span}/{span}", "a/{span}-{span}"])
    def test_a_span_is_one_whole_folder(self, folder: str) -> None:
        with pytest.raises(ValidationError, match="must stand once, in place of a whole folder name"):
            DataSettings(dir=folder, sources=["utkface"])

    def test_a_number_of_spans_needs_spans(self) -> None:
        with pytest.raises(ValidationError, match="needs a dir with a folder for each span"):
            DataSettings(dir="archives", sources=["utkface"], spans=3)


@pytest.fixture
def two_spans(portraits: Path, tmp_path: Path) -> Path:
    """UTKFace's drawn images: the first eighteen as span 9, as many others under the same names as span 10."""
    images = sorted((portraits / "UTKFace").iterdir())
    root = with_spans(tmp_path / "archives", "9", "10")
    for early, late in zip(images[:18], images[18:36], strict=True):
        shutil.copy(early, root / "9" / "UTKFace")
        shutil.copy(late, root / "10" / "UTKFace" / early.name)
    return root


def settings_of(root: Path, **what: Any) -> FaceExampleGenSettings:
    data_root = root.parent / "data"
    return FaceExampleGenSettings(
        data=of_spans(root, **what),
        alignment=AlignmentSettings(size=48),
        split=SplitSettings(train=0.4, val=0.3, test=0.3),
        data_root=str(data_root),
    )


def test_a_new_span_prepares_and_aligns_only_itself(two_spans: Path, tmp_path: Path) -> None:
    def digests() -> dict[str, str]:
        return archive_digests(settings_of(two_spans))

    (two_spans / "10").rename(two_spans / ".10")
    first = run(settings_of(two_spans), tmp_path / "first", before := digests())
    (two_spans / ".10").rename(two_spans / "10")
    both = run(settings_of(two_spans), tmp_path / "both", after := digests())

    assert list(after) == ["utkface/9", "utkface/10"]
    assert after["utkface/9"] == before["utkface/9"]
    assert len(list((tmp_path / "data" / "prepared").iterdir())) == 2
    # A copy may be in both spans.
    assert first.metrics["pictures"] - 5 <= both.metrics["reused"] <= first.metrics["pictures"] + 5
    assert both.report["sources"]["utkface"]["archive_rows"] == 36
    keys = {record.key for record in both.everybody()}
    assert {key.split("/")[1] for key in keys} == {"9", "10"}
    # A name may be in both spans.
    assert len({key.split("/")[2] for key in keys}) < len(keys)

    window = settings_of(two_spans, spans=1)
    latest = run(window, tmp_path / "latest", archive_digests(window))
    assert {record.key.split("/")[1] for record in latest.everybody()} == {"10"}
    assert archive_digests(window)["utkface/10"] == after["utkface/10"]
    splits = {record.key: split for split in ("train", "val", "test") for record in both.records(split)}
    for split in ("train", "val", "test"):
        assert all(splits.get(record.key, split) == split for record in latest.records(split))


def test_skipped_rows_and_drops_name_their_span(two_spans: Path, tmp_path: Path) -> None:
    for span in ("9", "10"):
        (two_spans / span / "UTKFace" / "notes.txt").write_text("no image")
    settings = settings_of(two_spans)
    found = run(settings, tmp_path / "out", archive_digests(settings))
    report = found.examples.parent / "report"
    assert {path.name for path in report.glob("skipped-*")} == {"skipped-utkface-9.jsonl", "skipped-utkface-10.jsonl"}
    assert found.report["sources"]["utkface"]["skipped"]["not_a_picture"] == 2
    lines = [line for path in report.glob("dropped-*") for line in path.read_text().splitlines()]
    assert {json.loads(line)["key"].split("/")[1] for line in lines} <= {"9", "10"}
