"""Lists the splits, and the split protocols that the settings name."""

from dataclasses import dataclass

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Protocol:
    """The split that the literature uses for a data set without a published one.

    Attributes:
        min_age, max_age: completed years; other records are left out.
        train, val, test: fractions of the identities.
    """

    min_age: int
    max_age: int
    train: float
    val: float
    test: float


PROTOCOLS = {
    # Cao, Mirjalili, Raschka: Rank consistent ordinal regression (CORAL), 2020: ages 21 to 60, four fifths train.
    # If a paper has a val split, it is part of its train split, as here.
    "utkface_21_60": Protocol(21, 60, train=0.72, val=0.08, test=0.2),
    "utkface_80_20": Protocol(0, 120, train=0.72, val=0.08, test=0.2),
    # Repeated five times, `repeat` 0 to 4.
    "utkface_60_20_20": Protocol(0, 120, train=0.6, val=0.2, test=0.2),
}
