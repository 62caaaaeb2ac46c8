"""Each folder imports only what CONTRIBUTING.md's table lets it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("components", "pipeline", "serving", "tfds_builders")

ALLOWED = {
    "components": ("components",),
    "components/faces": ("components.faces", "components.errors", "components.extras", "components.settings"),
    "tfds_builders": (
        "tfds_builders",
        "components.child_process",
        "components.errors",
        "components.names",
        "components.progress",
    ),
    "serving": (
        "serving",
        "components.faces",
        "components.errors",
        "components.extras",
        "components.model_identity",
        "components.progress",
        "components.saved_model",
        "components.tensorflow_messages",
    ),
}
# The one way from the pipeline to the builders.
EXCEPTIONS = {
    ("components/face_example_gen/prepare.py", f"tfds_builders.{module}")
    for module in ("archive_state", "sample_portraits.draw", "skipped_rows")
}


def imported(file: Path) -> Iterator[str]:
    """The modules of ours that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] in OURS)


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_folder_imports_only_what_is_below_it(folder: str) -> None:
    files = [file for file in (ROOT / folder).rglob("*.py") if not file.name.endswith("_test.py")]
    found = {(file.relative_to(ROOT).as_posix(), name) for file in files for name in imported(file)}
    assert found
    stray = {
        (file, name)
        for file, name in found - EXCEPTIONS
        if not any(name == allowed or name.startswith(f"{allowed}.") for allowed in ALLOWED[folder])
    }
    assert stray == set()
