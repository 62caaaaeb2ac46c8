"""The ML-BOM: the fields that CycloneDX 1.6 requires, and what it says of the model."""

import hashlib
import importlib.metadata
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.exports.ml_bom import export_ml_bom, ml_bom
from pipeline.exports.run import ExportedRun
from tests.pipeline.exports.runs import ended_run, failed_run
from tests.visage.model_card.cyclonedx_schema import MODEL_CARD, check
from visage.errors import VisageError
from visage.saved_model.metadata import TrainingProvenance, read_metadata, write_metadata


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ExportedRun:
    """Read it, never change it."""
    return ended_run(tmp_path_factory.mktemp("run"))


@pytest.fixture
def bom(run: ExportedRun) -> dict[str, Any]:
    return ml_bom(run)


def components(bom: dict[str, Any]) -> list[dict[str, Any]]:
    model = bom["metadata"]["component"]
    return [model, *model["components"], *bom["components"]]


def test_the_document_has_what_cyclonedx_requires(bom: dict[str, Any]) -> None:
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bom["serialNumber"])
    assert all(component["type"] and component["name"] for component in components(bom))
    kinds = {component["type"] for component in components(bom)}
    assert kinds == {"machine-learning-model", "file", "data", "library"}
    refs = [component["bom-ref"] for component in components(bom)]
    assert len(refs) == len(set(refs))
    named = [ref for one in bom["dependencies"] for ref in (one["ref"], *one["dependsOn"])]
    assert {*named} <= {*refs}


def test_the_model_is_named_by_its_version_with_the_hashes_of_its_files(bom: dict[str, Any], run: ExportedRun) -> None:
    model = bom["metadata"]["component"]
    assert (model["type"], model["name"], model["version"]) == ("machine-learning-model", "visage", "17")
    assert run.model is not None
    hashes = {file["name"]: file["hashes"] for file in model["components"]}
    assert hashes.keys() == {"saved_model.pb", "assets.extra/visage.json"}
    graph = hashlib.sha256((run.model / "saved_model.pb").read_bytes()).hexdigest()
    assert hashes["saved_model.pb"] == [{"alg": "SHA-256", "content": graph}]


def test_the_model_has_the_model_card_of_its_run(bom: dict[str, Any], run: ExportedRun) -> None:
    assert run.model_card is not None
    card = json.loads((run.model_card / "model_card.json").read_text())
    described = dict(bom["metadata"]["component"]["modelCard"])
    assert described.pop("bom-ref") == "model-card"
    assert described == card["modelCard"]
    check(described, MODEL_CARD)


def test_a_run_without_a_model_card_has_a_bom_without_its_figures(run: ExportedRun) -> None:
    assert "modelCard" not in ml_bom(replace(run, model_card=None))["metadata"]["component"]


def test_a_model_card_that_is_gone_is_an_error_of_one_line(run: ExportedRun, tmp_path: Path) -> None:
    with pytest.raises(VisageError, match="the model card cannot be read"):
        ml_bom(replace(run, model_card=tmp_path))


def test_data_have_their_terms_those_of_the_teacher_too(tmp_path: Path) -> None:
    run = ended_run(tmp_path)
    assert run.model is not None
    metadata = read_metadata(run.model)
    teacher = TrainingProvenance(sources=["utkface", "labelled_folder/mine"], split={}, drawn=False)
    drawn = TrainingProvenance(sources=["utkface"], split={}, drawn=True)
    write_metadata(run.model, replace(metadata, learned_from=[*(metadata.learned_from or []), teacher, drawn]))
    data = {one["bom-ref"]: one for one in ml_bom(run)["components"] if one["type"] == "data"}
    assert "academic (non-commercial) research only" in data["data:imdb_wiki"]["licenses"][0]["license"]["name"]
    assert data["data:imdb_wiki"]["description"].endswith("Training data of the model itself.")
    assert "non-commercial" in data["data:utkface"]["licenses"][0]["license"]["name"]
    assert data["data:utkface"]["description"].endswith("of its teacher or the model that it started from.")
    assert data["data:labelled_folder/mine"]["licenses"] == [{"license": {"name": "set by the owner of the images"}}]
    assert "licenses" not in data["data:utkface:drawn"]


def test_libraries_have_the_installed_versions(bom: dict[str, Any]) -> None:
    libraries = {one["name"]: one for one in bom["components"] if one["type"] == "library"}
    version = importlib.metadata.version("numpy")
    assert libraries["numpy"]["version"] == version
    assert libraries["numpy"]["purl"] == f"pkg:pypi/numpy@{version}"


def test_the_file_is_in_the_folder_of_the_run_and_the_same_each_time(run: ExportedRun) -> None:
    path = Path(export_ml_bom(run))
    assert path == run.config.root / "exports" / run.record.run_id / "ml_bom.cdx.json"
    first = path.read_bytes()
    assert json.loads(first) == ml_bom(run)
    export_ml_bom(run)
    assert path.read_bytes() == first
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_run_id_of_a_scheduler_is_one_folder(run: ExportedRun) -> None:
    scheduled = replace(run, record=replace(run.record, run_id="manual/2026-12-01T09:30:00+00:00"))
    assert scheduled.folder == run.config.root / "exports" / "manual_2026-12-01T09_30_00_00_00"


def test_a_run_without_a_model_has_no_bom(run: ExportedRun) -> None:
    with pytest.raises(VisageError, match="the run trained no model, so there is nothing to describe"):
        ml_bom(failed_run(run))


def test_a_model_that_is_gone_is_an_error_of_one_line(run: ExportedRun, tmp_path: Path) -> None:
    with pytest.raises(VisageError, match="cannot be read"):
        ml_bom(replace(run, model=tmp_path / "gone"))
