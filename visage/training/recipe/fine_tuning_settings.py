"""Defines the settings of a recipe's second phase, fine-tuning."""

from pydantic import Field

from visage.settings import Settings


class FineTuningSettings(Settings):
    """The training of the whole network after that of the layers that are not frozen."""

    epochs: int = Field(0, ge=0, le=10_000, description="0: frozen layers stay as they are")
    learning_rate: float = Field(1e-4, gt=0, le=10, description="highest rate of the schedule")
    layer_decay: float = Field(
        1.0, gt=0, le=1, description="factor of the rate from a layer that was frozen to the one before"
    )
