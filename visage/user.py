"""Names the user of this process, for decisions that are recorded."""

import getpass


def user_name() -> str:
    """Returns the user's name, or 'unknown' where it has none, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
