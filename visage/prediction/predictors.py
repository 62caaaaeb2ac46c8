"""Runs a model in this process."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from visage.faces.settings import AlignmentSettings
from visage.paths import StrPath
from visage.prediction.loaded_model import LoadedModel, find_model, identity_of, load_model, metadata_of
from visage.prediction.output_rows import output_rows


class ModelPredictor:
    """A loaded model in this process."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model

    @property
    def alignment(self) -> AlignmentSettings:
        """Returns the geometry of the model's crops."""
        return self._model.alignment

    def predict(self, crops: Sequence[bytes]) -> list[dict[str, Any]]:
        """Returns the model's outputs for each JPEG crop, as plain Python values by output name."""
        images = np.empty(len(crops), dtype=object)
        images[:] = crops
        return output_rows(self._model.run({"image_bytes": images}))


class FolderPredictor:
    """The model of a folder in this process, loaded with the first crops, since many photos have none.

    Args:
        folder: a SavedModel, or the folder of its numbered versions.

    Raises:
        VisageError: there is no model, or it is not one of VisAge's.
    """

    def __init__(self, folder: StrPath) -> None:
        self._folder = find_model(Path(folder))
        metadata = metadata_of(self._folder)
        self.alignment = metadata.alignment_settings()
        self.identity = identity_of(self._folder, metadata)

    def predict(self, crops: Sequence[bytes]) -> list[dict[str, Any]]:
        """Returns the model's outputs, as `ModelPredictor.predict` does."""
        return self._predictor.predict(crops)

    @cached_property
    def _predictor(self) -> ModelPredictor:
        return ModelPredictor(load_model(self._folder))
