"""Distinguishes versions of the code, for caches whose keys contain only settings and inputs."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

TRAINING_CODE = ("visage.training", "visage.networks", "visage.saved_model", "visage.data", "visage.faces")
"""The code of a training: part of the keys of caches and checkpoints, and equal on all machines of a cluster."""

# .tflite: the detectors' networks count as code.
_SUFFIXES = (".jinja", ".pbtxt", ".py", ".tflite", ".yaml")


def source_digest(*packages: str) -> str:
    """Returns a short text that changes when a source file below one of `packages` does; it imports none of them.

    Args:
        packages: dotted names of packages, e.g. 'visage.faces', or of modules. Tests beside the code do not count.

    Raises:
        ModuleNotFoundError: there is no such package or module.
    """
    digest = hashlib.sha256()
    for package in sorted(packages):
        root = _root(package)
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.suffix in _SUFFIXES and not path.name.endswith("_test.py"):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{package} {path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:16]


def _root(package: str) -> Path:
    """Returns a package's folder, or a module's file."""
    spec = find_spec(package)
    if spec is None or not (spec.submodule_search_locations or spec.origin):
        raise ModuleNotFoundError(f"no package {package}")
    return Path(next(iter(spec.submodule_search_locations or ()), spec.origin or ""))
