"""The page of a comparison in a real browser: whole at every width, readable in light and dark, loading nothing."""

from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from tests.helpers.chromium import Chromium
from tests.visage.monitoring.drawn_counts import drawn_counts
from visage.monitoring.collected import Collected, Period
from visage.monitoring.page import render
from visage.monitoring.report import Report
from visage.monitoring.settings import MonitorSettings
from visage.saved_model.identity import identify
from visage.saved_model.metadata import ModelMetadata

pytestmark = pytest.mark.one_stack

TODAY = date(2026, 11, 29)


def report(faces: int = 500, refused: int = 30) -> Report:
    counts = drawn_counts(faces, older=15, refused=refused)
    for side in range(20):
        counts.texts["crop_size"].add(f"{side}x{side * 100}", 5)
    collected = Collected(counts, {TODAY: (faces, faces + refused)}, 2, 3, ["x<b>.tfrecord: it is damaged"], 1, ["8"])
    return Report(
        identity=identify(ModelMetadata(network="compact"), "visage", 7),
        name="visage",
        version="7",
        period=Period.until(TODAY, 7),
        collected=collected,
        baseline=drawn_counts(1000, seed=9),
        baseline_text="the model's own predictions for its test split (1,000 faces)",
        settings=MonitorSettings(),
        made_at=datetime(2026, 11, 29, 12, tzinfo=timezone.utc),
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("page") / "monitor.html"
    file.write_text(render(report()), encoding="utf-8")
    return Path(file).as_uri()


def test_nothing_is_loaded_and_names_are_escaped(browser: Chromium, page: str) -> None:
    browser.show(page, 900)
    assert browser.run("performance.getEntriesByType('resource').map(entry => entry.name)") == []
    assert browser.run("document.querySelectorAll('script, link, img, iframe, .notes b').length") == 0
    assert "✗ Drift: predicted age; predicted age group" in browser.run("document.querySelector('.verdict').innerText")
    assert browser.run("document.querySelectorAll('.days li').length") == 7


@pytest.mark.parametrize("width", [375, 900, 1600])
def test_the_page_fits_its_window(browser: Chromium, page: str, width: int) -> None:
    browser.show(page, width)
    assert browser.run("document.documentElement.scrollWidth") <= width
    beyond = """[...document.querySelectorAll('svg text')].filter(text => {
        const box = text.getBoundingClientRect(), section = text.closest('section').getBoundingClientRect();
        return box.left < section.left || box.right > section.right;
    }).map(text => text.textContent)"""
    assert browser.run(beyond) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(browser: Chromium, page: str, scheme: str) -> None:
    browser.show(page, 900, scheme)
    assert browser.low_contrasts() == []


def test_a_page_without_any_request_is_rendered() -> None:
    empty = report(0, refused=0)
    assert "Not enough requests" in render(empty)
    assert empty.verdict == "not enough"
