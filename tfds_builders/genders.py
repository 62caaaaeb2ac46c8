"""Spellings of the two genders in tables."""

from tfds_builders.unknown import is_unknown
from visage.data.labels import UNKNOWN

GENDER_WORDS = {"female": "female", "f": "female", "male": "male", "m": "male"}


def read_gender(text: str) -> str | None:
    """Reads the gender in a field, in any case.

    Returns:
        'female', 'male' or 'unknown'; None for any other text.

    >>> read_gender("F"), read_gender("n/a"), read_gender("woman")
    ('female', 'unknown', None)
    """
    return UNKNOWN if is_unknown(text) else GENDER_WORDS.get(text.strip().casefold())
