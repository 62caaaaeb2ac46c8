"""The networks a recipe can name. Light to import: a network's module loads Keras only when it is built.

Every network maps pixels float32 [N, input_size, input_size, channels] in 0..255 to a dictionary of raw outputs:
`age`, either years [N, 1] (head "regression") or logits [N, 101] (head "distribution"), and `gender`, logits [N, 1]
of P(male).
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import keras

AgeHead = Literal["regression", "distribution"]


@dataclass(frozen=True)
class NetworkSpec:
    """What the rest of the Trainer must know of a network before it is built."""

    module: str
    input_size: int
    channels: int
    age_head: AgeHead

    def build(self) -> keras.Model:
        """A new network with random weights, drawn from Keras's global seed."""
        network: keras.Model = importlib.import_module(self.module).build(self.input_size, self.channels)
        return network


NETWORKS: dict[str, NetworkSpec] = {
    "cnn_utkface": NetworkSpec(f"{__name__}.cnn_utkface", input_size=64, channels=1, age_head="regression"),
    "compact": NetworkSpec(f"{__name__}.compact", input_size=64, channels=3, age_head="distribution"),
}
