"""The builder of labelled folders on small drawn ones, two of them laid out as published data sets are."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import tensorflow_datasets as tfds

from tfds_builders.labelled_folder.labelled_folder_dataset_builder import Builder, LabelledFolderConfig
from visage import progress
from visage.errors import VisageError

DUMMY = Path(__file__).parent / "dummy_data"
TEAM = LabelledFolderConfig(name="team")
CHALEARN_LAP = LabelledFolderConfig(
    name="chalearn_lap",
    labels="train_gt.csv",
    pictures="train",
    columns={"apparent_age_mean": "mean", "apparent_age_std": "stdv"},
)
APPA_REAL = LabelledFolderConfig(
    name="appa_real",
    labels="gt_avg_train.csv",
    pictures="train",
    columns={"image": "file_name", "age": "real_age", "apparent_age_mean": "apparent_age_avg"},
)


class LabelledFolderTest(tfds.testing.DatasetBuilderTestCase):
    """TFDS's own contract."""

    DATASET_CLASS = Builder
    BUILDER_CONFIG_NAMES_TO_TEST = [TEAM]
    SPLITS = {"train": 4}


def prepare(manual: Path, data: Path, config: LabelledFolderConfig = TEAM) -> Builder:
    builder = Builder(data_dir=data, config=config)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    return Builder(data_dir=data, config=config)


def rows_of(builder: Builder) -> dict[str, dict[str, Any]]:
    dataset = builder.as_dataset(split="train", decoders={"image": tfds.decode.SkipDecoding()})
    return {row["picture"].decode(): row for row in tfds.as_numpy(dataset)}


def folder_with(manual: Path, labels: str | bytes, name: str = "labels.csv") -> Path:
    """A copy of the team's folder with another labels file."""
    folder = manual / "team"
    shutil.copytree(DUMMY / "team", folder)
    (folder / "labels.csv").unlink()
    (folder / name).write_bytes(labels.encode() if isinstance(labels, str) else labels)
    return folder


