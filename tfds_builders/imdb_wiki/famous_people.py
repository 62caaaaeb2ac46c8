"""Fictitious famous people for IMDB-WIKI's drawn halves; the same seed gives the same people."""

import datetime
from dataclasses import dataclass

import numpy as np

from tfds_builders.sample_portraits.person import Person, draw_person

_FIRST_NAMES = {
    "female": ("Alma", "Berit", "Chloé", "Dalia", "Edda", "Farah", "Greta", "Hanae", "Inês", "Jolanta"),
    "male": ("Anton", "Bao", "Carlos", "Dmitri", "Emil", "Faisal", "Göran", "Hugo", "Ivo", "Jens"),
}
_SYLLABLES = ("ka", "lo", "mi", "ren", "so", "ta", "vel", "zó", "bar", "den", "fi", "gul", "här", "jun", "nor", "pe")


@dataclass(frozen=True)
class FamousPerson:
    """A person with a name and a date of birth."""

    name: str
    born: datetime.date
    traits: Person


def famous_person(seed: int, number: int) -> FamousPerson:
    """Returns the fictitious person with a number; different numbers have different names."""
    rng = np.random.default_rng((seed, 4, number))
    traits = draw_person(rng)
    born = datetime.date(1880, 1, 1) + datetime.timedelta(days=int(rng.integers(120 * 365)))
    first = str(rng.choice(_FIRST_NAMES[traits.gender]))
    return FamousPerson(f"{first} {_surname(number)}", born, traits)


def _surname(number: int) -> str:
    syllables = [_SYLLABLES[number % 16]]
    while number >= 16 or len(syllables) < 2:
        number //= 16
        syllables.append(_SYLLABLES[number % 16])
    return "".join(syllables).capitalize()
