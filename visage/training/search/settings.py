"""Settings of the hyperparameter search, as they stand in a recipe."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from visage.settings import Settings


class TunerSettings(Settings):
    """The values of the recipe to search, and the number of trainings."""

    search: Mapping[str, Any] = Field({}, description="key to {min, max, log} or to a list of values; {}: no search")
    trials: int = Field(20, ge=1, le=10_000, description="trainings, at most")
    algorithm: Literal["bayesian", "random"] = "bayesian"
    epochs: int | None = Field(
        None, ge=1, le=10_000, description="of each trial, at most of its second phase; null: as trainer"
    )
    # KerasTuner treats 0 as no seed.
    seed: int = Field(1, ge=1, le=2**32 - 1)