def refusal(manual: Path, data: Path, config: LabelledFolderConfig = TEAM) -> str:
    with pytest.raises(VisageError) as caught:
        prepare(manual, data, config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_contradictory_rows_of_one_image_are_all_skipped(tmp_path: Path) -> None:
    folder_with(tmp_path / "manual", "image,age\nbo.jpg,30\ncy.jpg,40\n./bo.jpg,31\nbo.jpg,30\ncy.jpg,40\n")
    metadata = prepare(tmp_path / "manual", tmp_path / "data").info.metadata
    unlisted = {"picture_unlisted": 3}
    assert metadata == {"rows": 8, "yielded": 1, "skipped": {"conflicting_row": 3, "duplicate_row": 1, **unlisted}}


def test_every_row_is_a_record_or_a_counted_skip(tmp_path: Path) -> None:
    assert prepare(DUMMY, tmp_path).info.metadata == {
        "rows": 12,
        "yielded": 4,
        "skipped": {
            "duplicate_row": 1,
            "picture_missing": 1,
            "picture_empty": 1,
            "picture_outside_folder": 1,
            "row_unreadable": 3,
            "label_out_of_range": 1,
        },
    }


def test_images_are_untouched_and_labels_are_read(tmp_path: Path) -> None:
    builder = prepare(DUMMY, tmp_path)
    gender, race = builder.info.features["gender"], builder.info.features["race"]
    rows = rows_of(builder)
    for path, row in rows.items():
        assert row["image"] == (DUMMY / "team" / path).read_bytes()
    first = rows["ada/1.jpg"]
    assert (first["age_low"], first["identity"], first["fold"]) == (31.5, b"ada", 0)
    assert (first["apparent_age_mean"], first["apparent_age_std"]) == (29.5, 3.25)
    assert [gender.int2str(rows[path]["gender"]) for path in rows] == [
        {"ada/1.jpg": "female", "ada/2.png": "female", "bo.jpg": "male", "cy.jpg": "unknown"}[path] for path in rows
    ]
    assert race.int2str(rows["ada/2.png"]["race"]) == "white"


def test_what_is_blank_is_unknown(tmp_path: Path) -> None:
    builder = prepare(DUMMY, tmp_path)
    row = rows_of(builder)["cy.jpg"]
    assert [str(row[name]) for name in ("age_low", "age_high", "apparent_age_mean", "apparent_age_std")] == ["nan"] * 4
    assert (row["identity"], row["fold"]) == (b"", -1)
    assert builder.info.features["race"].int2str(row["race"]) == "unknown"


def test_a_person_named_nan_is_unknown(tmp_path: Path) -> None:
    folder_with(tmp_path / "manual", "image,identity\nbo.jpg,nan\ncy.jpg,None\nada/1.jpg,ada\n")
    rows = rows_of(prepare(tmp_path / "manual", tmp_path / "data"))
    assert {path: row["identity"] for path, row in rows.items()} == {
        "bo.jpg": b"", "cy.jpg": b"", "ada/1.jpg": b"ada",
    }  # fmt: skip


def test_fairfaces_labels_as_they_are_published_and_as_a_spreadsheet_leaves_them(tmp_path: Path) -> None:
    labels = (
        "file,age,gender,race,service_test\nbo.jpg,9-Mar,Male,East Asian,True\ncy.jpg,more than 70,Female,Black,False\n"
    )
    folder_with(tmp_path / "manual", labels)
    config = LabelledFolderConfig(name="team", columns={"image": "file"})
    rows = rows_of(prepare(tmp_path / "manual", tmp_path / "data", config))
    assert {path: (row["age_low"], row["age_high"]) for path, row in rows.items()} == {
        "bo.jpg": (3, 9),
        "cy.jpg": (70, 120),
    }


def test_chalearn_lap_as_it_is_published(tmp_path: Path) -> None:
    builder = prepare(DUMMY, tmp_path, CHALEARN_LAP)
    rows = rows_of(builder)
    assert builder.info.metadata == {"rows": 3, "yielded": 3, "skipped": {}}
    assert rows["image_1.jpg"]["apparent_age_mean"] == pytest.approx(61.0526)
    assert rows["image_1.jpg"]["apparent_age_std"] == pytest.approx(5.36)
    assert str(rows["image_1.jpg"]["age_low"]) == "nan"


def test_appa_real_as_it_is_published(tmp_path: Path) -> None:
    builder = prepare(DUMMY, tmp_path, APPA_REAL)
    rows = rows_of(builder)
    assert builder.info.metadata == {"rows": 4, "yielded": 2, "skipped": {"picture_unlisted": 2}}
    assert (rows["000001.jpg"]["age_low"], rows["000001.jpg"]["age_high"]) == (18, 18)
    assert rows["000001.jpg"]["apparent_age_mean"] == pytest.approx(23.615, abs=0.001)
    assert rows["000001.jpg"]["apparent_age_std"] == pytest.approx(4.03)


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    folder_with(tmp_path / "manual", "", "unused.csv")
    table = pyarrow.table(
        {
            "image": ["ada/1.jpg", "bo.jpg", "cy.jpg"],
            "age": [31.5, None, float("nan")],
            "gender": pyarrow.array(["Female", None, "m"]).dictionary_encode(),
            "identity": [7, 8, None],
            # What pandas makes of whole numbers with a gap.
            "fold": [4.0, float("nan"), 0.0],
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "manual/team/labels.parquet")
    rows = rows_of(prepare(tmp_path / "manual", tmp_path / "data"))
    assert [rows[path]["fold"] for path in ("ada/1.jpg", "bo.jpg", "cy.jpg")] == [4, -1, 0]
    assert [rows[path]["identity"] for path in ("ada/1.jpg", "bo.jpg", "cy.jpg")] == [b"7", b"8", b""]
    assert [str(rows[path]["age_low"]) for path in ("ada/1.jpg", "bo.jpg", "cy.jpg")] == ["31.5", "nan", "nan"]


def test_a_spreadsheets_semicolons_and_byte_order_mark(tmp_path: Path) -> None:
    folder_with(tmp_path / "manual", b"\xef\xbb\xbfimage;age\r\nbo.jpg;30\r\n\r\n")
    builder = prepare(tmp_path / "manual", tmp_path / "data", LabelledFolderConfig(name="team", separator=";"))
    assert builder.info.metadata == {"rows": 5, "yielded": 1, "skipped": {"picture_unlisted": 4}}


def test_a_link_out_of_the_folder_is_counted_and_one_within_it_is_followed(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "manual", "image\nin.jpg\nout.jpg\nlinked/secret.jpg\n/etc/passwd\nloop.jpg\n")
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.copy(folder / "bo.jpg", outside / "secret.jpg")
    (folder / "in.jpg").symlink_to("bo.jpg")
    (folder / "out.jpg").symlink_to(outside / "secret.jpg")
    (folder / "linked").symlink_to(outside)
    (folder / "loop.jpg").symlink_to("loop.jpg")
    builder = prepare(tmp_path / "manual", tmp_path / "data")
    assert builder.info.metadata["skipped"] == {
        "picture_outside_folder": 3 + len(["linked"]),
        "picture_missing": 1,
        "picture_unlisted": 4,
    }
    assert list(rows_of(builder)) == ["in.jpg"]


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual/team").symlink_to(DUMMY / "team")
    assert prepare(tmp_path / "manual", tmp_path / "data").info.metadata["yielded"] == 4


def test_an_image_that_vanishes_does_not_stop_the_others(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "manual", "image\nbo.jpg\ncy.jpg\n")
    with progress.listening(lambda step, done, total, note: (folder / "bo.jpg").unlink(missing_ok=True)):
        builder = prepare(tmp_path / "manual", tmp_path / "data")
    assert builder.info.metadata["skipped"] == {"picture_unreadable": 1, "picture_unlisted": 3}


def test_a_folder_without_a_readable_image_is_an_error_of_one_line(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "manual", "image\nbo.jpg\n")
    with progress.listening(lambda step, done, total, note: (folder / "bo.jpg").unlink(missing_ok=True)):
        message = refusal(tmp_path / "manual", tmp_path / "data")
    assert "picture_unreadable" not in message
    assert "e.g. labels.csv, row 1: bo.jpg: No such file or directory" in message


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("", ["labels.csv has no column 'image'", "data.labelled_folders.team.columns.image", "it is empty"]),
        ("file,age\nbo.jpg,3\n", ["has no column 'image'", "it has file, age"]),
        (
            "image;age\nbo.jpg;3\n",
            ["the header 'image;age' is not separated by \",\"", 'set data.labelled_folders.team.separator: ";"'],
        ),
        ("Image,age\nbo.jpg,3\n", ["column 'Image' (did you mean image?) would not be read: rename it"]),
        ("image,age,age\nbo.jpg,3,4\n", ["has the column 'age' twice: rename one"]),
        ('image,age\n"bo.jpg,3\n', ["labels.csv, line 2: unexpected end of data", "fix its quotes"]),
        (
            b"image,age\n\xff\xfe.jpg,3\n",
            ["labels.csv is not UTF-8 text (line 2, byte 0xff): save it as CSV in UTF-8"],
        ),
        ("image\n", ["labels.csv: none of its 0 rows has labels and a readable image"]),
        ("image\nno.jpg\n", ["none of its 1 rows", "e.g. labels.csv, row 1: no.jpg: the folder has no such image"]),
        (f"image\n{'x' * 5000}\n", ["e.g. labels.csv, row 1: xxxxx", "x: the folder has no such image"]),
        ("image,gender\nbo.jpg,woman\n", ["none of its 1 rows", "gender 'woman' is none of female, f, male, m"]),
    ],
)
def test_a_labels_file_without_use_is_an_error_of_one_line(
    tmp_path: Path, labels: str | bytes, words: list[str]
) -> None:
    folder_with(tmp_path / "manual", labels)
    message = refusal(tmp_path / "manual", tmp_path / "data")
    assert len(message) < 700
    assert message.startswith(str(tmp_path / "manual/team/labels.csv"))
    for word in words:
        assert word in message


