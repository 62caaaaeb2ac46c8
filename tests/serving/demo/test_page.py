"""The demo page in a real browser: with a mouse, a keyboard, a small window, a dark one, and with bad photos."""

import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.chromium import Chromium
from tests.helpers.limits import wait_until
from tests.serving.conftest import plain_jpeg
from tests.serving.demo.conftest import PROBLEMS, is_done, open_page, requests_of, run_demo, status_after

pytestmark = pytest.mark.one_stack

WIDTHS = (375, 1280)


@pytest.fixture
def page(browser: Chromium, demo_url: str) -> Iterator[Chromium]:
    """The page, just opened; ends with nothing that the browser complains about."""
    open_page(browser, demo_url)
    yield browser
    browser.run("0")
    assert [event for event in browser.events if event["method"] in PROBLEMS] == []


def press(browser: Chromium, key: str) -> None:
    codes = {"Tab": 9, "Enter": 13}
    for kind in ("keyDown", "keyUp"):
        text = {"text": "\r"} if (key, kind) == ("Enter", "keyDown") else {}
        browser.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key], **text)


def test_nothing_comes_from_outside(page: Chromium, demo_url: str, people: Path) -> None:
    status_after(page, people)
    requests = requests_of(page)
    assert f"{demo_url}/demo/predict?crops=1" in requests
    assert [url for url in requests if not url.startswith((demo_url, "data:"))] == []


def test_the_faces_of_a_photo_are_buttons_with_a_panel(page: Chromium, people: Path) -> None:
    status = status_after(page, people)
    assert status.startswith("6 faces. Face 1: about ")
    assert page.run("document.querySelectorAll('#boxes button').length") == 6
    labels = page.run("[...document.querySelectorAll('.box')].map(box => box.getAttribute('aria-label'))")
    assert labels[2].startswith("Face 3: about ")
    assert labels[2].endswith(("female", "male"))
    page.run("document.querySelectorAll('.box')[2].click()")
    assert page.run("document.getElementById('face-title').textContent") == "Face 3 of 6"
    panel = page.run("document.getElementById('panel').innerText")
    for part in ("80 % of the prediction lies between", "Gender, as the data sets label it", "female", "Most likely"):
        assert part in panel
    age = page.run("document.querySelector('.age').innerText")
    assert labels[2].split(",")[0].removeprefix("Face 3: ") == age.removesuffix(" years")
    assert page.run("document.querySelector('.who img').decode().then(() => 1)") == 1
    assert page.run("document.querySelector('.who img').naturalWidth") == 64
    assert page.run("document.querySelector('.curve').getAttribute('aria-label')").startswith("Age distribution: 80 %")


def test_boxes_lie_on_the_faces(page: Chromium, man: Path) -> None:
    status_after(page, man)
    box = page.run(
        """(() => { const box = document.querySelector('.box').getBoundingClientRect();
        const image = document.getElementById('canvas').getBoundingClientRect();
        return [(box.left - image.left) / image.width, (box.top - image.top) / image.height]; })()"""
    )
    # As `visage predict` reports them: 273 and 95 of 561 pixels.
    assert box == pytest.approx([0.487, 0.170], abs=0.01)


def test_all_of_it_works_by_keyboard(page: Chromium, people: Path) -> None:
    status_after(page, people)
    page.run("document.querySelector('.box').focus()")
    press(page, "Tab")
    assert page.run("document.activeElement.getAttribute('aria-label')").startswith("Face 2:")
    press(page, "Enter")
    assert page.run("document.activeElement.getAttribute('aria-pressed')") == "true"
    assert page.run("document.getElementById('status').textContent").startswith("Face 2: about ")
    for _ in range(20):
        press(page, "Tab")
        if page.run("document.activeElement.id") == "next":
            break
    press(page, "Enter")
    assert page.run("document.getElementById('face-title').textContent") == "Face 3 of 6"


def test_every_control_has_a_name(page: Chromium, people: Path) -> None:
    status_after(page, people)
    page.send("Accessibility.enable")
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    page.send("Accessibility.disable")
    controls = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if node.get("role", {}).get("value") in ("button", "img", "image", "group", "status", "DisclosureTriangle")
    ]
    roles = [role for role, _ in controls]
    assert roles.count("button") >= 6 + 4
    assert [role for role, name in controls if not name and role in ("button", "img", "image")] == []


