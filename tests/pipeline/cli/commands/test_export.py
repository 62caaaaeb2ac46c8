"""`visage export tflite` as a user types it, on the published on-device network."""

import json
import os
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from pipeline.cli.commands.export import export, onnx, remove_unnamed
from tests.end_to_end.visage import visage
from tests.helpers import drawn_crops
from tests.helpers.extra_packages import extra_packages
from tests.helpers.node_package import node_package
from tests.helpers.trained_model import ALIGNMENT
from tests.pipeline.pushed_model import record_push
from tests.visage.tflite.networks import save
from visage.errors import VisageError
from visage.networks import NETWORKS
from visage.onnx_export.browser import PACKAGE, VERSION
from visage.onnx_export.export import OnnxExport
from visage.tflite.latency import Latency
from visage.tflite.measured import Measured
from visage.tflite.quality import Quality

pytestmark = pytest.mark.one_stack


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline's folder with an untrained MobileNet of 32 pixels, pushed as version 7."""
    folder = tmp_path_factory.mktemp("workspace") / "mobile"
    for seed, split in enumerate(("train", "test")):
        drawn_crops.write_split(folder / "examples", split, drawn_crops.people(20, seed=seed))
    keras.utils.set_random_seed(1)
    spec = replace(NETWORKS["mobilenet"], input_size=32)
    version = folder / "serving" / "visage" / "7"
    save(spec.build(), spec, version)
    (version / "assets.extra").mkdir()
    description = {"network": spec.name, "alignment": ALIGNMENT.model_dump()}
    (version / "assets.extra" / "visage.json").write_text(json.dumps(description))
    record_push(folder, "7", folder / "examples")
    return folder


