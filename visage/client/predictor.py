"""Predicts crops by a server, for what takes any kind of model."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from visage.client.operations import Operations
from visage.client.plans import Plan
from visage.client.served_model import ServedModel
from visage.faces.settings import AlignmentSettings
from visage.paths import StrPath
from visage.saved_model.identity import ModelIdentity


class ServerPredictor:
    """The model of a server.

    Args:
        operations: of the client.
        run: takes the steps of a plan of the client.
        alignment_of: folder of the served model, which has the crops' geometry and the training data; None: the server
            reports them.
        note: called with one line about each assumption.

    Raises:
        VisageError: there is no model in `alignment_of`.
    """

    def __init__(
        self,
        operations: Operations,
        run: Callable[[Plan[Any]], Any],
        alignment_of: StrPath | None,
        note: Callable[[str], None],
    ) -> None:
        self._operations = operations
        self._run = run
        self._model = ServedModel(operations, alignment_of, note)

    @cached_property
    def alignment(self) -> AlignmentSettings:
        """Returns the geometry of the model's crops."""
        settings: AlignmentSettings = self._run(self._model.alignment())
        return settings

    @property
    def identity(self) -> ModelIdentity:
        """Returns the model's identity."""
        identity: ModelIdentity = self._run(self._model.identity())
        return identity

    def predict(self, crops: Sequence[bytes]) -> list[dict[str, Any]]:
        """Returns the model's outputs for each JPEG crop, as plain Python values by output name."""
        rows: list[dict[str, Any]] = self._run(self._operations.predict_crops(crops))
        return rows
