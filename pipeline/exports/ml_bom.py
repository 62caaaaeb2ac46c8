"""Writes the bill of materials of a run's model: its files, data and packages, and the figures of its model card.

Source: CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.distribution import DISTRIBUTION, installed_packages, own_version
from pipeline.exports.run import ExportedRun
from visage.data.datasets import terms_of
from visage.errors import VisageError
from visage.files import write_atomically
from visage.model_card.content import FIGURES
from visage.saved_model.metadata import ModelMetadata, TrainingProvenance, read_metadata
from visage.saved_model.pushing.signing import SIGNATURE_FILE

FILE = "ml_bom.cdx.json"

# Reads of a file whose hash is taken, in bytes.
_CHUNK = 1 << 20


def export_ml_bom(run: ExportedRun) -> str:
    """Writes the ML-BOM of a run into `<workspace>/<pipeline>/exports/<run>`; returns the file.

    Raises:
        VisageError: the run trained no model, or the file cannot be written.
    """
    bom = ml_bom(run)
    try:
        run.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VisageError(f"{run.folder}: cannot be made: {error.strerror}") from None
    write_atomically(run.folder / FILE, json.dumps(bom, indent=2, allow_nan=False, ensure_ascii=False) + "\n")
    return str(run.folder / FILE)


def ml_bom(run: ExportedRun) -> dict[str, Any]:
    """Returns the ML-BOM of a run's model as CycloneDX 1.6 JSON.

    Raises:
        VisageError: the run trained no model, or the files of the model or of its card are gone.
    """
    if run.model is None:
        raise VisageError(f"{run.record.run_id}: the run trained no model, so there is nothing to describe")
    try:
        metadata = read_metadata(run.model)
        files = list(_files(run.model))
    except (OSError, ValueError) as error:
        raise VisageError(f"{run.model}: cannot be read: {error}; run again") from error
    data = list(_data(metadata))
    libraries = list(_libraries())
    model = _model(run, metadata, files)
    name = f"{run.config.name}/{run.record.run_id}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'pkg:pypi/{DISTRIBUTION}/{name}')}",
        "version": 1,
        "metadata": {
            "timestamp": run.record.ended.isoformat(timespec="seconds"),
            "tools": {
                "components": [{"type": "application", "name": DISTRIBUTION, "version": own_version() or "unknown"}]
            },
            "component": model,
        },
        "components": [*data, *libraries],
        "dependencies": [{"ref": model["bom-ref"], "dependsOn": [one["bom-ref"] for one in (*data, *libraries)]}],
    }


def _model(run: ExportedRun, metadata: ModelMetadata, files: list[dict[str, Any]]) -> dict[str, Any]:
    trainer = run.config.trainer
    properties = {
        "visage:pipeline": run.config.name,
        "visage:run_id": run.record.run_id,
        "visage:pushed_version": run.version,
        "visage:initial_weights": trainer.weights and trainer.first_weights,
        "visage:teacher": trainer.distillation.teacher,
        "visage:parameters": metadata.parameters,
    }
    signed = any(file["name"] == SIGNATURE_FILE for file in files)
    return {
        "bom-ref": "model",
        "type": "machine-learning-model",
        "name": run.config.serving.model_name,
        "version": run.version or run.record.run_id,
        "description": "Estimates age and gender from an image of a face.",
        "properties": [
            *({"name": name, "value": str(value)} for name, value in properties.items() if value is not None),
            {"name": "visage:signed", "value": str(signed).lower()},
        ],
        "components": files,
        **_model_card(run),
    }


def _model_card(run: ExportedRun) -> dict[str, Any]:
    """Returns the object `modelCard` of the run's model card; nothing where the run wrote no card."""
    if run.model_card is None:
        return {}
    try:
        card = json.loads((run.model_card / FIGURES).read_bytes())
        return {"modelCard": {"bom-ref": "model-card", **card["modelCard"]}}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VisageError(f"{run.model_card}: the model card cannot be read: {error}; run again") from error


def _data(metadata: ModelMetadata) -> Iterator[dict[str, Any]]:
    """Yields a component for each data set of the model, its teacher and the model that it started from."""
    trainings = metadata.learned_from or []
    found: dict[tuple[str, bool | None], list[TrainingProvenance]] = {}
    for training in trainings:
        for source in training.sources or ():
            found.setdefault((source, training.drawn), []).append(training)
    for (source, drawn), users in found.items():
        of = "the model itself" if users[0] is trainings[0] else "its teacher or the model that it started from"
        yield _data_component(source, drawn, of)


def _data_component(source: str, drawn: bool | None, of: str) -> dict[str, Any]:
    name = f"sample portraits in the layout of {source}" if drawn else source
    terms = "" if drawn else "; ".join(terms_of(source))
    described = "Drawn portraits, nobody's face." if drawn else "Images of faces with ages and genders."
    component = {
        "bom-ref": f"data:{source}{':drawn' if drawn else ''}",
        "type": "data",
        "name": name,
        "description": f"{described} Training data of {of}.",
        "data": [{"type": "dataset", "name": name, **({} if drawn else {"classification": "personal data"})}],
    }
    if not drawn:
        component["licenses"] = [{"license": {"name": terms or "set by the owner of the images"}}]
    return component


def _libraries() -> Iterator[dict[str, Any]]:
    """Yields the packages that are installed where the run ended, by name."""
    versions: dict[str, str] = {}
    for name, version in installed_packages().items():
        versions.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)
    for name, version in sorted(versions.items()):
        purl = f"pkg:pypi/{name}@{version}"
        yield {"bom-ref": purl, "type": "library", "name": name, "version": version, "purl": purl}


def _files(model: Path) -> Iterator[dict[str, Any]]:
    """Yields the files of a model with their SHA-256, sorted."""
    for file in sorted(path for path in model.rglob("*") if path.is_file()):
        name = file.relative_to(model).as_posix()
        yield {
            "bom-ref": f"file:{name}",
            "type": "file",
            "name": name,
            "hashes": [{"alg": "SHA-256", "content": _sha256(file)}],
        }


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
