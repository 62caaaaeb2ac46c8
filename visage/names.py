"""Finds known names that are similar to an unknown one."""

import difflib
import re
from collections.abc import Collection, Iterable

from visage.errors import listed

# In shorter names one letter makes another word: 'page' is not 'age', nor 'trace' 'race', nor 'folder' 'fold'.
_SHORTEST_MISSPELT = 5
_LONG = 10
_ALMOST_THE_SAME = 0.8
_SIMILAR = 0.6


def near_names(name: str, known: Iterable[str]) -> list[str]:
    """Returns the known names that `name` probably misspells, so that ignoring it would lose something.

    First, those that differ in case, blanks, hyphens, `_`, invisible characters or a plural s. If there are none, those
    of at least 5 letters that differ in one letter after the first, and those of at least 10 that differ in about one
    letter of 5; the digits must be equal. A known name has no near names.

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
    same = [other for other in known if _plain(other).removesuffix("s") == plain.removesuffix("s")]
    others = [other for other in known if _digits(other) == _digits(name)]
    misspelt = [other for other in others if _one_letter_apart(_plain(other), plain)]
    long = [other for other in others if min(len(_plain(other)), len(plain)) >= _LONG]
    return same or misspelt or _similar(name, long, _ALMOST_THE_SAME)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns 'did you mean X?' for the known name that is most like `name`, which is refused anyway; '' for none.

    >>> did_you_mean("epoch", ["epochs", "batch_size"])
    'did you mean epochs?'
    """
    near = _similar(name, known, _SIMILAR)
    return f"did you mean {near[0]}?" if near else ""


def near_names_hint(missing: Collection[str], present: Iterable[str]) -> str:
    """Returns ' (but has X)' for the present names that are similar to a missing one; '' for none.

    >>> near_names_hint(["gender"], ["Gender", "name"])
    ' (but has Gender)'
    """
    near = [name for name in present if near_names(name, missing)]
    return f" (but has {listed(near)})" if near else ""


def _similar(name: str, known: Iterable[str], cutoff: float) -> list[str]:
    plain = {_plain(other): other for other in known}
    return [plain[near] for near in difflib.get_close_matches(_plain(name), plain, cutoff=cutoff)]


def _one_letter_apart(one: str, other: str) -> bool:
    """Returns whether one letter after the first is extra, wrong or swapped: 'render' is not 'gender'."""
    shorter, longer = sorted((one, other), key=len)
    pairs = enumerate(zip(shorter, longer, strict=False))
    same = next((at for at, (letter, of_longer) in pairs if letter != of_longer), len(shorter))
    if same == 0 or len(shorter) < _SHORTEST_MISSPELT:
        return False
    rest, longer_rest = shorter[same:], longer[same:]
    is_swapped = rest[:2] == longer_rest[1::-1] and rest[2:] == longer_rest[2:]
    return is_swapped or longer_rest[1:] in (rest, rest[1:])


def _plain(name: str) -> str:
    """Removes blanks, hyphens, `_` and invisible characters, and converts to lower case."""
    return re.sub(r"[\s_\-\ufeff\u200b]", "", name.casefold())


def _digits(name: str) -> str:
    return re.sub(r"\D", "", name)
