"""Optional modules in a data set's folder, beside its builder."""

import importlib
from importlib.util import find_spec
from types import ModuleType

from visage.data.datasets.spec import DatasetSpec


def own_module(spec: DatasetSpec, name: str) -> ModuleType | None:
    """Returns the module of this name in the folder of a data set; None if there is none."""
    module = f"{spec.package}.{name}"
    return importlib.import_module(module) if find_spec(module) else None
