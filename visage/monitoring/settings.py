"""Settings of the comparison of requests with the model's test data, as they stand in the configuration file."""

from typing import Annotated

from pydantic import Field

from visage.settings import Settings

Limit = Annotated[float | None, Field(gt=0, le=1)]


class MonitorLimits(Settings):
    """Limits on the distance of each feature's distribution from that of the model's test data; None: not limited.

    `gender`, `crop_size` and `outcome`: L-infinity distance, the greatest change of any value's fraction. The others:
    Jensen-Shannon divergence to base 2. Predictions have the limits of `validation.drift`; images vary more.
    """

    age: Limit = 0.1
    age_group: Limit = 0.05
    age_span: Limit = 0.1
    gender: Limit = 0.1
    gender_probability: Limit = 0.1
    blur: Limit = 0.2
    light: Limit = 0.2
    face_size: Limit = 0.2
    roll: Limit = 0.2
    crop_size: Limit = 0.1
    crop_bytes: Limit = 0.2
    crop_jpeg_quality: Limit = 0.2
    photo_pixels: Limit = 0.2
    photo_bytes: Limit = 0.2
    photo_jpeg_quality: Limit = 0.2
    outcome: Limit = 0.1


class MonitorSettings(Settings):
    """When `visage monitor` reports drift.

    Two samples of 200 faces from one distribution differ in a fraction of one half by 0.05 (standard error), and the
    limit of 0.1 is two of these. The test data are more, as a rule, and then it is nearly three.
    """

    min_faces: int = Field(200, ge=1, description="a distribution of fewer faces, or requests, is compared with none")
    limits: MonitorLimits = Field(MonitorLimits(), description="a distance above its limit is drift")
