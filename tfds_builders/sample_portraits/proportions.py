"""The shape of a face at an age, in inter-ocular distances from the middle of the eyes."""

from dataclasses import dataclass

import numpy as np

from tfds_builders.sample_portraits.person import Person, grown, wrinkled


@dataclass(frozen=True)
class Proportions:
    """Positions of the parts of a face; x are half widths, y are heights below the eyes.

    Attributes:
        turn: the head's turn to a side, -1 to 1; parts that stand out move by it.
        sag: how far skin and lids hang, 0 to 1.
    """

    skull_top: float
    temple: float
    cheek: float
    jaw: float
    chin: float
    chin_width: float
    eye_width: float
    eye_height: float
    nose: float
    nose_width: float
    mouth: float
    mouth_width: float
    lips: float
    turn: float
    sag: float


def proportions(person: Person, age: float, turn: float) -> Proportions:
    """Returns the proportions of a person at an age in years."""
    adult = grown(age)
    old = wrinkled(person, age)
    male_adult = 0.0 if person.female else adult
    wide, long, jaw, eyes, nose, mouth, lips, chin = (0.04 * trait for trait in person.shape)
    return Proportions(
        skull_top=-1.9 + 0.22 * adult + long,
        temple=_between(1.10, 1.02, adult) + wide,
        cheek=_between(1.16, 1.03, adult) + wide + 0.02 * male_adult,
        jaw=_between(0.90, 0.72, adult) + jaw + 0.17 * male_adult + 0.06 * old,
        chin=_between(1.28, 1.74, adult) + long + 0.08 * male_adult + 0.03 * old,
        chin_width=_between(0.34, 0.24, adult) + chin / 2 + 0.12 * male_adult + 0.04 * old,
        eye_width=_between(0.285, 0.225, adult) + eyes / 4,
        eye_height=_between(0.150, 0.100, adult) + eyes / 4 - 0.035 * old - 0.012 * male_adult,
        nose=_between(0.42, 0.68, adult) + nose / 2 + 0.05 * old,
        nose_width=_between(0.17, 0.20, adult) + nose / 4 + 0.03 * male_adult + 0.03 * old,
        mouth=_between(0.80, 1.14, adult) + mouth / 2 + 0.02 * male_adult,
        mouth_width=_between(0.30, 0.40, adult) + mouth / 2,
        lips=(_between(0.075, 0.085, adult) + lips / 4) * (1.25 if person.female else 0.85) * (1 - 0.5 * old),
        turn=turn,
        sag=old,
    )


def _between(child: float, adult: float, fraction: float) -> float:
    return float(np.interp(fraction, (0, 1), (child, adult)))