def test_a_mapped_column_that_is_not_there_is_an_error_of_one_line(tmp_path: Path) -> None:
    folder_with(tmp_path / "manual", "image,years\nbo.jpg,3\n")
    config = LabelledFolderConfig(name="team", columns={"age": "year"})
    message = refusal(tmp_path / "manual", tmp_path / "data", config)
    assert "labels.csv has no column 'year', which data.labelled_folders.team.columns.age names" in message
    assert message.endswith("it has image, years")


def test_a_mapped_column_is_not_also_read_as_itself(tmp_path: Path) -> None:
    folder_with(tmp_path / "manual", "image,age\nbo.jpg,30\n")
    config = LabelledFolderConfig(name="team", columns={"apparent_age_mean": "age"})
    row = rows_of(prepare(tmp_path / "manual", tmp_path / "data", config))["bo.jpg"]
    assert (row["apparent_age_mean"], str(row["age_low"])) == (30, "nan")


@pytest.mark.parametrize("cut", [0, 100, -5])
def test_an_invalid_parquet_is_an_error_of_one_line(tmp_path: Path, cut: int) -> None:
    table = pyarrow.table({"image": ["bo.jpg"], "age": [3]})
    pyarrow.parquet.write_table(table, tmp_path / "whole.parquet")
    folder_with(tmp_path / "manual", (tmp_path / "whole.parquet").read_bytes()[:cut], "labels.parquet")
    assert "labels.parquet: truncated or not a Parquet file" in refusal(tmp_path / "manual", tmp_path / "data")


def test_a_missing_folder_or_labels_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    manual = tmp_path / "manual"
    assert "put team/ with its labels file and images into it" in refusal(manual, tmp_path / "data")
    (manual / "other").mkdir(parents=True)
    assert f"no folder team/ in {manual}" in refusal(manual, tmp_path / "data")
    (manual / "Team").mkdir()
    assert f"no folder team/ in {manual}: it holds Team, did you mean that? Rename it; " in refusal(
        manual, tmp_path / "data"
    )
    (manual / "Team").rename(manual / "team")
    message = refusal(manual, tmp_path / "data")
    assert f"no labels.csv or labels.parquet in {manual}/team" in message
    assert "data.labelled_folders.team.labels" in message
    config = LabelledFolderConfig(name="team", labels="gt.csv")
    assert f"no gt.csv in {manual}/team" in refusal(manual, tmp_path / "data", config)


def test_two_labels_files_are_an_error(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "manual", "image\nbo.jpg\n")
    (folder / "labels.parquet").touch()
    assert "holds labels.csv and labels.parquet: name one of them in" in refusal(tmp_path / "manual", tmp_path / "data")


if __name__ == "__main__":
    tfds.testing.test_main()
