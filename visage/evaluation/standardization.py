"""Weighs records so that every age and gender counts alike, however often it occurs.

Source: Direct standardization, as in Rothman, Greenland and Lash, Modern epidemiology, 2008, chapter 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visage.data.labels import GENDERS
from visage.evaluation.predictions.table import Truths

# Upper ends of the strata, years; the last one is open. Narrow where the error grows fast with the age.
AGE_BANDS = (2.0, 6.0, 13.0, 19.0, 29.0, 39.0, 49.0, 59.0, 69.0)

# Of a stratum: fewer would get the weight of many, and no interval holds then.
LEAST_RECORDS = 10


@dataclass(frozen=True, eq=False)
class Standard:
    """Strata of n records, and the weight that each stratum is to have.

    Attributes:
        stratum: number of each record's stratum, int [n]; -1 where unknown or of few records, which gets no weight.
        weight: of each stratum, float [s], 0 or more.
    """

    stratum: np.ndarray
    weight: np.ndarray

    def reweigh(self, rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Returns weights of some records under which each stratum has its own weight.

        A stratum without a record is left out: a figure holds for the strata that a group has.

        Args:
            rows: indices of the records, int [m].
            weight: how often each record counts, float [r, m].

        Returns:
            float [r, m].
        """
        stratum = self.stratum[rows]
        counted = np.where(stratum >= 0, weight, 0)
        total = np.stack([np.bincount(stratum + 1, of_draw, len(self.weight) + 1)[1:] for of_draw in counted])
        factor = np.divide(self.weight, total, out=np.zeros_like(total), where=total > 0)
        counted *= factor.astype(weight.dtype)[:, stratum]
        return counted


def equal_ages_and_genders(truths: Truths) -> Standard:
    """Returns the standard whose strata, bands of age by gender, weigh the same where they have enough records."""
    band = _age_band(truths.age)
    gender = np.full(len(truths), -1)
    for index, name in enumerate(GENDERS):
        gender[truths.gender == name] = index
    stratum = np.where((band >= 0) & (gender >= 0), band * len(GENDERS) + gender, -1)
    count = np.bincount(stratum[stratum >= 0], minlength=(len(AGE_BANDS) + 1) * len(GENDERS))
    enough = count >= LEAST_RECORDS
    return Standard(np.where((stratum >= 0) & enough[stratum], stratum, -1), enough.astype(float))


def _age_band(age: np.ndarray) -> np.ndarray:
    """Returns the number of the band of each age; -1 of an unknown age."""
    return np.where(np.isnan(age), -1, np.searchsorted(AGE_BANDS, np.nan_to_num(np.floor(age))))
