"""The wheel that Beam installs on workers that start from Beam's plain container image.

Beam's own way, an sdist of the project (`--setup_file`), pins no versions, and the pixels of a crop depend on them.
"""

import zipfile
from importlib.metadata import version
from pathlib import Path

import components
import visage

_NAME, _VERSION = "visage_worker", "0.1.0"
# Pinned to the versions installed here, for identical pixels.
_REQUIRED = ("ai-edge-litert", "numpy", "pillow", "protobuf", "pydantic")
_INFO = f"{_NAME}-{_VERSION}.dist-info"


def build_worker_package(folder: str) -> str:
    """Writes the wheel into `folder` and returns its path."""
    path = Path(folder) / f"{_NAME}-{_VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for package in (components, visage):
            root = Path(next(iter(package.__path__)))
            files = [file for file in sorted(root.rglob("*")) if file.is_file() and "__pycache__" not in file.parts]
            for file in files:
                wheel.write(file, file.relative_to(root.parent).as_posix())
        wheel.writestr(f"{_INFO}/METADATA", _metadata())
        wheel.writestr(
            f"{_INFO}/WHEEL", "Wheel-Version: 1.0\nGenerator: visage\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        # Without hashes, which installers do not require.
        wheel.writestr(f"{_INFO}/RECORD", "".join(f"{name},,\n" for name in [*wheel.namelist(), f"{_INFO}/RECORD"]))
    return str(path)


def _metadata() -> str:
    required = "".join(f"Requires-Dist: {name}=={version(name)}\n" for name in _REQUIRED)
    return f"Metadata-Version: 2.1\nName: {_NAME.replace('_', '-')}\nVersion: {_VERSION}\n{required}"
