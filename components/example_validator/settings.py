"""Settings of the validation of the data, as they stand in the configuration file."""

from typing import Annotated, Literal

from pydantic import Field

from components.settings import Settings

Limit = Annotated[float | None, Field(gt=0, le=1)]


class DistributionLimits(Settings):
    """How far each feature's distribution may lie from another one's; None: it is not compared.

    `gender`, `race` and `source`: L-infinity distance, the greatest change of any value's share.
    `age` and `age_group`: Jensen-Shannon divergence to base 2, from 0 (equal) to 1 (nothing in common).
    """

    gender: Limit = 0.1
    race: Limit = 0.1
    source: Limit = 0.1
    age: Limit = 0.05
    age_group: Limit = 0.05


class ValidationSettings(Settings):
    """What stops a run before it trains."""

    anomalies: Literal["stop", "warn"] = Field("stop", description="what an anomaly, drift or skew does to the run")
    min_examples: int = Field(500, ge=1, description="splits of fewer examples are compared with no other")
    drift: DistributionLimits = Field(
        DistributionLimits(), description="each split against the same split of the last run whose data passed"
    )
    skew: DistributionLimits = Field(DistributionLimits(), description="val and test against train")
