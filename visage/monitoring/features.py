"""Lists what is counted of requests, with the bins of each histogram and the measure of its distance."""

import math
from dataclasses import dataclass
from typing import Literal

Measure = Literal["L-infinity distance", "Jensen-Shannon divergence"]

L_INFINITY: Measure = "L-infinity distance"
JENSEN_SHANNON: Measure = "Jensen-Shannon divergence"

# Different values of one feature. Further ones are counted together, so that no client can fill the memory.
MOST_VALUES = 50
OTHER = "other"
ANSWERED = "answered"


@dataclass(frozen=True)
class Feature:
    """One feature.

    Attributes:
        name: as in the files and in `MonitorLimits`.
        title: for people.
        measure: TFDV's distance that compares two of its distributions.
        edges: of the histogram, increasing; a value beyond an end counts in the bin at that end. Empty: the values are
            texts, each counted.
        unit: of the values, for people.
        is_per_request: whether requests are counted; else faces.
    """

    name: str
    title: str
    measure: Measure
    edges: tuple[float, ...] = ()
    unit: str = ""
    is_per_request: bool = False

    @property
    def is_number(self) -> bool:
        """Returns whether its values are numbers."""
        return bool(self.edges)


def _even(low: float, high: float, bins: int) -> tuple[float, ...]:
    return tuple(low + (high - low) * place / bins for place in range(bins + 1))


def _powers(low: float, high: float, bins_a_doubling: int) -> tuple[float, ...]:
    """Returns edges from 0, then from `low` to `high`, each the same factor above the one before."""
    bins = round(math.log2(high / low) * bins_a_doubling)
    return (0.0, *(low * 2 ** (place / bins_a_doubling) for place in range(bins + 1)))


# Coarse on purpose: by chance alone, samples of 200 and 1,000 of one distribution differ by 0.02 in 20 bins, and by
# 0.11 in 101.
_FEATURES = (
    Feature("age", "predicted age", JENSEN_SHANNON, _even(0, 100, 20), "years"),
    Feature("age_group", "predicted age group", JENSEN_SHANNON),
    Feature("age_span", "80 % span of the predicted age", JENSEN_SHANNON, _even(0, 100, 20), "years"),
    Feature("gender", "predicted gender", L_INFINITY),
    Feature("gender_probability", "P(male)", JENSEN_SHANNON, _even(0, 1, 20)),
    Feature("blur", "blur of the crop", JENSEN_SHANNON, _powers(4, 16384, 1), "variance of the Laplacian"),
    Feature("light", "light of the crop", JENSEN_SHANNON, _even(0, 256, 16), "grey level"),
    Feature("face_size", "eye distance in the photo", JENSEN_SHANNON, _powers(4, 2048, 2), "pixels"),
    Feature("roll", "roll of the face in the photo", JENSEN_SHANNON, _even(-180, 180, 24), "degrees"),
    Feature("crop_size", "size of the crop", L_INFINITY, unit="pixels"),
    Feature("crop_bytes", "file size of the crop", JENSEN_SHANNON, _powers(512, 2**22, 1), "bytes"),
    Feature("crop_jpeg_quality", "JPEG quality of the crop", JENSEN_SHANNON, _even(0, 100, 20)),
    Feature("photo_pixels", "size of the photo", JENSEN_SHANNON, _powers(0.0625, 64, 1), "megapixels"),
    Feature("photo_bytes", "file size of the photo", JENSEN_SHANNON, _powers(4096, 2**26, 1), "bytes"),
    Feature("photo_jpeg_quality", "JPEG quality of the photo", JENSEN_SHANNON, _even(0, 100, 20)),
    Feature("outcome", "outcome of the requests", L_INFINITY, is_per_request=True),
)

FEATURES = {feature.name: feature for feature in _FEATURES}
"""By name, in the order in which they are shown."""
