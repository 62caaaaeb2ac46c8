"""The page of a card in a real browser: whole at every width, readable in light, dark and print, loading nothing."""

import base64
from pathlib import Path

import pytest

from tests.helpers.chromium import Chromium
from tests.visage.model_card.some_cards import card_of, drawn_evaluation
from visage.html.thumbnail import SIDE
from visage.model_card.render import render

WIDTHS = (375, 900, 1600)
# One grey pixel.
IMAGE = (
    "data:image/gif;base64,"
    + base64.b64encode(
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x80\x80\x80\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
    ).decode()
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    faces = {face.key: IMAGE for face in drawn_evaluation().breakdown.faces}
    file = tmp_path_factory.mktemp("page") / "model_card.html"
    file.write_text(render(card_of(drawn_evaluation()), faces), encoding="utf-8")
    return Path(file).as_uri()


def open_all(browser: Chromium) -> None:
    browser.run("document.querySelectorAll('details').forEach(details => details.open = true)")


def test_nothing_is_loaded_from_elsewhere(browser: Chromium, page: str) -> None:
    browser.show(page, 900)
    assert browser.run("performance.getEntriesByType('resource').map(entry => entry.name)") == []
    assert browser.run("document.querySelectorAll('script, link, iframe, object').length") == 0
    images = (
        "[...document.images].map(image => [image.complete && image.naturalWidth > 0, image.width, image.alt !== ''])"
    )
    shown = browser.run(images)
    assert len(shown) == len(drawn_evaluation().breakdown.faces)
    assert all(image == [True, SIDE, True] for image in shown)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_its_window(browser: Chromium, page: str, width: int) -> None:
    browser.show(page, width)
    open_all(browser)
    assert browser.run("document.documentElement.scrollWidth") <= width
    # Charts, with the texts around them, stay in their sections.
    beyond = """[...document.querySelectorAll('svg text')].filter(text => {
        const box = text.getBoundingClientRect(), section = text.closest('section').getBoundingClientRect();
        return box.left < section.left || box.right > section.right;
    }).map(text => text.textContent)"""
    assert browser.run(beyond) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_table_hides_a_column(browser: Chromium, page: str, width: int) -> None:
    browser.show(page, width)
    open_all(browser)
    hidden = """[...document.querySelectorAll('.scroll')].filter(box => box.scrollWidth > box.clientWidth + 1)
        .map(box => box.closest('section').id)"""
    assert browser.run(hidden) == []


@pytest.mark.parametrize("width", [375, 1600])
def test_the_ticks_of_an_axis_do_not_touch(browser: Chromium, page: str, width: int) -> None:
    browser.show(page, width)
    open_all(browser)
    touching = """[...document.querySelectorAll('.scale svg, svg.plot')].flatMap(chart => {
        const ticks = [...chart.querySelectorAll('text:not([class]):not([y="-7"])')]
            .map(text => text.getBoundingClientRect());
        return ticks.slice(1).filter((box, place) => box.left < ticks[place].right && box.left > ticks[place].left)
            .map(() => chart.closest('section').id);
    })"""
    assert browser.run(touching) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(browser: Chromium, page: str, scheme: str) -> None:
    browser.show(page, 900, scheme)
    open_all(browser)
    assert (
        browser.run("getComputedStyle(document.body).backgroundColor")
        == {
            "light": "rgb(247, 246, 243)",
            "dark": "rgb(20, 22, 26)",
        }[scheme]
    )
    assert browser.low_contrasts() == []


def test_the_page_prints_light_and_whole(browser: Chromium, page: str) -> None:
    browser.show(page, 900, "dark")
    browser.send("Emulation.setEmulatedMedia", media="print", features=[])
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    pdf = base64.b64decode(browser.send("Page.printToPDF", printBackground=True)["data"])
    assert pdf.startswith(b"%PDF")
    browser.send("Emulation.setEmulatedMedia", media="", features=[])


def test_links_of_the_contents_lead_to_sections(browser: Chromium, page: str) -> None:
    browser.show(page, 900)
    missing = "[...document.querySelectorAll('nav a')].filter(link => !document.querySelector(link.hash)).length"
    assert browser.run(missing) == 0
    assert browser.run("document.querySelectorAll('nav a').length") == browser.run(
        "document.querySelectorAll('section').length"
    )
