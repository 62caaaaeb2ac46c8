"""Names this project's distribution, and the packages that are installed beside it."""

from importlib import metadata

from visage.installed import installed_version

# PyPI's `visage` is another project.
DISTRIBUTION = "visage-pipeline"


def own_version() -> str | None:
    """Returns the version of this project; None if it is not installed under its name."""
    return installed_version(DISTRIBUTION)


def installed_packages() -> dict[str, str]:
    """Returns the version of each installed package, by name; of several the first on the path, which is imported."""
    versions: dict[str, str] = {}
    for distribution in metadata.distributions():
        # Damaged installations have no name.
        if name := distribution.metadata["Name"]:
            versions.setdefault(name, distribution.version)
    return versions
