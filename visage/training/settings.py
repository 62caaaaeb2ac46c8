"""Defines the settings of the Trainer in a recipe."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from visage.errors import quoted
from visage.networks import NETWORKS, AgeHead, GenderHead, NetworkSpec, Pretrained, networks_that_fit
from visage.networks.trunks import Trunk, joined
from visage.settings import LocalPath, Settings
from visage.training.recipe.augmentation_settings import AugmentationSettings
from visage.training.recipe.distillation_settings import TAUGHT_AGE_HEADS, DistillationSettings
from visage.training.recipe.fine_tuning_settings import FineTuningSettings
from visage.training.recipe.schedule_settings import ReduceOnPlateau, StepSchedule

if TYPE_CHECKING:
    Network = str
else:
    Network = Literal[tuple(NETWORKS)]
_PRETRAINED: tuple[Pretrained, ...] = get_args(Pretrained)
# Sources of starting weights besides files.
_STARTS = (*_PRETRAINED, "blessed")
# Steps. A training of fewer is short, and needs no warning that it leaves no checkpoint.
CHECKPOINT_STEPS = 500


class TrainerSettings(Settings):
    """The network of a recipe and its training."""

    network: Network = Field(description="a module of visage/networks")
    input_size: int | None = Field(None, ge=32, le=1024, description="pixels; null: the network's own")
    age_head: Literal[AgeHead, "none"] | None = Field(None, description="null: the network's own; none: no age")
    gender_head: Literal[GenderHead, "none"] | None = Field(None, description="the same for the gender")
    weights: LocalPath | dict[Trunk, LocalPath] | None = Field(
        None, description="dlib, imagenet, blessed or a file; of several trunks one for each; null: random"
    )
    freeze: int | str | tuple[str, ...] | None = Field(
        None, description="number of first layers, or how the names of the layers begin"
    )
    fine_tuning: FineTuningSettings = FineTuningSettings()
    distillation: DistillationSettings = DistillationSettings()
    tta_flip: bool = Field(False, description="predict the mean over an image and its mirror image")
    calibration: Literal["none", "temperature"] = Field("none", description="of the probabilities, on the split val")
    epochs: int = Field(ge=1, le=10_000)
    epoch_size: int | None = Field(None, ge=1, description="records an epoch, drawn again each time; null: all")
    batch_size: int = Field(64, ge=1, le=65_536, description="records of one update, over all devices")
    gradient_accumulation_steps: int = Field(
        1, ge=1, le=65_536, description="parts of a batch, one after another in memory"
    )
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    momentum: float = Field(0.9, ge=0, lt=1, description="of sgd")
    learning_rate: float = Field(gt=0, le=10, description="highest rate of the schedule")
    schedule: Literal["constant", "cosine"] = Field("cosine", description="cosine: falls to 0 over all the epochs")
    warmup_steps: int = Field(0, ge=0, le=1_000_000, description="updates during which the rate rises from 0; 0: none")
    step_schedule: StepSchedule = StepSchedule()
    reduce_on_plateau: ReduceOnPlateau = ReduceOnPlateau()
    weight_decay: float = Field(0.0, ge=0, le=1, description="decoupled, as AdamW's, of all but biases and scales")
    label_sigma: float = Field(2.5, ge=0, le=20, description="years; width of the age label distribution, 0: one-hot")
    augmentation: AugmentationSettings = AugmentationSettings()
    early_stopping_patience: int | None = Field(
        None, ge=1, description="epochs without a better validation loss; null: never"
    )
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = Field("float32", description="while training")
    jit_compile: bool = Field(False, description="compile steps by XLA")
    checkpoint_steps: int = Field(
        CHECKPOINT_STEPS, ge=1, description="steps between checkpoints, from which a killed training resumes"
    )
    seed: int = Field(1, ge=0, le=2**32 - 1)

    @field_validator("freeze", mode="before")
    @classmethod
    def _counts_or_names(cls, freeze: object) -> object:
        if isinstance(freeze, bool):
            raise ValueError(f"must be a number of layers, how their names begin, or null, not {str(freeze).lower()}")
        if freeze in ([], ()):
            raise ValueError("must be a number of layers, how their names begin, or null, not an empty list")
        return freeze

    @field_validator("gradient_accumulation_steps")
    @classmethod
    def _parts_are_equal(cls, parts: int, info: ValidationInfo) -> int:
        batch_size = info.data.get("batch_size")
        if batch_size is not None and batch_size % parts:
            raise ValueError(f"must divide batch_size, {batch_size}")
        return parts

    @field_validator("input_size")
    @classmethod
    def _fits_the_network(cls, size: int | None, info: ValidationInfo) -> int | None:
        own = NETWORKS.get(info.data.get("network", ""))
        if size is not None and own is not None and not own.any_size and size != own.input_size:
            able = ", ".join(name for name, network in NETWORKS.items() if network.any_size)
            raise ValueError(f"{own.name} takes {own.input_size} pixels alone, not {size}; others take any: {able}")
        return size

    @field_validator("weights")
    @classmethod
    def _are_known(cls, weights: str | dict[Trunk, str] | None) -> str | dict[Trunk, str] | None:
        if isinstance(weights, str) and weights not in _STARTS and not weights.endswith((".h5", ".keras")):
            raise ValueError(f"must be {', '.join(_STARTS)}, a file *.h5 or *.keras, or null, not {quoted(weights)}")
        if isinstance(weights, dict) and weights.get("dlib", "dlib") != "dlib":
            raise ValueError(f"dlib must be dlib, the package that carries its weights, not {quoted(weights['dlib'])}")
        return weights

    @model_validator(mode="after")
    def _weights_fit(self) -> "TrainerSettings":
        for weights in _PRETRAINED:
            if self.weights == weights and weights not in self.spec.pretrained:
                fitting = " or ".join(networks_that_fit(weights))
                raise ValueError(f"weights {weights} fit the network {fitting}, not {self.network}")
        if isinstance(self.weights, dict) and (not self.weights or set(self.weights) != set(self.spec.trunks)):
            trunks = " and ".join(self.spec.trunks) or "no trunks"
            raise ValueError(f"weights name {' and '.join(self.weights) or 'no trunk'}; {self.network} has {trunks}")
        return self

    @model_validator(mode="after")
    def _teacher_fits_the_student(self) -> "TrainerSettings":
        if self.distillation.teacher is not None and self.spec.age_head not in (None, *TAUGHT_AGE_HEADS):
            heads = " or ".join(TAUGHT_AGE_HEADS)
            raise ValueError(f"distillation.teacher supports the age_head {heads}, not {self.spec.age_head}")
        return self

    @model_validator(mode="after")
    def _something_is_unfrozen(self) -> "TrainerSettings":
        if self.fine_tuning.epochs and self.freeze is None:
            raise ValueError("fine_tuning has no frozen layers to unfreeze: set freeze, or fine_tuning.epochs to 0")
        return self

    @property
    def weights_file(self) -> Path | None:
        """Returns the file, or a trunk's folder, that `weights` names; None if it names another start."""
        named = self.weights.get("faceres") if isinstance(self.weights, dict) else self.weights
        return None if named is None or named in _STARTS else Path(named)

    @property
    def first_weights(self) -> str:
        """Returns the start as a model records it: 'random' without weights, of a file its name, or its trunks."""
        if isinstance(self.weights, dict):
            return joined(self.weights)
        file = self.weights_file
        return file.name if file is not None else self.weights or "random"

    @property
    def of_head(self) -> "TrainerSettings":
        """Returns the recipe of the first phase.

        If a second phase follows, mirroring is the only augmentation, so that frozen layers run once for each image.
        """
        if not self.fine_tuning.epochs:
            return self
        return self.model_copy(update={"augmentation": self.augmentation.flip_only})

    @property
    def of_fine_tuning(self) -> "TrainerSettings":
        """Returns the recipe of the second phase."""
        second = self.fine_tuning
        return self.model_copy(update={"epochs": second.epochs, "learning_rate": second.learning_rate})

    def leaves_no_checkpoint(self, steps: int) -> bool:
        """Returns whether a phase of `steps` steps ends before the first checkpoint, unless the phase is short."""
        return self.checkpoint_steps > max(steps, CHECKPOINT_STEPS)

    @property
    def step_size(self) -> int:
        """Returns the number of records that are in memory at the same time."""
        return self.batch_size // self.gradient_accumulation_steps

    @model_validator(mode="after")
    def _has_a_head(self) -> "TrainerSettings":
        if self.spec.age_head is None and self.spec.gender_head is None:
            raise ValueError(f"{self.network} would learn nothing: set age_head or gender_head to something else")
        return self

    @model_validator(mode="after")
    def _has_logits_to_calibrate(self) -> "TrainerSettings":
        if self.calibration != "none" and self.spec.age_head in (None, "regression") and self.spec.gender_head is None:
            raise ValueError(
                f"calibration {self.calibration} needs a head with probabilities, and age_head regression alone has "
                "none: set calibration to none, or add a gender_head"
            )
        return self

    @property
    def spec(self) -> NetworkSpec:
        """Returns the network with the heads of the recipe."""
        own = NETWORKS[self.network]
        age = own.age_head if self.age_head is None else self.age_head
        gender = own.gender_head if self.gender_head is None else self.gender_head
        return replace(
            own,
            input_size=self.input_size or own.input_size,
            age_head=None if age == "none" else age,
            gender_head=None if gender == "none" else gender,
            tta_flip=self.tta_flip,
        )
