"""The same code has one digest; any edit gives another."""

from collections.abc import Callable
from pathlib import Path

import pytest

from visage.source_digest import source_digest


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `digested` that can be imported, with a module, a template and a package below it."""
    folder = tmp_path / "digested"
    (folder / "below").mkdir(parents=True)
    for name in ("__init__.py", "work.py", "page.jinja", "schema.pbtxt", "below/__init__.py", "below/more.py"):
        (folder / name).write_text(f"# {name}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


@pytest.mark.parametrize(
    "edit",
    [
        lambda folder: (folder / "work.py").write_text("# other"),
        lambda folder: (folder / "page.jinja").write_text("other"),
        lambda folder: (folder / "schema.pbtxt").write_text("other"),
        lambda folder: (folder / "below" / "more.py").write_text("# other"),
        lambda folder: (folder / "work.py").rename(folder / "play.py"),
        lambda folder: (folder / "work.py").unlink(),
        lambda folder: (folder / "new.py").write_text(""),
    ],
    ids=["module", "template", "schema", "below", "renamed", "removed", "added"],
)
def test_an_edit_changes_it(package: Path, edit: Callable[[Path], object]) -> None:
    before = source_digest("digested")
    assert source_digest("digested") == before
    edit(package)
    assert source_digest("digested") != before


def test_tests_and_compiled_files_do_not_count(package: Path) -> None:
    before = source_digest("digested")
    (package / "work_test.py").write_text("assert True")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "work.cpython-310.pyc").write_bytes(b"compiled")
    assert source_digest("digested") == before


def test_the_order_of_packages_does_not_matter() -> None:
    both = source_digest("visage.faces", "components.trainer")
    assert both == source_digest("components.trainer", "visage.faces")
    assert both != source_digest("visage.faces")


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"components\.nowhere"):
        source_digest("components.nowhere")
