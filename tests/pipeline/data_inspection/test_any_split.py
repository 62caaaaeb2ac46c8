"""Any cleaned data has a page, also with few, equal or no records in a split."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipeline.data_inspection.ages import Ages, ages_line, coverage
from pipeline.data_inspection.collect import collect
from pipeline.data_inspection.render import figures, render
from tests.helpers.page_text import Page
from tests.pipeline.data_inspection.cleaned_data import SPLITS, Face, write_cleaned
from visage.data.age_labels import AgeInterval
from visage.data.labels import GENDERS, RACES, UNKNOWN
from visage.data.records import FaceRecord

RULES = ("no_face", "picture_undecodable")


@st.composite
def cleaned(draw: st.DrawFn) -> list[Face]:
    """Up to eight records; in half of the cases all of them have the same fate, age or gender."""
    fates = st.sampled_from([*SPLITS, *RULES])
    ages = st.sampled_from([0, 1, 30, 99, 100, 116])
    genders = st.sampled_from([*GENDERS, UNKNOWN])
    face = st.builds(
        Face,
        fate=st.just(draw(fates)) if draw(st.booleans()) else fates,
        age=st.just(draw(ages)) if draw(st.booleans()) else ages,
        gender=st.just(draw(genders)) if draw(st.booleans()) else genders,
        race=st.sampled_from([*RACES, UNKNOWN]),
    )
    return draw(st.lists(face, max_size=8))


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(cleaned(), st.sampled_from([{}, {"picture_missing": 1}]))
def test_the_page_has_every_count_and_no_none_or_nan(
    tmp_path_factory: pytest.TempPathFactory, faces: list[Face], skipped: dict[str, int]
) -> None:
    data = write_cleaned(tmp_path_factory.mktemp("cleaned"), faces, skipped)
    found = collect(data, title="faces", terms={}, made_at="2026-11-28T12:00:00+00:00")
    json.dumps(figures(found), allow_nan=False)
    html = render(found)
    page = Page(html)

    assert page.words_for_no_figure() == []
    fates = [face.fate for face in faces]
    counts = {step: int(count) for step, count in re.findall(r'data-step="(\w+)">.*?data-count="(\d+)"', html, re.S)}
    for split in SPLITS:
        assert counts[split] == fates.count(split)
        assert f"{split} : {fates.count(split)} records" in str(page)
    for rule in RULES:
        assert counts.get(rule, 0) == fates.count(rule)
    failures = dict(re.findall(r'data-failures="([^"]+)">(.*?)</tr>', html))
    for gender in (*GENDERS, UNKNOWN):
        of_gender = [face.fate in RULES for face in faces if face.gender == gender]
        numbers = [str(len(of_gender)), str(sum(of_gender))]
        shown = re.findall(r">(\d+)</td>", failures.get(f"gender {gender}", ""))
        assert shown == (numbers if of_gender else [])
    kept = [face for face in faces if face.fate in SPLITS]
    assert sum(entry["unknown"] + sum(entry["by_year"]) for entry in found["ages"]) == len(kept)
    for width, height in re.findall(r'<rect [^>]*width="([^"]+)" height="([^"]+)"', html):
        assert float(width) > 0
        assert float(height) > 0


def test_labels_that_are_no_exact_age_are_counted_apart() -> None:
    ages = Ages()
    for label in (None, AgeInterval(20.0, 29.0), AgeInterval(60.0, 120.0), AgeInterval.exact(31.5)):
        ages.add("team", "train", FaceRecord(b"", "key", label, "female", "ada", "team"))
    table = ages.table(["team"], ["train"])
    assert coverage(table) == {"records": 4, "exact": 1, "interval": 2, "unknown": 1}
    assert table[0]["by_group"] == [0, 0, 0, 0, 1, 0, 0, 1]
    assert list(table[0]["by_interval"].items()) == [("20-29", 1), ("60-120", 1)]
    assert ages_line(table) == "1 of 4 records have an exact age, 2 an age group alone"


def test_data_without_any_age_have_a_page(tmp_path: Path) -> None:
    found = collect(write_cleaned(tmp_path, [Face("val")]), title="faces", terms={}, made_at="now")
    found["ages"] = [
        {
            "source": "utkface",
            "split": "val",
            "gender": UNKNOWN,
            "by_year": [0] * 121,
            "interval": 2,
            "by_interval": {"20-29": 2},
            "unknown": 1,
            "by_group": [0] * 8,
        }
    ]
    found["age_summaries"] = []
    html = render(found)
    assert "No face that was kept has an age in years." in str(Page(html))
    rows = dict(re.findall(r"<tr><td>([^<]+)</td>(.*?)</tr>", html.partition('id="age-groups"')[2], re.DOTALL))
    assert [[int(n) for n in re.findall(r">(\d+)</td>", rows[name])] for name in ("several", "unknown")] == [
        [0, 2, 0],
        [0, 1, 0],
    ]
    assert "20-29" in html.partition('id="age-intervals"')[2]