def test_the_json_is_copied_without_the_crops(page: Chromium, demo_url: str, man: Path) -> None:
    page.send("Browser.grantPermissions", permissions=["clipboardReadWrite"], origin=demo_url)
    status_after(page, man)
    page.send("Page.bringToFront")
    page.run("document.getElementById('copy').click()")
    page.wait_for("document.getElementById('status').textContent.startsWith('The JSON is')")
    assert page.run("document.getElementById('status').textContent") == "The JSON is copied."
    document = json.loads(page.run("navigator.clipboard.readText()"))
    assert (document["width"], len(document["faces"])) == (561, 1)
    assert "crop" not in document["faces"][0]


def test_a_large_photo_is_scaled_down_before_it_is_sent(page: Chromium, tmp_path: Path, people: Path) -> None:
    photo = tmp_path / "large.jpg"
    Image.open(people).resize((6000, 3150)).save(photo, quality=80)
    assert status_after(page, photo).startswith("6 faces. ")
    assert "6000x3150 px, sent as 1280x672 px" in page.run("document.getElementById('timing').textContent")


def test_a_photo_that_lies_on_its_side_is_shown_upright(page: Chromium, tmp_path: Path, man: Path) -> None:
    photo = tmp_path / "side.jpg"
    lying = Image.open(man).crop((100, 0, 500, 561)).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    lying.save(photo, exif=exif, quality=95)
    assert lying.width > lying.height
    assert status_after(page, photo).startswith("1 face. ")
    assert page.run("[document.getElementById('canvas').width, document.getElementById('canvas').height]") == [400, 561]
    (left, top) = page.run("['left', 'top'].map(edge => parseFloat(document.querySelector('.box').style[edge]))")
    assert (left, top) == pytest.approx((100 * 173 / 400, 17.0), abs=1.5)


def heic(tmp_path: Path) -> Path:
    file = tmp_path / "photo.heic"
    file.write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(1000))
    return file


def truncated(tmp_path: Path) -> Path:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(file, "JPEG")
    (tmp_path / "truncated.jpg").write_bytes(file.getvalue()[:1500])
    return tmp_path / "truncated.jpg"


