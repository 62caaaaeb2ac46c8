"""Every record is written to one split or dropped, once; anything else is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from visage.data.accounting import Report, account, check_nothing_empty
from visage.data.age_labels import AgeInterval
from visage.data.prepared_dataset import PreparedDataset
from visage.data.records import FaceRecord
from visage.data.settings import SplitSettings
from visage.errors import VisageError

UTKFACE = PreparedDataset(
    "utkface", ("prepared/utkface.tfrecord",), records=5, archive_rows=7, skipped={"picture_empty": 2}
)
WIKI = PreparedDataset("imdb_wiki/wiki", ("wiki.tfrecord",), records=2, archive_rows=2, skipped={})


def record(key: str, identity: str | None = None, image_digest: str | None = None) -> FaceRecord:
    person = identity or f"utkface/{key}"
    return FaceRecord(
        b"jpeg", key, AgeInterval.exact(30.0), "male", person, "utkface", image_digest=image_digest or key
    )


# Five images of UTKFace, of which one was dropped, and two of Wikipedia.
WRITTEN = {
    "train": [record("utkface/1"), record("utkface/2"), record("imdb_wiki/wiki/a#0")],
    "val": [record("utkface/3")],
    "test": [record("utkface/4"), record("imdb_wiki/wiki/b#1")],
}
DROPS = [{"key": "utkface/5", "rule": "no_face"}]


def accounted(
    changed: Mapping[str, Sequence[FaceRecord]] | None = None,
    drops: Sequence[Mapping[str, Any]] = DROPS,
    sources: Sequence[PreparedDataset] = (UTKFACE, WIKI),
) -> Report:
    written = {**WRITTEN, **(changed or {})}
    return account(sources, ((split, record) for split, records in written.items() for record in records), drops)


def complaint(changed: Mapping[str, Sequence[FaceRecord]], drops: Sequence[Mapping[str, Any]] = DROPS) -> str:
    with pytest.raises(VisageError) as error:
        accounted(changed, drops)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_rows_that_the_builder_cannot_account_for_are_missed() -> None:
    short = PreparedDataset("utkface", (), records=5, archive_rows=8, skipped={"picture_empty": 2})
    with pytest.raises(VisageError, match="of 8 rows, 2 were skipped and 5 read"):
        accounted(sources=[short, WIKI])


def test_a_record_written_twice_is_noticed_even_where_the_sum_is_right() -> None:
    train = [record("utkface/1"), record("utkface/3"), record("imdb_wiki/wiki/a#0")]
    assert complaint({"train": train}) == "1 records were written more than once; nothing is published: run again"


def test_a_record_both_written_and_dropped_is_noticed() -> None:
    assert "1 records were written more than once" in complaint({}, [{"key": "utkface/4", "rule": "no_face"}])


def test_a_record_of_an_unknown_source_is_noticed() -> None:
    written = complaint({"val": [record("lfw/3")]})
    assert "lfw/3 was written, which belongs to none of utkface, imdb_wiki/wiki" in written


def test_an_empty_split_names_the_drops_and_the_fix() -> None:
    drops = [{"key": "utkface/3", "rule": "no_face"}, {"key": "utkface/5", "rule": "second_face"}]
    with pytest.raises(VisageError) as error:
        check_nothing_empty(accounted({"val": []}, drops), SplitSettings())
    assert str(error.value) == (
        "no face is left for val of 7 records read (drops: no_face 1, second_face 1); "
        "loosen `cleaning`, change `split`, or give more data; `visage data inspect SOURCE` shows what was dropped"
    )


@pytest.mark.parametrize(
    ("by_split", "complaint"),
    [
        (
            {"train": 0, "val": 0, "test": 9},
            "split.fold: 2 holds all 9 faces, so none is left to train on; give",
        ),
        ({"train": 8, "val": 1, "test": 0}, "split.fold: 2, the tested fold, holds no face; name"),
        ({"train": 8, "val": 0, "test": 1}, "no face is left for val of 9 records read"),
        ({"train": 0, "val": 0, "test": 0}, "no face is left for train, val, test of 9 records read"),
    ],
)
def test_empty_folds_are_not_attributed_to_cleaning(by_split: dict[str, int], complaint: str) -> None:
    total = {"by_split": by_split, "records_out": sum(by_split.values()), "records_in": 9, "dropped": {}}
    with pytest.raises(VisageError) as error:
        check_nothing_empty({"total": total}, SplitSettings(method="folds", folds="published", fold=2))
    assert str(error.value).startswith(complaint)
    assert ("cleaning" in str(error.value)) == complaint.startswith("no face is left")


def test_a_person_in_two_splits_is_noticed() -> None:
    both = {"val": [record("utkface/3", identity="utkface/utkface/4")]}
    assert complaint(both).startswith("1 persons are in more than one split; nothing is published")


def test_an_image_in_two_splits_is_refused() -> None:
    both = {"val": [record("utkface/3", image_digest="utkface/4")]}
    assert complaint(both).startswith("1 images are in more than one split; nothing is published")


def test_counts_of_byte_identical_images_are_summed() -> None:
    kept = {"train": [record("utkface/1"), record("imdb_wiki/wiki/a#0")], "test": [record("imdb_wiki/wiki/b#1")]}
    drops = [
        {"key": "utkface/2", "rule": "duplicate_picture", "picture_digest": "one", "disagree": ["race"]},
        {"key": "utkface/4", "rule": "conflicting_labels", "picture_digest": "two", "disagree": ["age", "race"]},
        {"key": "utkface/5", "rule": "conflicting_labels", "picture_digest": "two", "disagree": ["age", "race"]},
    ]
    # The copy of image one that stayed is the fourth of them.
    assert accounted(kept, drops)["duplicates"] == {
        "groups": 2,
        "pictures": 4,
        "disagree": {"age": 1, "gender": 0, "race": 2},
    }


def test_the_spans_of_a_source_are_counted_together_and_checked_apart() -> None:
    early = replace(UTKFACE, records=2, archive_rows=4, span="9")
    late = replace(UTKFACE, records=3, archive_rows=3, skipped={}, span="10")
    written = {
        "train": [record("utkface/9/1"), record("utkface/10/1", "utkface/a", "a")],
        "val": [record("utkface/9/2")],
        "test": [record("utkface/10/3")],
    }
    drops = [{"key": "utkface/10/4", "rule": "no_face"}]
    report = accounted(written, drops, [early, late])
    assert list(report["sources"]) == ["utkface"]
    assert report["sources"]["utkface"] == report["total"]
    assert (report["total"]["archive_rows"], report["total"]["records_out"]) == (7, 4)
    # One record too many of one span, one too few of the other.
    with pytest.raises(VisageError, match=r"^utkface/9: of 4 rows, 2 were skipped and 1 read, "):
        accounted(written, drops, [replace(early, records=1), replace(late, records=4)])
