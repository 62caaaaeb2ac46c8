"""An inspection has every record, and odd data do not stop it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.data_inspection.collect import FACES_A_RULE, CleanedData, collect
from pipeline.data_inspection.groups import GROUPS_LISTED, IMAGES_SHOWN, MEMBERS_LISTED
from pipeline.data_inspection.render import figures, render
from tests.pipeline.data_inspection.cleaned_data import Face, write_cleaned
from visage.errors import VisageError


def inspect(data: CleanedData) -> dict[str, Any]:
    return collect(data, title="utkface", terms={}, made_at="2026-11-22T12:00:00+00:00")


def inspected(folder: Path, faces: Sequence[Face], **what: Any) -> dict[str, Any]:
    return inspect(write_cleaned(folder, faces, **what))


def test_the_flow_goes_down_step_by_step_in_the_order_of_the_rules(tmp_path: Path) -> None:
    faces = [Face("train"), Face("no_face"), Face("val"), Face("age_unknown", age=-1), Face("test"), Face("no_face")]
    flow = inspected(tmp_path, faces, skipped={"picture_empty": 2})["flow"]
    assert [(step["name"], step["kind"], step["count"], step["left"]) for step in flow] == [
        ("archive rows", "rows", 8, 8),
        ("picture_empty", "skipped", 2, 6),
        ("records read", "records", 6, 6),
        ("age_unknown", "dropped", 1, 5),
        ("no_face", "dropped", 2, 3),
        ("faces kept", "kept", 3, 3),
        ("train", "split", 1, 1),
        ("val", "split", 1, 1),
        ("test", "split", 1, 1),
    ]


def test_a_report_that_was_written_before_failures_were_counted_by_group_is_shown(tmp_path: Path) -> None:
    data = write_cleaned(tmp_path, [Face("train"), Face("no_face")])
    report = json.loads((data.report / "cleaning_report.json").read_text())
    assert report.pop("failures_to_process")["source"] == {"utkface": {"records": 2, "failed": 1}}
    assert "could not be processed" in render(inspect(data))
    (data.report / "cleaning_report.json").write_text(json.dumps(report))
    assert "could not be processed" not in render(inspect(data))


def test_ages_are_counted_by_split_and_gender(tmp_path: Path) -> None:
    faces = [Face("train", age=30), Face("train", age=31, gender="male"), Face("train", age=-1), Face("test", age=116)]
    ages = {(e["split"], e["gender"]): e for e in inspected(tmp_path, faces)["ages"]}
    assert set(ages) == {("train", "female"), ("train", "male"), ("test", "female")}
    assert ages["train", "female"]["by_year"][30] == 1
    assert ages["train", "female"]["unknown"] == 1
    assert ages["test", "female"]["by_year"][116] == 1
    assert sum(sum(e["by_year"]) + e["unknown"] for e in ages.values()) == len(faces)


def test_a_box_plot_is_summed_up_in_five_numbers(tmp_path: Path) -> None:
    ages = [10, 20, 20, 30, 30, 30, 40, 40, 50, 110]
    (box,) = inspected(tmp_path, [Face("train", age=age) for age in ages])["age_summaries"]
    assert (box["quarter"], box["median"], box["three_quarters"]) == (20, 30, 40)
    assert (box["whisker_low"], box["whisker_high"], box["outside"]) == (10, 50, [110])
    assert (box["lowest"], box["highest"], box["mean"]) == (10, 110, 38.0)


def test_dropped_images_are_shown_with_the_archives_labels(tmp_path: Path) -> None:
    (rule,) = inspected(tmp_path, [Face("train"), Face("no_face", age=47, gender="male", race="asian")])[
        "dropped_faces"
    ]
    assert (rule["rule"], rule["count"]) == ("no_face", 1)
    (face,) = rule["faces"]
    assert (face["key"], face["age"], face["gender"], face["race"]) == ("utkface/00001.jpg", 47, "male", "asian")
    assert face["picture"].startswith("data:image/jpeg;base64,")


def test_an_undecodable_image_is_replaced_by_its_reason(tmp_path: Path) -> None:
    (rule,) = inspected(tmp_path, [Face("picture_undecodable", damage=b"no picture")])["dropped_faces"]
    assert rule["faces"][0]["picture"] is None
    assert rule["faces"][0]["problem"].startswith("it is none of JPEG")


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("gone", "the prepared file is gone"),
        ("cut", "the prepared record cannot be read (cut short)"),
        ("changed", "the prepared record cannot be read (its checksum does not hold)"),
    ],
)
def test_a_missing_or_damaged_prepared_file_is_shown_as_the_reason(tmp_path: Path, damage: str, problem: str) -> None:
    data = write_cleaned(tmp_path, [Face("train"), Face("no_face")])
    (prepared,) = tmp_path.glob("utkface-train*")
    if damage == "gone":
        prepared.unlink()
    elif damage == "cut":
        prepared.write_bytes(prepared.read_bytes()[:-50])
    else:
        # One bit of the record that was dropped.
        whole = prepared.read_bytes()
        prepared.write_bytes(whole[:-50] + bytes([whole[-50] ^ 1]) + whole[-49:])
    found = inspect(data)
    assert found["dropped_faces"][0]["faces"] == [{"key": "utkface/00001.jpg", "picture": None, "problem": problem}]
    assert found["missing"][0]["dropped"] == 0
    assert "1 dropped record could not be read again" in render(found)


def test_a_replaced_prepared_file_is_detected(tmp_path: Path) -> None:
    data = write_cleaned(tmp_path / "one", [Face("no_face")])
    write_cleaned(tmp_path / "other", [Face("train"), Face("no_face")])
    drops = data.report / "dropped-00000-of-00001.jsonl"
    drop = json.loads(drops.read_text())
    other = (tmp_path / "other" / "report" / "dropped-00000-of-00001.jsonl").read_text()
    drops.write_text(json.dumps({**json.loads(other), "key": drop["key"]}) + "\n")
    assert inspect(data)["dropped_faces"][0]["faces"][0]["problem"] == "the prepared file has changed"


def test_a_group_of_copies_shows_the_fate_of_each(tmp_path: Path) -> None:
    agreeing = [Face("train", look=1), Face("duplicate_picture", look=1)]
    clash = {"disagree": ["age"]}
    conflicting = [
        Face("conflicting_labels", age=20, look=2, why=clash),
        Face("conflicting_labels", age=60, look=2, why=clash),
    ]
    found = inspected(tmp_path, [*agreeing, *conflicting, Face("test")])
    (group,) = found["duplicates"]["listed"]
    assert [(m["key"], m["split"], m["rule"]) for m in group["members"]] == [
        ("utkface/00000.jpg", "train", None),
        ("utkface/00001.jpg", None, "duplicate_picture"),
    ]
    (conflict,) = found["conflicts"]["listed"]
    assert conflict["disagree"] == ["age"]
    assert [m["age"] for m in conflict["members"]] == [20, 60]
    assert conflict["picture"].startswith("data:image/jpeg")
    assert (found["conflicts"]["groups"], found["duplicates"]["groups"]) == (1, 1)


def test_long_lists_are_cut_and_show_the_total(tmp_path: Path) -> None:
    count = GROUPS_LISTED + 5
    faces = [Face("duplicate_picture", look=look) for look in range(count)]
    found = inspected(tmp_path, faces)
    assert (found["duplicates"]["groups"], len(found["duplicates"]["listed"])) == (count, GROUPS_LISTED)
    assert sum(group["picture"] is not None for group in found["duplicates"]["listed"]) == IMAGES_SHOWN
    assert len(found["dropped_faces"][0]["faces"]) == FACES_A_RULE
    page = render(found)
    assert f"The first {GROUPS_LISTED} of {count} groups" in page
    assert page == render(inspect(write_cleaned(tmp_path / "again", faces))).replace(
        str(tmp_path / "again"), str(tmp_path)
    )


def test_an_image_of_many_records_lists_a_few_of_them(tmp_path: Path) -> None:
    copies = MEMBERS_LISTED + 10
    faces = [*[Face("duplicate_picture", look=1)] * copies, Face("test", look=1)]
    found = inspected(tmp_path / "first", faces)
    (group,) = found["duplicates"]["listed"]
    assert (group["records"], len(group["members"])) == (copies + 1, MEMBERS_LISTED + 1)
    # The kept one is always among them.
    assert group["members"][-1]["split"] == "test"
    assert group["members"] == inspected(tmp_path / "again", faces)["duplicates"]["listed"][0]["members"]
    assert f"{MEMBERS_LISTED + 1} of the {copies + 1} records with this image" in render(found)


def test_near_duplicates_are_shown_as_pairs(tmp_path: Path) -> None:
    first = inspect(write_cleaned(tmp_path / "first", [Face("no_face", look=7)]))
    assert first["near_duplicates"] == {"pictures": 0, "listed": []}
    line = json.loads((tmp_path / "first" / "report" / "dropped-00000-of-00001.jsonl").read_text())
    near_duplicate = {"near_duplicate": line["picture_digest"][:16]}
    faces = [Face("near_duplicate_in_other_split", age=31, look=8, why=near_duplicate), Face("test", age=33, look=7)]
    (pair,) = inspected(tmp_path / "both", faces)["near_duplicates"]["listed"]
    assert (pair["dropped"]["age"], pair["near_duplicate"]["age"], pair["near_duplicate"]["split"]) == (31, 33, "test")
    (lonely,) = inspected(tmp_path / "lonely", faces[:1])["near_duplicates"]["listed"]
    assert lonely["near_duplicate"] is None


def test_unknown_values_are_counted_among_the_kept_and_the_dropped(tmp_path: Path) -> None:
    faces = [Face("train", gender="unknown"), Face("train"), Face("age_unknown", age=-1)]
    (part,) = inspected(tmp_path, faces)["missing"]
    assert (part["kept"], part["dropped"]) == (2, 1)
    assert part["unknown"]["gender"] == {"kept": 1, "dropped": 0}
    assert part["unknown"]["age"] == {"kept": 0, "dropped": 1}
    assert part["unknown"]["fold"] == {"kept": 2, "dropped": 1}


def test_data_without_kept_or_dropped_records_has_a_page(tmp_path: Path) -> None:
    nothing_kept = render(inspected(tmp_path / "kept", [Face("no_face"), Face("no_face")]))
    assert "in train: a run would stop here" in nothing_kept
    assert "No face that was kept has an age in years." in nothing_kept
    assert "No rule dropped anything." in render(inspected(tmp_path / "dropped", [Face("train")]))
    assert "archive rows" in render(inspected(tmp_path / "empty", []))


def test_the_figures_are_json_without_images(tmp_path: Path) -> None:
    text = json.dumps(figures(inspected(tmp_path, [Face("train"), Face("no_face")])), allow_nan=False)
    assert "base64" not in text
    assert "utkface/00001.jpg" in text


@pytest.mark.parametrize(
    "name", ["report/cleaning_report.json", "examples/Split-train/data_tfrecord-00000-of-00001.gz"]
)
def test_damaged_data_is_an_error_of_one_line(tmp_path: Path, name: str) -> None:
    data = write_cleaned(tmp_path, [Face("train"), Face("no_face")])
    (tmp_path / name).write_bytes(b"damaged")
    with pytest.raises(VisageError, match=rf"^{tmp_path / name}: .*run the pipeline again$"):
        inspect(data)


def test_drops_of_an_older_version_are_errors_of_one_line(tmp_path: Path) -> None:
    data = write_cleaned(tmp_path, [Face("no_face")])
    (data.report / "dropped-00000-of-00001.jsonl").write_text('{"key": "utkface/1.jpg", "rule": "no_face"}\n')
    with pytest.raises(VisageError, match=r"dropped-00000-of-00001\.jsonl, line 1: not a drop as this version"):
        inspect(data)
