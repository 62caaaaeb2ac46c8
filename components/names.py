"""Names that are nearly, and not quite, one of those that are known."""

import difflib
import re
from collections.abc import Collection, Iterable

from components.errors import listed

# One letter too many, too few or swapped: 'ages', 'genderr', 'identiy'. One wrong letter only in five and more, for
# 'face' is not 'race'.
_ALMOST_THE_SAME = 0.8
_SIMILAR = 0.6


def near_names(name: str, known: Iterable[str]) -> list[str]:
    """Returns the known names for which `name` was probably meant, so that passing it over would lose something.

    Those that differ in case, blanks, hyphens, `_` and marks that nobody sees; where there are none of these, those
    that differ in about one letter and in no digit. A known name is near to nothing.

    >>> near_names("Identity ", ["identity", "age"])
    ['identity']
    >>> near_names("gendr", ["gender", "age"])
    ['gender']
    >>> near_names("age", ["age", "ages"])
    []
    """
    known = list(known)
    if name in known:
        return []
    plain = _plain(name)
    same = [other for other in known if _plain(other) == plain]
    digits = _digits(name)
    return same or _similar(name, [other for other in known if _digits(other) == digits], _ALMOST_THE_SAME)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns 'did you mean X?' for the known name that is most like `name`, which is refused anyway; '' for none.

    >>> did_you_mean("epoch", ["epochs", "batch_size"])
    'did you mean epochs?'
    """
    near = _similar(name, known, _SIMILAR)
    return f"did you mean {near[0]}?" if near else ""


def but_has(missing: Collection[str], present: Iterable[str]) -> str:
    """Returns ' (but has X)' for those of the names that are there that are nearly a missing one; '' for none.

    >>> but_has(["gender"], ["Gender", "name"])
    ' (but has Gender)'
    """
    near = [name for name in present if near_names(name, missing)]
    return f" (but has {listed(near)})" if near else ""


def _similar(name: str, known: Iterable[str], cutoff: float) -> list[str]:
    plain = {_plain(other): other for other in known}
    return [plain[near] for near in difflib.get_close_matches(_plain(name), plain, cutoff=cutoff)]


def _plain(name: str) -> str:
    """Letters, digits and what else has a meaning, in lower case."""
    return re.sub(r"[\s_\-\ufeff\u200b]", "", name.casefold())


def _digits(name: str) -> str:
    return re.sub(r"\D", "", name)
