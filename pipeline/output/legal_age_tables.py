"""Prints a model as a check of legal ages: its thresholds, and whom it passes and stops in each group."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from pipeline.output.console import Reporter
from visage.evaluation.metrics.spec import FRACTION
from visage.evaluation.statistics.rates import Rate
from visage.evaluation.thresholds import LegalAgeCheck

_NOTHING = "\u2013"


def print_legal_ages(checks: Sequence[LegalAgeCheck], reporter: Reporter) -> None:
    """Prints the challenge ages, and the rates of groups at those of the first target.

    Args:
        checks: of an evaluation; those without a person below the legal age are left out.
        reporter: prints.
    """
    known = [check for check in checks if check.at_legal_age.records]
    if not known:
        return
    reporter.print()
    reporter.print(_challenges_table(known))
    if any(check.by_age[0].false_negatives_by_group for check in known):
        reporter.print()
        reporter.print(_groups_table(known))


def _challenges_table(checks: Sequence[LegalAgeCheck]) -> Table:
    table = Table("legal age", "false positives at most", box=None, pad_edge=False, header_style="bold")
    for heading in ("challenge age", "safe", "false positives", "false negatives"):
        table.add_column(heading, justify="left" if heading.startswith("false") else "right")
    for check in checks:
        for challenge in check.by_age:
            table.add_row(
                str(check.legal_age),
                f"{100 * challenge.target:g} %",
                *(_NOTHING if age is None else f"{age:.0f}" for age in (challenge.threshold, challenge.safe_threshold)),
                _rate(challenge.false_positives),
                _rate(challenge.false_negatives),
            )
    return table


def _groups_table(checks: Sequence[LegalAgeCheck]) -> Table:
    table = Table("legal age", "challenge age", "group", box=None, pad_edge=False, header_style="bold")
    table.add_column("false positives")
    table.add_column("false negatives")
    for check in checks:
        challenge = check.by_age[0]
        positives, negatives = challenge.false_positives_by_group, challenge.false_negatives_by_group
        for name in {**positives, **negatives}:
            age = f"{challenge.threshold:.0f}"
            table.add_row(
                str(check.legal_age), age, escape(name), _rate(positives.get(name)), _rate(negatives.get(name))
            )
    return table


def _rate(rate: Rate | None) -> str:
    """Returns e.g. '4.0 % (2.1 to 7.4)'."""
    if rate is None or rate.value is None:
        return _NOTHING
    text = FRACTION.text(rate.value)
    if rate.interval is None:
        return text
    return f"{text} ({FRACTION.interval(rate.interval.low, rate.interval.high)})"
