"""Prediction tables for tests: made by hand, and a strategy for property-based tests."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from visage.data.labels import GENDERS, UNKNOWN
from visage.evaluation.predictions.table import CANDIDATE, ModelOutputs, PredictionTable, Truths

_ages = st.floats(0, 100, width=32)
_fractions = st.floats(0, 1, width=32)


def truths_of(
    ages: Sequence[float | None],
    genders: Sequence[str] | None = None,
    races: Sequence[str] | None = None,
    identities: Sequence[str] | None = None,
    images: str = "image",
) -> Truths:
    """Makes labels of records of these ages; None is unknown.

    Args:
        ages: years.
        genders: without them women and men in turn.
        races: without them unknown.
        identities: without them each record shows a person of its own.
        images: their digests are `images`-0, -1, and so on.
    """
    count = len(ages)
    known = np.array([np.nan if age is None else age for age in ages], np.float32)
    return Truths(
        key=np.array([f"record-{number:05d}" for number in range(count)]),
        image_digest=np.array([f"{images}-{number}" for number in range(count)]),
        identity=np.array(identities or [f"person-{number}" for number in range(count)]),
        source=np.array(["team"] * count),
        gender=np.array(genders or [GENDERS[number % 2] for number in range(count)]),
        race=np.array(races or [UNKNOWN] * count),
        age_low=known,
        age_high=known,
        apparent_age=np.full((count, 2), np.nan, np.float32),
    )


def table_of(
    ages: Sequence[float | None],
    predicted: Sequence[float],
    males: Sequence[float] | None = None,
    images: str = "image",
) -> PredictionTable:
    """Makes records of these ages whose ages are `predicted`; P(male) is `males`."""
    return PredictionTable(truths_of(ages, images=images), {CANDIDATE: outputs_of(predicted, males)})


def outputs_of(predicted: Sequence[float], males: Sequence[float] | None = None) -> ModelOutputs:
    """Makes the outputs of a model that predicts these ages and P(male)."""
    return ModelOutputs(
        age=np.array(predicted, np.float32),
        gender_probability=None if males is None else np.array(males, np.float32),
    )


@st.composite
def tables(draw: st.DrawFn) -> list[PredictionTable]:
    """Draws the predictions of one to four models for the same one to eight records."""
    count = draw(st.integers(1, 8))
    ages = draw(st.lists(st.one_of(st.none(), _ages), min_size=count, max_size=count))
    predicted = [draw(st.lists(_ages, min_size=count, max_size=count)) for _ in range(draw(st.integers(1, 4)))]
    males = [draw(st.lists(_fractions, min_size=count, max_size=count)) for _ in predicted]
    return [table_of(ages, *of_model) for of_model in zip(predicted, males, strict=True)]
