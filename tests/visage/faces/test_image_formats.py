"""Every file ending of an image belongs to a format that is decoded."""

from PIL import Image

from visage.faces.image_formats import ENDINGS, FORMATS


def test_the_endings_are_those_that_pillow_knows_for_the_formats() -> None:
    known = Image.registered_extensions()
    assert {known[ending] for ending in ENDINGS} == set(FORMATS)