def test_models_are_written_with_their_figures(pipeline: Path) -> None:
    ended = visage("export", "tflite", pipeline / "serving" / "visage", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    shown = json.loads(ended.stdout)
    folder = pipeline / "tflite" / "7"
    assert sorted(path.name for path in folder.iterdir()) == [
        "visage_float16.tflite", "visage_int8.tflite", "visage_tflite.json"
    ]  # fmt: skip
    assert json.loads((folder / "visage_tflite.json").read_text()) == shown
    assert shown["pixels"] == {"dtype": "uint8", "shape": [1, 32, 32, 3], "range": [0, 255]}
    assert shown["outputs"] == {"age": [1], "age_probabilities": [1, 101], "gender_probability": [1]}
    assert (shown["network"], shown["calibration_faces"], shown["test_faces"]) == ("mobilenet", 20, 20)
    saved_model, float16, int8 = (shown["models"][name] for name in ("saved_model", "float16", "int8"))
    assert int8["size"] == (folder / int8["file"]).stat().st_size < float16["size"] < saved_model["size"]
    for one in (saved_model, float16, int8):
        took = one["milliseconds"]
        assert 0 < took["fastest"] <= took["median"] <= took["slowest"]
    assert shown["notes"][:2] == [
        "20 test faces are few: the models' differences in MAE and gender accuracy are chance",
        "20 training faces are few to set int8's scales: int8 loses more than it must",
    ]
    assert saved_model["quality"]["age_change_max"] == 0
    assert float16["quality"]["age_change_max"] < 0.1
    assert int8["quality"]["age_mae"] == pytest.approx(saved_model["quality"]["age_mae"], abs=2)
    assert_computes_in_int8(folder / int8["file"])


def test_an_onnx_model_and_its_page_are_written_with_the_figures(
    pipeline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if packages := extra_packages("onnx"):
        monkeypatch.setenv("PYTHONPATH", str(packages), prepend=os.pathsep)
    runtime = node_package(PACKAGE, VERSION)
    ended = visage("export", "onnx", pipeline / "serving" / "visage", "--page", "--onnxruntime-web", runtime, "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    shown = json.loads(ended.stdout)
    folder = pipeline / "onnx" / "7"
    assert sorted(path.name for path in folder.iterdir()) == ["page", "visage.onnx", "visage_onnx.json"]
    assert json.loads((folder / "visage_onnx.json").read_text()) == shown
    assert shown["pixels"] == {"dtype": "uint8", "shape": [None, 32, 32, 3], "range": [0, 255]}
    assert shown["outputs"] == {"age": [1], "age_probabilities": [1, 101], "gender_probability": [1]}
    saved_model, onnx = shown["models"]["saved_model"], shown["models"]["onnx"]
    assert onnx["size"] == (folder / onnx["file"]).stat().st_size
    assert onnx["quality"]["age_change_max"] < 1e-3
    assert onnx["quality"]["age_mae"] == pytest.approx(saved_model["quality"]["age_mae"], abs=1e-3)
    assert 0 < onnx["milliseconds"]["fastest"] <= onnx["milliseconds"]["median"]
    assert {path.name for path in (folder / "page").iterdir()} == {
        "index.html", "page.css", "page.js", "model.json", "model.onnx",
        "ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm",
    }  # fmt: skip
    assert (folder / "page" / "model.onnx").read_bytes() == (folder / "visage.onnx").read_bytes()


@pytest.fixture
def measured(pipeline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Words of `visage export onnx` into tmp_path, where converting takes no time."""
    figures = Measured(4, Latency(1, 1, 1), Quality({"age_mae": 5.0}))
    made = OnnxExport([None, 32, 32, 3], {"age": [1]}, 20, figures, figures, b"first")
    monkeypatch.setattr("visage.onnx_export.export.export_onnx_model", lambda *_: made)
    monkeypatch.setattr("pipeline.cli.commands.export.check_installed", lambda *_: None)
    return [str(pipeline / "serving" / "visage"), "--out", str(tmp_path / "new" / "out")]


@pytest.mark.parametrize("form", ["onnx", "tflite"])
def test_an_export_that_fails_leaves_no_folder(
    measured: list[str], form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise VisageError("cannot convert this network")

    for exporter in ("onnx_export.export.export_onnx_model", "tflite.export.export_tflite_model"):
        monkeypatch.setattr(f"visage.{exporter}", fail)
    with pytest.raises(VisageError, match="cannot convert"):
        export.main([form, *measured], standalone_mode=False)
    assert [*tmp_path.iterdir()] == []


def test_an_export_onto_a_full_disk_leaves_no_folder(
    measured: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object) -> NoReturn:
        raise VisageError("cannot be written: No space left on device")

    monkeypatch.setattr("visage.files.write_atomically", fill)
    with pytest.raises(VisageError, match="No space left"):
        onnx.main(measured, standalone_mode=False)
    assert [*tmp_path.iterdir()] == []


def test_a_page_of_an_earlier_export_is_removed(
    measured: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path / "onnxruntime-web"
    (runtime / "dist").mkdir(parents=True)
    for name in ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"):
        (runtime / "dist" / name).touch()
    onnx.main([*measured, "--page", "--onnxruntime-web", str(runtime)], standalone_mode=False)
    folder = tmp_path / "new" / "out"
    assert (folder / "page" / "model.onnx").read_bytes() == b"first"
    (folder / "page" / "notes.txt").write_text("of somebody else")
    onnx.main(measured, standalone_mode=False)
    assert [path.name for path in (folder / "page").iterdir()] == ["notes.txt"]
    (folder / "page" / "index.html").write_text("of somebody else")
    onnx.main(measured, standalone_mode=False)
    assert {path.name for path in (folder / "page").iterdir()} == {"index.html", "notes.txt"}


def test_onnx_without_its_extra_is_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("tf2onnx", "onnx", "onnxruntime"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(VisageError) as refused:
        onnx.main([], standalone_mode=False)
    assert str(refused.value) == (
        "visage export: onnx: the packages tf2onnx, onnx, onnxruntime are not installed; run `make set-up EXTRAS=onnx`"
    )


def test_models_of_an_earlier_export_are_removed(tmp_path: Path) -> None:
    for name in ("visage_float16", "visage_int8", "other_float16"):
        (tmp_path / f"{name}.tflite").touch()
    remove_unnamed(tmp_path, "visage", {"int8": tmp_path / "visage_int8.tflite"})
    assert {path.stem for path in tmp_path.iterdir()} == {"visage_int8", "other_float16"}


def assert_computes_in_int8(file: Path) -> None:
    """All but the heads."""
    interpreter = Interpreter(model_path=str(file))
    types = {tensor["index"]: np.dtype(tensor["dtype"]).name for tensor in interpreter.get_tensor_details()}
    weighted = Counter(
        (step["op_name"], *(types[tensor] for tensor in (*step["inputs"][:2], *step["outputs"])))
        for step in interpreter._get_ops_details()
        if step["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    )
    assert weighted == {
        ("CONV_2D", "int8", "int8", "int8"): 14,
        ("DEPTHWISE_CONV_2D", "int8", "int8", "int8"): 13,
        ("FULLY_CONNECTED", "int8", "int8", "int8"): 1,
        ("FULLY_CONNECTED", "float32", "float32", "float32"): 2,
    }


def test_a_model_without_metadata_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").touch()
    ended = visage("export", "tflite", tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"visage: {tmp_path}: not where a run pushes its models (WORKSPACE/PIPELINE")
    assert ended.stderr.count("\n") == 1
