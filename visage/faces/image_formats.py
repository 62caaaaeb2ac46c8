"""Lists the formats of images that are decoded and the endings of their files, without NumPy and Pillow."""

_ENDINGS = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",), "WEBP": (".webp",), "GIF": (".gif",), "BMP": (".bmp",)}

FORMATS = tuple(_ENDINGS)
"""As Pillow calls them."""

ENDINGS = tuple(ending for endings in _ENDINGS.values() for ending in endings)
"""In lower case."""
