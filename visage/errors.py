"""Defines the error that is shown to users, and quotes values from outside in its messages."""

from collections.abc import Collection

_LONGEST = 80
_MOST_NAMES = 20


class VisageError(Exception):
    """Bad input or a bad environment, in one line: what is wrong, where, and the fix.

    The command line prints the message alone; every other exception is a defect and goes to the log with its traceback.
    """


def quoted(value: object) -> str:
    """Returns `repr(value)`, cut in its middle to 80 characters, for a value from outside in an error or a count.

    >>> quoted("Identity ")
    "'Identity '"
    >>> len(quoted(b"an image" * 10_000))
    80
    """
    # NumPy 2 writes its texts as np.str_('…').
    return shortened(repr(str(value) if isinstance(value, str) else value))


def quoted_address(address: str) -> str:
    """Returns `quoted(address)`; of one with an @, before which a password may stand, only that.

    >>> quoted_address("models/visage")
    "'models/visage'"
    >>> quoted_address("S3://key:secret@bucket/visage")
    'one with an @, which may hold a password'
    """
    return "one with an @, which may hold a password" if "@" in address else quoted(address)


def shortened(text: str) -> str:
    """Returns a text on one line, cut in its middle to 80 characters."""
    # The ends alone: a value may have megabytes.
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…{text[-_LONGEST:]}"
    line = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST * 3 // 4 - 1]}…{line[-_LONGEST // 4 :]}"


def listed(names: Collection[str]) -> str:
    """Returns names from outside on one line, each shortened, and how many there are beyond the first 20.

    >>> listed(["image", "age"])
    'image, age'
    >>> listed(["x"] * 1000)[-14:]
    'x and 980 more'
    """
    shown = ", ".join(shortened(name) for name in list(names)[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES:,} more"
