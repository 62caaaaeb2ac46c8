"""Any image becomes upright 8-bit RGB pixels; other bytes are refused with the reason."""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from visage.faces.encode import encode
from visage.faces.image_io import MAX_BYTES, MAX_PIXELS, DecodeError, decode

RED, GREEN, BLUE, WHITE = (200, 20, 30), (20, 180, 40), (30, 40, 190), (255, 255, 255)


def quarters() -> np.ndarray:
    """Returns an image, red top left, green top right, blue bottom left, white bottom right: uint8 (40, 60, 3)."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:20, :30], pixels[:20, 30:], pixels[20:, :30], pixels[20:, 30:] = RED, GREEN, BLUE, WHITE
    return pixels


def saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def assert_close(pixels: np.ndarray, expected: np.ndarray, tolerance: int = 12) -> None:
    assert pixels.dtype == np.uint8
    assert pixels.shape == expected.shape
    # Pixels near the corners, since JPEG blurs the borders between the quarters.
    for y, x in ((4, 4), (4, -5), (-5, 4), (-5, -5)):
        assert np.abs(pixels[y, x].astype(int) - expected[y, x]).max() <= tolerance


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_the_usual_formats(file_format: str) -> None:
    options = {"quality": 95} if file_format in ("JPEG", "WEBP") else {}
    assert_close(decode(saved(Image.fromarray(quarters()), file_format, **options)), quarters())


@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (1, quarters()),
        (2, quarters()[:, ::-1]),
        (3, quarters()[::-1, ::-1]),
        (4, quarters()[::-1]),
        (5, quarters().transpose(1, 0, 2)),
        (6, np.rot90(quarters(), 1)),
        (7, quarters()[::-1, ::-1].transpose(1, 0, 2)),
        (8, np.rot90(quarters(), -1)),
    ],
)
def test_a_photo_is_turned_upright_by_its_exif_orientation(orientation: int, stored: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = saved(Image.fromarray(np.ascontiguousarray(stored)), "JPEG", quality=95, exif=exif)
    assert_close(decode(photo), quarters())


@pytest.mark.parametrize("exif", [b"Exif\x00\x00II*\x00broken", b"Exif\x00\x00", b"nonsense"])
def test_broken_exif_data_is_ignored(exif: bytes) -> None:
    assert_close(decode(saved(Image.fromarray(quarters()), "JPEG", quality=95, exif=exif)), quarters())


def test_grey_becomes_three_equal_channels() -> None:
    grey = Image.fromarray(np.full((30, 30), 77, np.uint8))
    assert (decode(saved(grey, "PNG")) == 77).all()


def test_cmyk_keeps_its_colours() -> None:
    assert_close(decode(saved(Image.fromarray(quarters()).convert("CMYK"), "JPEG", quality=95)), quarters(), 25)


def test_a_palette_keeps_its_colours() -> None:
    assert_close(decode(saved(Image.fromarray(quarters()).convert("P"), "PNG")), quarters(), 40)


def test_16_bit_grey_is_scaled_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)[None].repeat(4, 0)
    pixels = decode(saved(Image.fromarray(ramp), "PNG"))
    assert (pixels == np.arange(256, dtype=np.uint8)[None, :, None]).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_become_white(mode: str) -> None:
    image = Image.new(mode, (8, 8), (10, 10, 10, 0) if mode == "RGBA" else (10, 0))
    assert (decode(saved(image, "PNG")) == 255).all()


def test_a_transparent_colour_of_a_palette_becomes_white() -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([10, 10, 10, 200, 0, 0])
    assert (decode(saved(image, "PNG", transparency=0)) == 255).all()


def test_a_phones_image_of_several_frames_is_its_first() -> None:
    first, second = Image.fromarray(quarters()), Image.new("RGB", (60, 40))
    photo = saved(first, "MPO", save_all=True, append_images=[second], quality=95)
    assert_close(decode(photo), quarters())


def test_a_single_pixel() -> None:
    assert decode(saved(Image.new("RGB", (1, 1), RED), "PNG")).tolist() == [[list(RED)]]


def large(width: int, height: int) -> Image.Image:
    return Image.fromarray(quarters()).resize((width, height))


@given(width=st.integers(1, 700), height=st.integers(1, 700), side=st.integers(1, 300))
@settings(deadline=None)
def test_a_large_jpeg_is_decoded_at_a_fraction_of_its_size(width: int, height: int, side: int) -> None:
    pixels = decode(saved(Image.new("RGB", (width, height), RED), "JPEG"), side)
    shapes = {shrunk: (-(-height // shrunk), -(-width // shrunk), 3) for shrunk in (1, 2, 4, 8)}
    assert pixels.shape in shapes.values()
    assert max(pixels.shape[:2]) >= min(side, max(width, height))
    # The largest reduction allowed; Pillow considers the shorter side too, and whole pixels.
    halves = [shape for shape in shapes.values() if max(shape[:2]) < max(pixels.shape[:2])]
    assert not halves or max(halves[0][:2]) < side + 1 + max(width, height) / min(width, height)


def test_a_fraction_shows_what_the_whole_shows() -> None:
    photo = saved(large(640, 480), "JPEG", quality=90)
    whole = decode(photo).reshape(120, 4, 160, 4, 3).mean((1, 3))
    assert np.abs(decode(photo, 160) - whole).mean() < 1


def test_a_fraction_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = large(600, 400).transpose(Image.Transpose.ROTATE_90)
    assert_close(decode(saved(stored, "JPEG", quality=95, exif=exif), 200), np.asarray(large(300, 200)))


def test_other_formats_are_decoded_at_full_size() -> None:
    assert decode(saved(large(640, 480), "PNG"), 100).shape == (480, 640, 3)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_an_image_that_was_cut_off_is_refused(kept: float) -> None:
    rng = np.random.default_rng(0)
    photo = encode(rng.integers(0, 256, (90, 90, 3), np.uint8))
    with pytest.raises(DecodeError):
        decode(photo[: int(len(photo) * kept)])


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"", "it is empty"),
        (b"<html>404</html>", "it is none of JPEG, PNG, WEBP, GIF, BMP"),
        (b"\xff\xd8\xff\xe0 and then nothing", "."),
    ],
)
def test_other_bytes_are_refused_with_the_reason_in_one_line(image: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason) as error:
        decode(image)
    assert "\n" not in str(error.value)
    assert str(error.value) == f"the image cannot be read: {error.value.reason}"


@pytest.mark.parametrize("side", [9_000, 30_000])
def test_a_small_file_of_very_many_pixels_is_refused_before_decoding(side: int) -> None:
    assert side * side > MAX_PIXELS
    header = bytearray(saved(Image.new("1", (8, 8)), "BMP"))
    header[18:26] = side.to_bytes(4, "little") * 2
    with pytest.raises(DecodeError, match=r"more than 64 million pixels"):
        decode(bytes(header))


def test_a_file_of_very_many_bytes_is_refused_before_decoding() -> None:
    with pytest.raises(DecodeError, match="it has more than 128 MiB"):
        decode(bytes(MAX_BYTES + 1))


def test_formats_that_need_programs_or_hold_documents_are_not_opened() -> None:
    with pytest.raises(DecodeError, match="it is none of"):
        decode(saved(Image.fromarray(quarters()), "EPS"))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_bytes_give_pixels_or_a_decode_error_and_nothing_else(data: st.DataObject) -> None:
    photo = bytearray(saved(Image.fromarray(quarters()), data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]))))
    for _ in range(data.draw(st.integers(1, 8))):
        photo[data.draw(st.integers(0, len(photo) - 1))] = data.draw(st.integers(0, 255))
    try:
        pixels = decode(bytes(photo))
    except DecodeError:
        return
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3


def test_the_error_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(DecodeError("it is empty")))
    assert isinstance(error, DecodeError)
    assert error.reason == "it is empty"


@pytest.mark.real_data
def test_adiences_naturally_truncated_image_is_refused(real_data_dir: Path) -> None:
    import tarfile

    readable, refused = 0, 0
    with tarfile.open(real_data_dir / "adience" / "aligned.tar.gz") as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.name.endswith(".jpg") else None
            if stream:
                try:
                    decode(stream.read())
                    readable += 1
                except DecodeError:
                    refused += 1
    assert (readable, refused) == (11, 1)
