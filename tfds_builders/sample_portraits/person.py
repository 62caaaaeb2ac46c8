"""Lasting traits of a drawn person, and the effect of age on them."""

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]

SKIN_TONES: tuple[Colour, ...] = (
    (250, 220, 196),
    (240, 198, 164),
    (222, 172, 130),
    (192, 138, 96),
    (148, 100, 68),
    (100, 68, 50),
)
HAIR_COLOURS: tuple[Colour, ...] = (
    (28, 24, 24),
    (44, 32, 26),
    (70, 46, 32),
    (104, 70, 44),
    (168, 128, 78),
    (128, 62, 36),
)
IRIS_COLOURS: tuple[Colour, ...] = ((52, 34, 22), (78, 52, 30), (70, 90, 60), (74, 104, 130))
GREY_HAIR: Colour = (206, 206, 210)

ADULT_AGE = 18.0
OLDEST = 95.0


@dataclass(frozen=True)
class Person:
    """Traits that do not depend on age. Lengths are in inter-ocular distances.

    Attributes:
        gender: 'female' or 'male', as drawn: hair, brows, jaw, lips, beard.
        skin_tone: index into SKIN_TONES.
        long_hair: hair falls below the ears.
        strong_lashes: dark lashes and red lips.
        fringe: hair covers the forehead.
        greying_age: years at which half of the hair is grey.
        dyes_hair: the hair never looks grey.
        balds: the hairline recedes from thirty on.
        beard: 0 shaven, up to 1 a full beard, once grown up.
        ageing: years by which the skin looks older than the person is.
        shape: small random changes of the face's proportions, about N(0, 1) each.
    """

    gender: str
    skin_tone: int
    hair_colour: Colour
    iris_colour: Colour
    long_hair: bool
    strong_lashes: bool
    fringe: bool
    greying_age: float
    dyes_hair: bool
    balds: bool
    beard: float
    glasses: bool
    ageing: float
    shape: tuple[float, ...]

    @property
    def female(self) -> bool:
        """Returns whether a woman or a girl is drawn."""
        return self.gender == "female"


def draw_person(rng: np.random.Generator) -> Person:
    """Draws the traits of a person; the skin tone is independent of the other traits."""
    female = bool(rng.random() < 0.5)
    return Person(
        gender="female" if female else "male",
        skin_tone=int(rng.integers(len(SKIN_TONES))),
        hair_colour=HAIR_COLOURS[int(rng.integers(len(HAIR_COLOURS)))],
        iris_colour=IRIS_COLOURS[int(rng.integers(len(IRIS_COLOURS)))],
        long_hair=bool(rng.random() < (0.9 if female else 0.06)),
        strong_lashes=bool(rng.random() < (0.86 if female else 0.02)),
        fringe=bool(rng.random() < (0.4 if female else 0.2)),
        greying_age=float(rng.normal(50, 6)),
        dyes_hair=bool(rng.random() < (0.18 if female else 0.05)),
        balds=bool(not female and rng.random() < 0.4),
        beard=0.0 if female else float(max(0.0, rng.uniform(-0.8, 1.0))),
        glasses=bool(rng.random() < 0.1),
        ageing=float(rng.normal(0, 3)),
        shape=tuple(rng.normal(0, 1, 8).clip(-2, 2).tolist()),
    )


def draw_age(rng: np.random.Generator) -> float:
    """Draws an age in years; all ages occur, adults most often."""
    low, high = ((0.0, 18.0), (18.0, 45.0), (45.0, OLDEST))[int(rng.choice(3, p=(0.3, 0.4, 0.3)))]
    return float(rng.uniform(low, high))


def grown(age: float) -> float:
    """Returns how adult the proportions of a face are: 0 new-born, 1 from eighteen on."""
    return float(min(1.0, age / ADULT_AGE) ** 0.7)


def wrinkled(person: Person, age: float) -> float:
    """Returns how wrinkled the skin is: 0 to the early twenties, 1 in very old age."""
    return float(np.clip((age + person.ageing - 22) / 62, 0, 1))


def greyed(person: Person, age: float) -> float:
    """Returns the fraction of grey hair, 0 to 1."""
    return 0.0 if person.dyes_hair else float(1 / (1 + np.exp(-(age - person.greying_age) / 6)))


def receded(person: Person, age: float) -> float:
    """Returns how far the hairline has receded: 0 not at all, 1 bald above the ears."""
    return float(np.clip((age - 30) / 40, 0, 1)) if person.balds else 0.0
