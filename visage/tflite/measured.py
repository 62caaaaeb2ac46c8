"""Holds the figures of an exported model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from visage.tflite.latency import Latency
from visage.tflite.quality import Quality


@dataclass(frozen=True)
class Measured:
    """The size, latency and quality of a model.

    Attributes:
        size: bytes.
        milliseconds: from one image's pixels to its outputs, on one thread of this machine.
        quality: on the test split.
    """

    size: int
    milliseconds: Latency
    quality: Quality

    def to_json(self) -> dict[str, Any]:
        """Returns the object that the JSON file beside the exported models contains."""
        return {**asdict(self), "quality": self.quality.to_json()}
