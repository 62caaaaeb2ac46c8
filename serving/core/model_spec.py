"""Names the version of a model that a request wants."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelSpec:
    """What a request names; without a version and a label the newest version.

    Attributes:
        name: the model.
        version: its number.
        label: a label of `models.config` in place of the number.
    """

    name: str
    version: int | None = None
    label: str | None = None

    def __str__(self) -> str:
        """Returns it as TensorFlow Serving writes it: "Latest(visage)", "Specific(visage, 7)"."""
        return f"Latest({self.name})" if self.version is None else f"Specific({self.name}, {self.version})"
