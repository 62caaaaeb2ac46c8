"""The compiled pipeline as text, and the errors of a node that cannot run."""

import json
import re
import signal
from pathlib import Path

import pytest

from pipeline import interruption
from pipeline.config.loader import load_config
from pipeline.node import compile_pipeline, node_ids, read_ir, run_node, to_inline, to_json, upstream_ids, workspace_of
from tests.helpers.project import PROJECT
from visage.errors import VisageError


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def ir(workspace: Path):  # type: ignore[no-untyped-def]
    return compile_pipeline(load_config(PROJECT / "pipeline_config.yaml", [f"workspace={workspace}"]))


def test_compiling_writes_nothing(ir, workspace: Path) -> None:  # type: ignore[no-untyped-def]
    assert list(workspace.iterdir()) == []
    assert workspace_of(ir) == workspace / "sample-portraits"


def test_every_node_comes_after_those_it_needs(ir) -> None:  # type: ignore[no-untyped-def]
    order = node_ids(ir)
    assert len(order) == 11
    for node in order:
        assert all(order.index(needed) < order.index(node) for needed in upstream_ids(ir, node))


def test_a_recipe_with_a_search_has_a_tuner_between_valid_data_and_the_trainer(workspace: Path) -> None:
    search = "tuner.search={trainer.batch_size: [32, 64]}"
    ir = compile_pipeline(load_config(PROJECT / "pipeline_config.yaml", [f"workspace={workspace}", search]))
    assert set(upstream_ids(ir, "Tuner")) == {"FaceExampleGen", "ExampleValidator"}
    assert set(upstream_ids(ir, "Trainer")) == {"FaceExampleGen", "ExampleValidator", "Tuner"}
    assert "Tuner" in upstream_ids(ir, "ModelCard")


def test_the_ir_survives_a_file_and_inline_text(ir, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "ir.json").write_text(to_json(ir))
    for source in (str(tmp_path / "ir.json"), to_inline(ir)):
        # As JSON: what is packed inside may lie in another order.
        assert json.loads(to_json(read_ir(source))) == json.loads(to_json(ir))
    # Linux takes no longer word on a command line.
    assert len(to_inline(ir)) < 128 * 1024


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"nodes": 3}', "gzip+base64:", "gzip+base64:AAAA", "gzip+base64:!"])
def test_an_invalid_compiled_pipeline_is_an_error_of_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "ir.json").write_text(text)
    with pytest.raises(VisageError, match=r"not a compiled pipeline; write it again with `visage compile`"):
        read_ir(text if text.startswith("gzip") else str(tmp_path / "ir.json"))


@pytest.mark.parametrize("key", ["class_path", "op_type"])
def test_the_error_of_a_pipeline_of_an_earlier_version_names_the_fix(ir, tmp_path: Path, key: str) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "ir.json"
    file.write_text(re.sub(rf'("{key}": ")components\.[a-z_.]+', r"\1components.gone.", to_json(ir)))
    with pytest.raises(VisageError, match=r"another version .*with components\.gone\); write it again with"):
        read_ir(str(file))


def test_a_missing_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"nowhere\.json does not exist; `visage compile` writes one"):
        read_ir(str(tmp_path / "nowhere.json"))


def test_an_unknown_node_is_an_error_that_names_the_nodes(ir) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(VisageError, match=r"Trainr: no such node; this pipeline has .*FaceExampleGen"):
        run_node(ir, "Trainr", "x")


def test_no_node_starts_after_a_signal(ir, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(interruption._State, "received", signal.SIGTERM)
    with pytest.raises(interruption.Interrupted):
        run_node(ir, "Pusher", "x")
