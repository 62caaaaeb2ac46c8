"""Files that hold an address with a secret, and the reading of such an address; no message repeats it.

The address stands in no configuration, so that no compiled pipeline and no record of a run holds the secret.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from visage.errors import VisageError
from visage.paths import is_url
from visage.settings import LocalPath


def _is_no_address(value: Any) -> Any:
    # Before the check of paths, whose message would repeat the secret.
    if isinstance(value, str) and is_url(value):
        raise ValueError("must be the path of a file that holds the address, not the address")
    return value


SecretFile = Annotated[LocalPath, BeforeValidator(_is_no_address)]
"""Path of a file with an address."""


@dataclass(frozen=True)
class SecretAddress:
    """An address as it was read.

    Attributes:
        place: where it stood, for messages.
        text: the address, with its secret.
    """

    place: str
    text: str = field(repr=False)


def read_secret_address(variable: str, file: str | None, key: str) -> SecretAddress | None:
    """Returns an address, of the environment first, else of a file; None: neither is set.

    Args:
        variable: of the environment.
        file: the value of `key`.
        key: of the configuration, e.g. 'metadata.url_file'.

    Raises:
        VisageError: the file cannot be read.
    """
    if given := os.environ.get(variable, "").strip():
        return SecretAddress(f"${variable}", given)
    if file is None:
        return None
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no text"
        raise VisageError(f"{key}: {file} cannot be read ({why}); mount the secret, or set ${variable}") from None
    return SecretAddress(f"{key} ({file})", text)
