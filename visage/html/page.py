"""Provides what the HTML pages share: one style, one format of numbers and words, no external resources."""

from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

# An en dash, where there is no value.
NOTHING = "\u2013"


def page_environment(package: str, **filters: Any) -> Environment:
    """Returns an environment that loads a page's templates, and from `html/` the style and the macros of all pages.

    Args:
        package: whose folder holds the page's templates, e.g. "visage.model_card".
        filters: a page's own, beside `words`, `thousands` and `setting`.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("visage", ".")]),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(words=words, thousands=thousands, setting=setting, **filters)
    return environment


def words(name: str) -> str:
    """Replaces underscores by blanks: 'age_group' → 'age group'."""
    return name.replace("_", " ")


def setting(value: Any) -> str:
    """Formats a value of the configuration for people: 'yes', '0.5, 0.3', a dash for null and for an empty list."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = ", ".join(map(setting, value)) if isinstance(value, list | tuple) else str(value)
    return NOTHING if value is None or not text else text


def thousands(value: float) -> str:
    """Formats an integer in groups of three digits, with a thin space that does not break."""
    return f"{value:,.0f}".replace(",", "\u202f")
