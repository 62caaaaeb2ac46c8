"""Collects where a model comes from: run, code, data and packages."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from visage.files import digest_of
from visage.installed import installed_version
from visage.source_digest import TRAINING_CODE, source_digest

# Packages that decide what a model becomes.
_PACKAGES = (
    "visage-pipeline",
    "tensorflow",
    "keras",
    "tfx",
    "apache-beam",
    "ml-metadata",
    "tensorflow-datasets",
    "numpy",
    "pyarrow",
    "Pillow",
    "opencv-python-headless",
)


@dataclass(frozen=True)
class Lineage:
    """The origin of a model; None: unknown.

    Attributes:
        run: id of the run that made the card.
        code: digest of the training code.
        configuration: digest of the recipe.
        data: digest of the files of each split, by its name.
        model: digest of the SavedModel's files.
        predictions: digest of the file of predictions, where there is no model.
        previous: id of the Trainer's execution that made the model that it was compared with.
        python: version.
        packages: version of each installed package that decides what a model becomes.
    """

    run: str | None = None
    code: str | None = None
    configuration: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None
    previous: str | None = None
    predictions: str | None = None
    python: str = field(default_factory=platform.python_version)
    packages: Mapping[str, str] = field(default_factory=lambda: installed_packages())


def training_code() -> str:
    """Returns the digest of the code that trains, of which caches and checkpoints take note as well."""
    return source_digest(*TRAINING_CODE)


def split_digests(examples: Path, splits: list[str]) -> dict[str, str]:
    """Returns a digest of the files of each split that exists below `examples`."""
    folders = {split: examples / f"Split-{split}" for split in splits}
    return {split: digest_of(folder) for split, folder in folders.items() if folder.is_dir()}


def installed_packages() -> dict[str, str]:
    """Returns the versions of the packages that decide what a model becomes, without those that are not installed."""
    return {name: version for name in _PACKAGES if (version := installed_version(name)) is not None}
