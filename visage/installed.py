"""Looks up the installed version of a package without importing it."""

from importlib.metadata import PackageNotFoundError, version


def installed_version(distribution: str) -> str | None:
    """Returns the installed version of a distribution; None: it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
