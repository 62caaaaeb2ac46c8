"""Checks API keys before they are sent."""

from visage.errors import VisageError


def check_api_key(key: str, name: str) -> None:
    """Checks that a header can hold an API key.

    Args:
        key: the API key; no error has it.
        name: of the parameter or the environment variable that holds it.

    Raises:
        VisageError: it cannot.

    >>> check_api_key("s3cret", "api_key")
    """
    if not key:
        cause = "it is empty"
    elif key != key.strip():
        cause = "it begins or ends with a space or a line break"
    elif not (key.isascii() and key.isprintable()):
        cause = "it has a line break, a control character or a character that is not ASCII"
    else:
        return
    raise VisageError(f"{name}: {cause}; set it to the API key alone")
