"""Spellings of an unknown value in tables."""

import math

from visage.data.labels import UNKNOWN

# Lagenda and UTKFace's likes write -1, pandas -1.0.
_WORDS = frozenset({"", "na", "n/a", "nan", "none", "null", UNKNOWN, "?", "-1", "-1.0"})


def is_unknown(value: object) -> bool:
    """Returns whether a field of a table, in any column, gives no value.

    Empty, blanks, NA, N/A, nan, none, null, unknown, ? and -1, in any case, with or without blanks around them; in
    Parquet and `.mat` files also null and the number NaN.

    >>> [is_unknown(value) for value in (" N/A ", "NaN", None, float("nan"), "0", "Nan Goldin")]
    [True, True, True, True, False, False]
    """
    if isinstance(value, str):
        return value.strip().casefold() in _WORDS
    return value is None or (isinstance(value, float) and math.isnan(value))