def no_image(tmp_path: Path) -> Path:
    (tmp_path / "large.jpg").write_bytes(bytes(16 * 2**20 + 1))
    return tmp_path / "large.jpg"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (truncated, "The image cannot be read: its image data is cut off."),
        (heic, "The image cannot be read: it is none of JPEG, PNG, WEBP, GIF, BMP."),
        (no_image, "The file is larger than 16 MiB, and this browser cannot read it as an image."),
    ],
)
def test_a_file_that_is_no_photo_gets_one_sentence(
    page: Chromium, tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    assert status_after(page, make(tmp_path)) == sentence
    assert page.run("document.getElementById('result').hidden")
    # The browser itself notes the HTTP error.
    page.events.clear()


def test_a_photo_of_nobody_is_shown_without_a_panel(page: Chromium, tmp_path: Path) -> None:
    (tmp_path / "blue.jpg").write_bytes(plain_jpeg(0, 0, 200))
    assert status_after(page, tmp_path / "blue.jpg") == "No face was found."
    assert page.run("[document.getElementById('result').hidden, document.getElementById('panel').hidden]") == [
        False,
        True,
    ]


def test_a_sample_is_one_click_away(page: Chromium) -> None:
    page.wait_for("document.querySelectorAll('#sample-list button').length === 5")
    page.run("document.querySelector('#sample-list button[title=\"group of four\"]').click()")
    page.wait_for(is_done())
    assert page.run("document.getElementById('status').textContent").startswith("4 faces. ")


@pytest.fixture(scope="module")
def url_with_key(tmp_path_factory: pytest.TempPathFactory, saved_model: Path) -> Iterator[str]:
    """The address of a page of a server that needs a key."""
    base_path = tmp_path_factory.mktemp("keyed") / "visage"
    shutil.copytree(saved_model, base_path / "3")
    with run_demo(base_path, api_keys=("a key with ä",)) as url:
        yield url


def enter_key(browser: Chromium, key: str) -> None:
    browser.run(f"document.getElementById('key').value = {key!r}")
    browser.run("document.getElementById('key').dispatchEvent(new Event('change'))")


def test_a_key_is_entered_on_the_page_and_not_kept(browser: Chromium, url_with_key: str, man: Path) -> None:
    browser.send("Log.enable")
    browser.show(url_with_key, 375)
    assert browser.run("document.activeElement.id") == "key"
    assert browser.run("document.getElementById('samples').hidden")
    browser.events.clear()
    enter_key(browser, "a key with ä")
    browser.wait_for("document.querySelectorAll('#sample-list button').length === 5")
    assert status_after(browser, man).startswith("1 face. ")
    browser.run("document.getElementById('status').textContent = ''")
    browser.run("document.querySelector('#sample-list button').click()")
    browser.wait_for(is_done())
    assert "1 face. " in browser.run("document.getElementById('status').textContent")
    assert "Version" in browser.run("document.getElementById('model').innerText")
    assert browser.run("document.documentElement.scrollWidth") <= 375
    assert browser.low_contrasts() == []
    assert [event for event in browser.events if event["method"] in PROBLEMS] == []
    assert browser.run("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    browser.show(url_with_key, 375)
    assert browser.run("document.getElementById('key').value") == ""


def test_a_missing_or_wrong_key_gets_one_sentence(browser: Chromium, url_with_key: str, man: Path) -> None:
    browser.show(url_with_key, 1280)
    assert status_after(browser, man) == "This server needs an API key; enter it above."
    enter_key(browser, "wrong")
    browser.run("document.getElementById('status').textContent = ''")
    assert status_after(browser, man) == "The server does not accept this API key; correct it above."
    assert browser.run("document.activeElement.id") == "key"
    assert browser.run("document.getElementById('result').hidden")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_and_is_readable(page: Chromium, demo_url: str, people: Path, width: int, scheme: str) -> None:
    open_page(page, demo_url, width, scheme)
    dark = page.run("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 26)"
    assert dark == (scheme == "dark")
    status_after(page, people)
    page.run("document.querySelector('details').open = true")
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.low_contrasts() == []
    small = """[...document.querySelectorAll('button')].filter(button => !button.hidden).map(button =>
        button.getBoundingClientRect()).filter(box => box.width < 24 || box.height < 24).length"""
    assert page.run(small) == 0


def test_a_model_of_age_groups_alone_has_bars(page: Chromium) -> None:
    face = {
        "box": [0, 0, 9, 9],
        "score": 0.9,
        "age": 7.75,
        "age_deviation": 2.75,
        "age_group": "4-6",
        "age_probabilities": [0, 0.5, 0.5, 0, 0, 0, 0, 0],
        "age_span": [4, 13],
        "gender": None,
        "crop": "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
    }
    describe = f"""import('/demo/parts/face_panel.js').then(({{describeFace}}) =>
        describeFace({json.dumps(face)}, 0, 1, JSON.parse(document.body.dataset.ageGroups)))"""
    page.run(describe)
    assert page.run("document.querySelectorAll('.curve rect').length") == 8
    assert page.run("document.querySelectorAll('.curve rect.span').length") == 2
    assert "Gender" not in page.run("document.getElementById('face').textContent")
    assert "4-6 years (50 %)" in page.run("document.getElementById('face').textContent")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            "NotAllowedError",
            "The camera was not allowed. Allow it for this page in the browser's address bar, then try ",
        ),
        ("NotFoundError", "This device has no camera that the browser can use."),
    ],
)
def test_a_camera_that_cannot_be_opened_gets_one_sentence(page: Chromium, error: str, sentence: str) -> None:
    page.run(
        f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '{error}')), "
        "document.getElementById('camera').click()"
    )
    page.wait_for("document.getElementById('status').className === 'bad'")
    assert page.run("document.getElementById('status').textContent").startswith(sentence)


def test_the_last_of_two_photos_wins(page: Chromium, people: Path, man: Path) -> None:
    page.choose_file("#file", people)
    page.choose_file("#file", man)
    wait_until(lambda: page.run(is_done()), "a result")
    assert page.run("document.getElementById('status').textContent").startswith("1 face. ")
