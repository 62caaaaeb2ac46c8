"""A node has the code of where it runs: changed code misses the cache, though the pipeline was compiled before."""

import io
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from tfx.proto.orchestration import pipeline_pb2

from components import node_code
from components.node_code import NODES, NodeCode, code_of, parts_of
from pipeline.config.loader import load_config
from pipeline.metadata.details import RunDetails
from pipeline.metadata.reader import PipelineMetadata
from pipeline.node import code_change, compile_pipeline, node_ids, read_ir, run_node, to_json
from pipeline.output.console import Reporter
from pipeline.runners.local import run_nodes
from tests.helpers.project import PROJECT
from tests.pipeline.toy_pipeline import counted
from tests.test_layers import imported, python_files

RESOLVERS = {"ValidatedStatisticsResolver", "WarmStartModelResolver", "BlessedModelResolver"}


@pytest.fixture(scope="module")
def ir(tmp_path_factory: pytest.TempPathFactory) -> pipeline_pb2.Pipeline:
    workspace = f"workspace={tmp_path_factory.mktemp('workspace')}"
    every_node = ["trainer.weights=blessed", "tuner.search={trainer.batch_size: [32, 64]}"]
    return compile_pipeline(load_config(PROJECT / "pipeline_config.yaml", [workspace, *every_node]))


def code_in(ir: pipeline_pb2.Pipeline, node: str) -> str:
    parameters = next(n.pipeline_node for n in ir.nodes if n.pipeline_node.node_info.id == node).parameters.parameters
    return parameters["code"].field_value.string_value


def test_every_node_with_a_cache_has_its_code(ir: pipeline_pb2.Pipeline) -> None:
    assert set(node_ids(ir)) == set(NODES) | RESOLVERS
    for node in NODES:
        assert code_in(ir, node) == code_of(node)
        # Nothing that is named is missing from this environment.
        assert "none" not in parts_of(code_of(node)).values()


def test_the_code_of_the_faces_is_all_that_forms_them_and_their_report() -> None:
    """Of the library, what FaceExampleGen imports and what that imports; modules of `visage` itself are plumbing."""
    named = NODES["FaceExampleGen"].packages
    seen: set[str] = set()
    files = python_files("components/face_example_gen")
    while files:
        found = {module for module in imported(files.pop()) if module.startswith("visage.") and module.count(".") > 1}
        assert {module for module in found if not any(f"{module}.".startswith(f"{name}.") for name in named)} == set()
        paths = [PROJECT / f"{module.replace('.', '/')}.py" for module in found - seen]
        files += [path for path in paths if path.is_file()]
        seen |= found


def test_a_compiled_pipeline_and_its_own_code_do_not_differ(ir: pipeline_pb2.Pipeline) -> None:
    assert [code_change(ir, node) for node in node_ids(ir)] == [None] * len(node_ids(ir))


@pytest.fixture
def forget() -> Any:
    """What a new process does: it reads the installed code anew."""

    def forget() -> None:
        node_code._digest.cache_clear()
        node_code._version.cache_clear()

    yield forget
    forget()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forget: Callable[[], None]) -> Path:
    """A package whose code, with a library's version, is that of the node Counted."""
    folder = tmp_path / "installed" / "counting"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("STEP = 1\n")
    monkeypatch.setattr(sys, "path", [str(folder.parent), *sys.path])
    monkeypatch.setitem(NODES, "Counted", NodeCode(("counting",), ("numpy",)))
    return folder


def test_a_node_with_other_code_than_the_compiled_one_is_not_taken_from_the_cache(
    tmp_path: Path, package: Path, forget: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = to_json(counted(tmp_path))
    (tmp_path / "ir.json").write_text(compiled)
    ir = read_ir(str(tmp_path / "ir.json"))
    started = tmp_path / "counter"

    assert not run_node(ir, "Counted", "first").cached
    assert run_node(ir, "Counted", "second").cached

    (package / "__init__.py").write_text("STEP = 2\n")
    forget()
    shown = io.StringIO()
    changed = run_nodes(ir, "changed", Reporter(shown))
    assert not changed.nodes["Counted"].cached
    assert len(started.read_text().splitlines()) == 2
    assert shown.getvalue().splitlines()[0] == (
        "Counted: its code is not that of the compiled pipeline (counting); its results are filed under the installed "
        "code"
    )
    # Its own results are found again.
    assert run_node(ir, "Counted", "changed, again").cached

    monkeypatch.setattr(node_code, "installed_version", lambda name: "99.0")
    forget()
    assert "(counting, numpy)" in str(code_change(ir, "Counted"))
    assert not run_node(ir, "Counted", "upgraded").cached

    monkeypatch.undo()
    sys.path.insert(0, str(package.parent))
    monkeypatch.setitem(NODES, "Counted", NodeCode(("counting",), ("numpy",)))
    (package / "__init__.py").write_text("STEP = 1\n")
    forget()
    assert run_node(ir, "Counted", "back to the first code").cached
    assert len(started.read_text().splitlines()) == 3
    sys.path.remove(str(package.parent))

    runs = {run.run_id: RunDetails(run, None, None, {}, None).code for run in PipelineMetadata(tmp_path, "toy").runs}
    assert runs["upgraded"]["Counted numpy"] == "99.0"
    assert runs["changed"]["Counted counting"] != runs["first"]["Counted counting"]


def test_a_package_that_is_not_installed_counts_as_none(monkeypatch: pytest.MonkeyPatch, forget: object) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("visage.installed.version", missing)
    node_code._version.cache_clear()
    assert parts_of(code_of("Trainer"))["keras"] == "none"


def test_a_resolver_has_no_code() -> None:
    assert code_of("BlessedModelResolver") == ""


def test_the_digest_of_an_earlier_version_has_no_name() -> None:
    assert parts_of("0f1e2d") == {"": "0f1e2d"}
