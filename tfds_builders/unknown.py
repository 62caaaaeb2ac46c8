"""What stands for "nobody knows" in a table."""

import math

from visage.data.labels import UNKNOWN

_WORDS = frozenset({"", "na", "n/a", "nan", "none", "null", UNKNOWN, "?"})


def is_unknown(value: object) -> bool:
    """Tells whether a field of a table, of whatever column, gives no value.

    Empty, blanks, NA, N/A, nan, none, null, unknown and ?, in any case, with blanks around them or without; in Parquet
    and `.mat` files also null and the number NaN.

    >>> [is_unknown(value) for value in (" N/A ", "NaN", None, float("nan"), "0", "Nan Goldin")]
    [True, True, True, True, False, False]
    """
    if isinstance(value, str):
        return value.strip().casefold() in _WORDS
    return value is None or (isinstance(value, float) and math.isnan(value))
