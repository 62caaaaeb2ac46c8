"""Predictions for tests: a strategy for property-based tests, and one made by hand."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from visage.data.labels import age_group
from visage.evaluation.predictions import Predictions

_ages = st.floats(0, 100, width=32)
_fractions = st.floats(0, 1, width=32)


def of(
    ages: Sequence[float | None],
    predicted: Sequence[float],
    males: Sequence[float] | None = None,
    images: str = "picture",
) -> Predictions:
    """Records of these ages, None unknown, whose ages are `predicted`; P(male) is `males`.

    Their images are `images`-0, -1, and so on.
    """
    known = [np.nan if age is None else age for age in ages]
    groups = [-1 if age is None else age_group(age) for age in ages]
    return Predictions(
        keys=np.array([f"record-{number}" for number in range(len(ages))]),
        images=np.array([f"{images}-{number}" for number in range(len(ages))]),
        true_age=np.array(known, np.float32),
        true_age_group=np.array(groups),
        true_gender=np.array([number % 2 for number in range(len(ages))]),
        age=np.array(predicted, np.float32),
        age_group_probabilities=None,
        gender_probability=None if males is None else np.array(males, np.float32),
    )


@st.composite
def models(draw: st.DrawFn) -> list[Predictions]:
    """Draws the predictions of one to four models for the same one to eight records."""
    count = draw(st.integers(1, 8))
    truth = draw(st.lists(st.one_of(st.none(), _ages), min_size=count, max_size=count))
    predicted = [draw(st.lists(_ages, min_size=count, max_size=count)) for _ in range(draw(st.integers(1, 4)))]
    males = [draw(st.lists(_fractions, min_size=count, max_size=count)) for _ in predicted]
    return [of(truth, ages, probabilities) for ages, probabilities in zip(predicted, males, strict=True)]
