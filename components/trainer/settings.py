"""Settings of the Trainer, as they stand in a recipe."""

from typing import Literal

from pydantic import Field

from components.settings import Settings
from components.trainer.augmentation_settings import AugmentationSettings

Network = Literal["cnn_utkface", "compact"]


class TrainerSettings(Settings):
    """A recipe's network and how it is trained."""

    network: Network = Field(description="a module of components/trainer/models")
    epochs: int = Field(ge=1, le=10_000)
    batch_size: int = Field(64, ge=1, le=65_536, description="records a step")
    learning_rate: float = Field(gt=0, le=10, description="highest rate of the schedule")
    schedule: Literal["constant", "cosine"] = Field("cosine", description="cosine: falls to 0 over all the epochs")
    weight_decay: float = Field(0.0, ge=0, le=1, description="decoupled (AdamW)")
    label_sigma: float = Field(2.5, ge=0, le=20, description="years; width of the age label distribution, 0: one-hot")
    augmentation: AugmentationSettings = AugmentationSettings()
    early_stopping_patience: int | None = Field(
        None, ge=1, description="epochs without a better validation loss; null: never"
    )
    seed: int = Field(1, ge=0, le=2**32 - 1)
