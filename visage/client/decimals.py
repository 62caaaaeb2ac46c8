"""Reads the whole numbers that servers send as text."""


def decimal(value: object) -> int | None:
    """Returns the number of a text of digits, or of a whole number; None for anything else.

    >>> decimal("3"), decimal(3), decimal("-3"), decimal(None)
    (3, 3, None, None)
    """
    text = str(value).strip()
    return int(text) if text.isdecimal() else None
