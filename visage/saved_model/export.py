"""Writes a trained network as a SavedModel that a server can load without further files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from visage.faces.settings import AlignmentSettings
from visage.files import atomic_folder
from visage.networks import NetworkSpec
from visage.saved_model.metadata import (
    ASSETS_EXTRA,
    Calibration,
    ModelMetadata,
    ThirdParty,
    TrainingProvenance,
    write_metadata,
)
from visage.saved_model.signatures import FaceModel
from visage.saved_model.suspect_labels import write_suspect_labels
from visage.saved_model.training_history import PhaseHistory, write_history
from visage.saved_model.warmup_requests import write_warm_up_requests


def export(
    network: keras.Model,
    spec: NetworkSpec,
    alignment: AlignmentSettings,
    directory: str,
    learned_from: list[TrainingProvenance] | None = None,
    calibration: Calibration | None = None,
    history: Sequence[PhaseHistory] = (),
    third_party: ThirdParty | None = None,
    suspect_labels: Mapping[str, Any] | None = None,
) -> None:
    """Writes the SavedModel with its three signatures, warm-up requests and `visage.json`.

    All files are written beside `directory` and renamed at the end, so `directory` is complete whenever it exists.
    Leftovers of a killed attempt of the same execution are replaced.

    Args:
        network: trained; built by `spec`.
        spec: the network's heads and input.
        alignment: geometry of the crops that it was trained on.
        directory: the SavedModel.
        learned_from: provenance of the network's training data; None: not recorded.
        calibration: temperatures of the network's heads; None: the model predicts the network's own probabilities.
        history: the metrics of each epoch of its training, by phase; empty: not recorded.
        third_party: what is known of a network that other people trained; None: VisAge trained it.
        suspect_labels: counts of its training labels that look wrong; None: they were not judged.
    """
    model = FaceModel(network, spec, alignment, calibration)
    final = Path(directory)
    final.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(final, ignore_errors=True)
    with atomic_folder(final, final.with_name(f"{final.name}.partial")) as partial:
        tf.saved_model.save(
            model,
            str(partial),
            signatures={
                "serving_default": model.serving_default,
                "align_and_predict": model.align_and_predict,
                "evaluate": model.evaluate,
            },
        )
        metadata = ModelMetadata(
            network=spec.name,
            input_size=spec.input_size,
            channels=spec.channels,
            tta_flip=spec.tta_flip,
            alignment=alignment.model_dump(),
            parameters=network.count_params(),
            learned_from=learned_from,
            calibration=calibration,
            third_party=third_party,
        )
        write_metadata(partial, metadata)
        if history:
            write_history(partial, history)
        if suspect_labels is not None:
            write_suspect_labels(partial, suspect_labels)
        write_warm_up_requests(str(partial / ASSETS_EXTRA / "tf_serving_warmup_requests"), alignment)
