"""Shortens TensorFlow's error texts to their cause."""

_AROUND = ("Graph execution error", "Detected at node", "<stack traces", "[[", "File ")


def first_cause(error: Exception | str) -> str:
    """Returns the line of an error's text that names the cause; TensorFlow adds lines about its graph around it.

    Args:
        error: the exception, or its text.

    Returns:
        One line; the error's type if there is no other.
    """
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line for line in lines if line and not line.startswith(_AROUND)), type(error).__name__)
