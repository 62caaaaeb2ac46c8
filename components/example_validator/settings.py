"""Settings of the validation of the data, as they stand in the configuration file."""

from typing import Annotated, Literal

from pydantic import Field

from visage.settings import Settings

Limit = Annotated[float | None, Field(gt=0, le=1)]


class DistributionLimits(Settings):
    """Limits on the distance of each feature's distribution from another one's; None: not compared.

    `gender`, `race` and `source`: L-infinity distance, the greatest change of any value's fraction.
    `age` and `age_group`: Jensen-Shannon divergence to base 2, from 0 (equal) to 1 (nothing in common).
    """

    gender: Limit = 0.1
    race: Limit = 0.1
    source: Limit = 0.1
    age: Limit = 0.1
    age_group: Limit = 0.05


class SkewLimits(DistributionLimits):
    """Limits between the splits of one run. They are wider, because the splits distribute people, not images.

    Some of Adience's 2,284 people have hundreds of images. Its five published folds differ by up to 0.12 (gender) and
    0.07 (age group) from the other four, twelve splits by identity by up to 0.24 and 0.15 from train.
    """

    gender: Limit = 0.3
    race: Limit = 0.3
    source: Limit = 0.3
    age: Limit = 0.2
    age_group: Limit = 0.2


class ValidationSettings(Settings):
    """Conditions that stop a run before the training.

    Two samples of 500 examples from one distribution differ in a fraction of one half by 0.032 (standard error,
    sqrt(2 * 0.25 / 500)). Three standard errors, 0.095, are just below the limit of drift, 0.1.
    """

    anomalies: Literal["stop", "warn"] = Field("stop", description="what an anomaly, drift or skew does to the run")
    min_examples: int = Field(500, ge=1, description="splits of fewer examples are compared with no other")
    drift: DistributionLimits = Field(
        DistributionLimits(), description="each split against the same split of the last run whose data passed"
    )
    skew: SkewLimits = Field(SkewLimits(), description="val and test against train")
