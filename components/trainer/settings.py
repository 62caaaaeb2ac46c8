"""Settings of the Trainer, as they stand in a recipe."""

from dataclasses import replace
from typing import Literal

from pydantic import Field, model_validator

from components.settings import Settings
from components.trainer.augmentation_settings import AugmentationSettings
from components.trainer.models import NETWORKS, AgeHead, GenderHead, NetworkSpec

Network = Literal["cnn_imdb_age", "cnn_imdb_gender", "cnn_utkface", "compact", "mobilenet", "resnet50", "vggface"]


class TrainerSettings(Settings):
    """A recipe's network and how it is trained."""

    network: Network = Field(description="a module of components/trainer/models")
    age_head: Literal[AgeHead, "none"] | None = Field(None, description="null: the network's own; none: no age")
    gender_head: Literal[GenderHead, "none"] | None = Field(None, description="the same for the gender")
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

    @model_validator(mode="after")
    def _has_a_head(self) -> "TrainerSettings":
        if self.spec.age_head is None and self.spec.gender_head is None:
            raise ValueError(f"{self.network} would learn nothing: set age_head or gender_head to something else")
        return self

    @property
    def spec(self) -> NetworkSpec:
        """The network with the heads that the recipe gives it."""
        own = NETWORKS[self.network]
        age = own.age_head if self.age_head is None else self.age_head
        gender = own.gender_head if self.gender_head is None else self.gender_head
        return replace(own, age_head=None if age == "none" else age, gender_head=None if gender == "none" else gender)
