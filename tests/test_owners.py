"""Some operations have one owner module; no other module contains them."""

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.project import PROJECT
from tests.test_layers import OURS, imported, is_below, python_files

# The owners of atomic renames: of local files, and of files on Beam's file systems.
RENAMES = {"visage/files.py", "components/face_example_gen/beam/filesystem.py"}
LOCKS = {"visage/lock.py"}
# The second are TFX's resolvers, whose queries the first share.
READ_ML_METADATA = ("pipeline/metadata/", "components/resolvers/")
NAMES_OF_METADATA = ("visage.json", "/visage.json", "assets.extra/visage.json")


def ours() -> Iterator[tuple[str, Path]]:
    for file in itertools.chain(*map(python_files, OURS)):
        yield file.relative_to(PROJECT).as_posix(), file


def renames(tree: ast.AST) -> bool:
    """Returns whether the code renames files with os, shutil, pathlib, TensorFlow or Beam."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            module = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            name = node.func.attr
            if name in ("rename", "renames") or (module, name) in (("os", "replace"), ("shutil", "move")):
                return True
            # `Path.replace` has one argument; that of texts has two, that of dates and data classes has names.
            if name == "replace" and len(node.args) == 1 and not node.keywords:
                return True
    return False


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("os.replace(one, other)", True),
        ("partial.replace(path)", True),
        ("(folder / name).rename(path)", True),
        ("shutil.move(one, other)", True),
        ("tf.io.gfile.rename(one, other)", True),
        ("FileSystems.rename([one], [other])", True),
        ("text.replace('a', 'b')", False),
        ("dataclasses.replace(settings, size=3)", False),
        ("time.replace(second=0)", False),
    ],
)
def test_renaming_calls_are_recognized(line: str, expected: bool) -> None:
    assert renames(ast.parse(line)) == expected


def test_one_module_renames_files() -> None:
    found = {name for name, file in ours() if renames(ast.parse(file.read_text(encoding="utf-8")))}
    assert found == RENAMES


def test_one_module_parses_version_numbers() -> None:
    """The other modules parse other numbers: of /proc, of a cron expression, of HTTP."""
    found = {name for name, file in ours() if parses_numbers(ast.parse(file.read_text(encoding="utf-8")))}
    assert found == {
        "benchmarks/commands.py",
        "pipeline/config/cron.py",
        "visage/client/decimals.py",
        "visage/saved_model/versions.py",
        "visage/memory.py",
    }


def parses_numbers(tree: ast.AST) -> bool:
    """Returns whether the code tests texts for digits, or converts the names of files to numbers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("isdecimal", "isdigit", "isnumeric"):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("int", "map"):
            is_int = node.func.id == "int" or any(isinstance(part, ast.Name) and part.id == "int" for part in node.args)
            names = (part for argument in node.args for part in ast.walk(argument) if isinstance(part, ast.Attribute))
            if is_int and any(name.attr in ("name", "stem") for name in names):
                return True
    return False


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("int(folder.name)", True),
        ("max(versions, key=lambda folder: int(folder.name))", True),
        ("int(path.parent.name.partition('-')[2])", True),
        ("map(int, (folder.name for folder in folders))", True),
        ("folder.name.isdigit()", True),
        ("int(row.text)", False),
        ("str(folder.name)", False),
    ],
)
def test_parsing_of_numbers_is_recognized(line: str, expected: bool) -> None:
    assert parses_numbers(ast.parse(line)) == expected


def test_one_module_names_visage_json() -> None:
    found = {
        name
        for name, file in ours()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in NAMES_OF_METADATA
    }
    assert found == {"visage/saved_model/metadata.py"}


def test_one_module_locks_files() -> None:
    found = {name for name, file in ours() if {"fcntl", "filelock", "portalocker"} & set(imported(file))}
    assert found == LOCKS


def test_one_package_reads_ml_metadata() -> None:
    found = {name for name, file in ours() if any(is_below(module, ("ml_metadata",)) for module in imported(file))}
    assert found
    assert {name for name in found if not name.startswith(READ_ML_METADATA)} == set()


def test_one_package_opens_ml_metadata() -> None:
    """No other module names the file or makes a connection, except a benchmark of a damaged one."""
    found = {
        name
        for name, file in ours()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Constant) and node.value == "metadata.sqlite")
        or (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).rpartition(".")[2] in ("MetadataStore", "ConnectionConfig")
        )
    }
    assert found == {
        "benchmarks/commands.py",
        "pipeline/metadata/store.py",
        "pipeline/metadata/sqlite.py",
        "pipeline/metadata/opened.py",
        "pipeline/metadata/connection.py",
        "pipeline/metadata/server_store.py",
    }


def test_the_reader_of_ml_metadata_sees_its_own_pipeline_alone() -> None:
    """These calls of ML Metadata return the executions and artifacts of every pipeline on the store."""
    anything = ("get_artifacts", "get_artifacts_by_type", "get_executions", "get_executions_by_type")
    found = {
        (name, node.attr)
        for name, file in ours()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in anything
    }
    assert found == set()
