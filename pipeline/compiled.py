"""The text of a compiled pipeline, read without TFX."""

import base64
import binascii
import gzip
import json
from pathlib import Path

from visage.errors import VisageError

INLINE_PREFIX = "gzip+base64:"


def read_compiled(source: str) -> str:
    """Returns the JSON of a compiled pipeline.

    Args:
        source: a file's path, or the text that `pipeline.node.to_inline` made.

    Raises:
        VisageError: there is no such file, or it holds something else.
    """
    try:
        if source.startswith(INLINE_PREFIX):
            text = gzip.decompress(base64.b64decode(source.removeprefix(INLINE_PREFIX))).decode()
        else:
            text = Path(source).read_text(encoding="utf-8")
        values = json.loads(text)
    except FileNotFoundError:
        raise VisageError(f"--pipeline {source}: no such file; `visage compile` writes one") from None
    except (OSError, EOFError, ValueError, binascii.Error):
        raise not_compiled(source) from None
    if not isinstance(values, dict) or not values.get("nodes"):
        raise not_compiled(source)
    return text


def not_compiled(source: str) -> VisageError:
    """Returns the error of a text that is no compiled pipeline."""
    return VisageError(f"--pipeline {source[:80]}: not a compiled pipeline; write it again with `visage compile`")
