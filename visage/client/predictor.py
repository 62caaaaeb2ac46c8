"""Predicts crops by a client, for what takes any kind of model."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from visage.client.served_model import ServedModel
from visage.client.sync_client import Client
from visage.faces.settings import AlignmentSettings
from visage.paths import StrPath
from visage.saved_model.identity import ModelIdentity


class ServerPredictor:
    """The model of a server.

    Args:
        client: of the server.
        alignment_of: folder of the served model, which has the crops' geometry and the training data; None: the server
            reports them.
        note: called with one line about each assumption.

    Raises:
        VisageError: there is no model in `alignment_of`.
    """

    def __init__(self, client: Client, alignment_of: StrPath | None, note: Callable[[str], None]) -> None:
        self._client = client
        self._model = ServedModel(client.operations, alignment_of, note)

    @cached_property
    def alignment(self) -> AlignmentSettings:
        """Returns the geometry of the model's crops."""
        return self._client.run(self._model.alignment())

    @cached_property
    def identity(self) -> ModelIdentity:
        """Returns the model's identity."""
        return self._client.run(self._model.identity())

    def predict(self, crops: Sequence[bytes]) -> list[dict[str, Any]]:
        """Returns the model's outputs for each JPEG crop, as plain Python values by output name."""
        return self._client.predict_crops(crops)
