"""Simulated test splits: people with several images, and models whose true errors are known."""

from dataclasses import dataclass, field, replace

import numpy as np

from visage.data.labels import GENDERS, RACES
from visage.evaluation.predictions.table import ModelOutputs, PredictionTable, Truths

# Years: standard deviations of what an age error shares within a person, within an image, and of a model's own part.
PERSON, IMAGE, MODEL = 2.5, 3.5, 2.0
# Logits of a right gender: the mean, and the standard deviations within a person and within a model.
RIGHT, RIGHT_PERSON, RIGHT_MODEL = 3.0, 1.5, 1.0


@dataclass(frozen=True, eq=False)
class People:
    """Test records, and what makes them hard for every model.

    Attributes:
        truths: labels of n records.
        person: number of each record's person, int [n].
        age_error: shared part of each age error, years, float [n].
        right: shared part of the logit of a right gender, float [n].
    """

    truths: Truths
    person: np.ndarray
    age_error: np.ndarray
    right: np.ndarray


@dataclass(frozen=True)
class Model:
    """A model's true errors.

    Attributes:
        scale: of all age errors; 1 gives the standard deviations above.
        bias: years by group, e.g. {'age_group 8-13': 4.0}: added to the age errors of its records.
    """

    scale: float = 1.0
    bias: dict[str, float] = field(default_factory=dict)


def draw_people(rng: np.random.Generator, people: int, *, ages_by_race: bool = False) -> People:
    """Draws people with 1 to 6 images each, of all ages, genders and races.

    Args:
        rng: of the draw.
        people: number of them.
        ages_by_race: whether asian people are young and black people old, and age errors grow with the age.
    """
    images = rng.integers(1, 7, people)
    person = np.repeat(np.arange(people), images)
    race = rng.choice(RACES[:3], people)
    age = rng.uniform(1, 80, people)
    if ages_by_race:
        age = np.where(
            race == "asian", rng.uniform(1, 40, people), np.where(race == "black", rng.uniform(30, 80, people), age)
        )
    gender = rng.choice(GENDERS, people)
    of_record = age[person].astype(np.float32)
    count = len(person)
    truths = Truths(
        key=np.array([f"{number:07d}" for number in range(count)]),
        image_digest=np.full(count, ""),
        identity=np.array([f"person-{number}" for number in range(people)])[person],
        source=np.full(count, "simulated"),
        gender=gender[person],
        race=race[person],
        age_low=of_record,
        age_high=of_record,
        apparent_age=np.full((count, 2), np.nan, np.float32),
    )
    hardness = 0.4 + of_record / 50 if ages_by_race else 1.0
    error = (rng.normal(0, PERSON, people)[person] + rng.normal(0, IMAGE, count)) * hardness
    return People(truths, person, error, (RIGHT + rng.normal(0, RIGHT_PERSON, people))[person])


def predict(rng: np.random.Generator, people: People, model: Model) -> ModelOutputs:
    """Draws the outputs of a model, as of one more training of it."""
    truths, count = people.truths, len(people.truths)
    error = model.scale * (people.age_error + rng.normal(0, MODEL, count))
    for group, years in model.bias.items():
        feature, value = group.split(" ")
        values = truths.race if feature == "race" else truths.gender
        error = error + np.where(values == value, years, 0.0)
    right = rng.random(count) < 1 / (1 + np.exp(-(people.right + rng.normal(0, RIGHT_MODEL, count))))
    male = (truths.gender == "male") == right
    return ModelOutputs(
        age=(truths.age + error).astype(np.float32),
        gender_probability=np.where(male, rng.uniform(0.5, 1, count), rng.uniform(0, 0.5, count)).astype(np.float32),
    )


def table(people: People, **outputs: ModelOutputs) -> PredictionTable:
    """Returns the table of these models, by role."""
    return PredictionTable(people.truths, outputs)


def mislabelled_children(rng: np.random.Generator, outputs: ModelOutputs, people: People, years: float) -> ModelOutputs:
    """Returns outputs that are `years` too old for children, and better elsewhere so that the overall MAE stays."""
    assert outputs.age is not None, "it predicts ages"
    child = (people.truths.age >= 7) & (people.truths.age < 15)
    error = outputs.age - people.truths.age
    before = np.abs(error).mean()
    worse = np.where(child, error + years, error)
    excess = np.abs(worse).sum() - before * len(error)
    worse = np.where(child, worse, worse * (1 - excess / np.abs(worse[~child]).sum()))
    return replace(outputs, age=(people.truths.age + worse).astype(np.float32))
