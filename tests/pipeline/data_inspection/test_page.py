"""The page in a real browser: complete, readable offline, with the numbers of the cleaning report."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components.face_example_gen.settings import DataSettings, FaceExampleGenSettings
from pipeline.data_inspection.clean import clean
from pipeline.data_inspection.collect import collect
from pipeline.data_inspection.render import render
from tests.helpers.chromium import Chromium
from tests.pipeline.data_inspection.cleaned_data import Face, write_cleaned
from visage.data.settings import CleaningSettings
from visage.evaluation.label_noise import KINDS, CopyLabels, LabelPair, label_noise
from visage.faces.settings import AlignmentSettings


@pytest.fixture(scope="module")
def inspection(portraits: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of drawn portraits in UTKFace's layout."""
    settings = FaceExampleGenSettings(
        data=DataSettings(dir=str(portraits), sources=["utkface"]),
        alignment=AlignmentSettings(detector="none", size=48),
        data_root=str(tmp_path_factory.mktemp("data")),
    )
    return collect(clean("utkface", settings), title="utkface", terms={}, made_at="2026-11-22T12:00:00+00:00")


@pytest.fixture(scope="module")
def page(inspection: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "data_inspection.html"
    file.write_text(render(inspection), encoding="utf-8")
    return file


def show(browser: Chromium, page: Path, width: int) -> None:
    browser.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
    browser.open(page.as_uri())


def test_nothing_is_loaded_from_elsewhere(browser: Chromium, page: Path) -> None:
    show(browser, page, 1200)
    assert browser.run("performance.getEntriesByType('resource').map(entry => entry.name)") == []
    assert browser.run("[...document.querySelectorAll('[src]')].every(item => item.src.startsWith('data:'))")
    assert browser.run("document.querySelectorAll('script, link, iframe, object').length") == 0


def test_its_numbers_are_those_of_the_cleaning_report(
    browser: Chromium, page: Path, inspection: dict[str, Any]
) -> None:
    show(browser, page, 1200)
    rows = "[...document.querySelectorAll('tr[data-step]')].map(row => [row.dataset.step, "
    shown = dict(browser.run(f"{rows} Number(row.querySelector('[data-count]').dataset.count)])"))
    total = inspection["cleaning_report"]["total"]
    assert shown.pop("archive rows") == total["archive_rows"]
    assert shown.pop("records read") == total["records_in"]
    assert shown.pop("faces kept") == total["records_out"]
    assert shown == {**total["skipped"], **total["dropped"], **total["by_split"]}
    drawn = "[...document.querySelectorAll('#ages .charts:not(.wide) rect title')].map(title => title.textContent)"
    in_bars = sum(int(text.rpartition(": ")[2]) for text in browser.run(drawn))
    assert in_bars == total["records_out"]
    cells = browser.run("[...document.querySelectorAll('#age-groups td.n')].map(cell => cell.textContent)")
    assert sum(int(text) for text in cells) == total["records_out"]


def test_every_thumbnail_is_an_image(browser: Chromium, page: Path, inspection: dict[str, Any]) -> None:
    show(browser, page, 1200)
    widths = browser.run("[...document.images].map(image => image.naturalWidth)")
    assert len(widths) > len(inspection["kept_faces"]["train"]) >= 10
    assert min(widths) > 0
    assert browser.run("document.querySelectorAll('#dropped .noface').length") == sum(
        face["picture"] is None for rule in inspection["dropped_faces"] for face in rule["faces"]
    )


def test_a_screenshot_shows_something(browser: Chromium, page: Path) -> None:
    show(browser, page, 1200)
    screenshot = Image.open(io.BytesIO(base64.b64decode(browser.send("Page.captureScreenshot")["data"])))
    assert screenshot.width >= 1100
    assert np.asarray(screenshot.convert("L")).std() > 10


@pytest.mark.parametrize("width", [390, 320])
def test_the_page_fits_a_phone(browser: Chromium, page: Path, width: int) -> None:
    show(browser, page, width)
    assert browser.run("document.documentElement.scrollWidth") <= width


def test_a_page_of_long_keys_and_no_faces_fits_a_phone(browser: Chromium, tmp_path: Path) -> None:
    data = write_cleaned(tmp_path, [Face("no_face"), Face("picture_undecodable", damage=b"x")])
    found = collect(data, title="a" * 60, terms={"utkface": "x" * 200}, made_at="now")
    for rule in found["dropped_faces"]:
        rule["faces"][0]["key"] = "utkface/" + "k" * 300
    (tmp_path / "page.html").write_text(render(found), encoding="utf-8")
    show(browser, tmp_path / "page.html", 390)
    assert browser.run("document.documentElement.scrollWidth") <= 390


def test_keys_and_terms_are_text_never_markup(tmp_path: Path) -> None:
    data = write_cleaned(tmp_path, [Face("no_face")])
    found = collect(data, title="<script>alert(1)</script>", terms={"utkface": "<b>"}, made_at="now")
    page = render(found)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_few_copies_are_counted_and_no_error_is_concluded_from_them(tmp_path: Path) -> None:
    found = collect(write_cleaned(tmp_path, [Face("no_face")]), title="few", terms={}, made_at="now")
    few, none = ([LabelPair("a", CopyLabels(30.0, "male"), CopyLabels(34.0, "male"))] * count for count in (3, 0))
    for pairs in (few, none):
        found["cleaning_report"]["label_noise"] = {"identical": label_noise(pairs), "near": label_noise([])}
        page = render(found)
        assert ("There are no copies." in page) == (not pairs)
        assert ("too few copies" in page) == ("4.00 years" in page) == bool(pairs)


def test_the_table_of_copies_has_the_names_of_their_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = collect(write_cleaned(tmp_path, [Face("no_face")]), title="few", terms={}, made_at="now")
    pairs = [LabelPair("a", CopyLabels(30.0, "male"), CopyLabels(34.0, "male"))]
    found["cleaning_report"]["label_noise"] = {"identical": label_noise(pairs), "near": label_noise([])}
    monkeypatch.setitem(KINDS, "identical", "equal files")
    assert '<tr data-noise="identical"><td>equal files</td>' in render(found)


def test_cleaned_data_is_kept(portraits: Path, tmp_path: Path) -> None:
    settings = FaceExampleGenSettings(
        data=DataSettings(dir=str(portraits), sources=["utkface"]),
        alignment=AlignmentSettings(detector="none", size=48),
        cleaning=CleaningSettings(min_age=119, max_age=120),
        data_root=str(tmp_path),
    )
    leftover = tmp_path / "inspections"
    first = clean("utkface", settings)
    written = {path: path.stat().st_mtime_ns for path in first.report.iterdir()}
    assert clean("utkface", settings) == first
    assert {path: path.stat().st_mtime_ns for path in first.report.iterdir()} == written
    assert not list(leftover.glob(".*.partial"))
    # Nobody is that old, so no record is left.
    found = collect(first, title="utkface", terms={}, made_at="now")
    assert found["cleaning_report"]["total"]["records_out"] == 0
    assert "a run would stop here" in render(found)
