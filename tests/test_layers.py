"""The three layers: an import points down, never up or sideways; docs/architecture.md draws them."""

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.project import PROJECT

OURS = ("visage", "components", "tfds_builders", "pipeline", "serving", "benchmarks")
TFX = ("tfx", "tfx_bsl", "ml_metadata", "tensorflow_model_analysis", "tensorflow_data_validation")
HEAVY = (*TFX, "tensorflow", "tensorflow_datasets", "apache_beam", "keras", "jax")

# What the files below a folder may import of ours, and what of others they must not.
LAYERS = {
    "visage": (("visage",), TFX),
    "visage/faces": (("visage.faces", "visage.errors", "visage.extras", "visage.settings"), HEAVY),
    "tfds_builders": (("tfds_builders", "visage"), TFX),
    "components": (("components", "tfds_builders", "visage"), ()),
    "pipeline": (("pipeline", "serving", "components", "tfds_builders", "visage"), ()),
    "serving": (("serving", "visage"), TFX),
    "benchmarks": (OURS, ()),
}
# What several nodes share, and what one takes of another.
SHARED_BY_NODES = ("components", "components.artifacts", "components.artifact_aliases", "components.node_code")
BETWEEN_NODES = {
    # The newest statistics that passed are those that ExampleValidator accepted.
    ("resolvers", "components.example_validator.settings"),
}


def python_files(folder: str) -> list[Path]:
    return [file for file in (PROJECT / folder).rglob("*.py") if not file.name.endswith("_test.py")]


def imported(file: Path) -> Iterator[str]:
    """Returns the modules that a file imports anywhere."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (module_of(node.module or "", alias.name) for alias in node.names)


def module_of(package: str, name: str) -> str:
    """Returns what `from PACKAGE import NAME` imports: a module of ours, or the package."""
    path = PROJECT / package.replace(".", "/") / name
    return f"{package}.{name}" if path.with_suffix(".py").exists() or (path / "__init__.py").exists() else package


def is_below(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("folder", LAYERS)
def test_a_layer_imports_only_what_is_below_it(folder: str) -> None:
    allowed, forbidden = LAYERS[folder]
    found = {(file.relative_to(PROJECT).as_posix(), name) for file in python_files(folder) for name in imported(file)}
    assert found
    ours = {(file, name) for file, name in found if name.partition(".")[0] in OURS}
    assert {(file, name) for file, name in ours if not is_below(name, allowed)} == set()
    assert {(file, name) for file, name in found if is_below(name, forbidden)} == set()


def test_no_node_imports_another() -> None:
    found = {
        (file.relative_to(PROJECT / "components").parts[0], name)
        for file in python_files("components")
        for name in imported(file)
        if is_below(name, ("components",)) and name not in SHARED_BY_NODES
    }
    between = {(node, name) for node, name in found if name.split(".")[1] != node}
    assert between == BETWEEN_NODES


def imports_of_files() -> dict[str, set[str]]:
    """Returns the modules of ours that each module of ours imports."""
    files = {
        ".".join(file.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): file
        for file in itertools.chain(*map(python_files, OURS))
    }
    return {module: {name for name in imported(file) if name in files} - {module} for module, file in files.items()}


def in_a_circle(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """Returns what imports itself, directly or through others, or imports such."""
    left = imports
    while free := {module for module, needs in left.items() if not needs & left.keys()}:
        left = {module: needs - free for module, needs in left.items() if module not in free}
    return left


def imports_within(package: str, files: dict[str, set[str]]) -> dict[str, set[str]]:
    """Returns the imports between what stands directly in a package: its modules, and its folders, each as a whole.

    Args:
        package: "" for all of ours.
        files: the imports of every module.
    """
    prefix = f"{package}." if package else ""

    def part(module: str) -> str:
        return prefix + module.removeprefix(prefix).partition(".")[0]

    found: dict[str, set[str]] = {}
    for module, needs in files.items():
        if module.startswith(prefix):
            inside = {part(name) for name in needs if name.startswith(prefix)}
            found.setdefault(part(module), set()).update(inside - {part(module)})
    return found


def test_no_files_import_each_other_in_a_circle() -> None:
    assert in_a_circle(imports_of_files()) == {}


def test_no_folders_import_each_other_in_a_circle() -> None:
    files = imports_of_files()
    packages = {"", *(module.rpartition(".")[0] for module in files)}
    found = {package: in_a_circle(imports_within(package, files)) for package in packages}
    assert {package: circle for package, circle in found.items() if circle} == {}


def test_a_circle_of_folders_is_found_where_no_files_form_one() -> None:
    files = {"a.x.low": set(), "a.x.high": {"a.y.middle"}, "a.y.middle": {"a.x.low"}, "a.top": {"a.x.high"}}
    assert in_a_circle(files) == {}
    assert in_a_circle(imports_within("", files)) == {}
    assert in_a_circle(imports_within("a", files)).keys() == {"a.x", "a.y", "a.top"}
