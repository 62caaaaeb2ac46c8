"""Prints the gates of an evaluation."""

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from pipeline.output.console import Reporter
from visage.evaluation.gates.gate import Comparison, Gate
from visage.evaluation.metrics import METRICS
from visage.evaluation.slices import OVERALL

_VERDICTS = {"passed": "[green]ok[/]", "failed": "[red]failed[/]", "not gated": "[yellow]not gated[/]"}
_NOTHING = "\u2013"


def print_gates(gates: Sequence[Gate], independence_unknown: Mapping[Comparison, str], reporter: Reporter) -> None:
    """Prints the gates of all records, age checks, and those that failed; the number of the others; and reasons.

    Args:
        gates: of an evaluation.
        independence_unknown: as in `Evaluation`.
        reporter: for the lines.
    """
    shown = [gate for gate in gates if gate.slice not in _groups(gates) or gate.verdict == "failed"]
    reporter.print(gate_table(shown, independence_unknown))
    for gate in shown:
        if gate.reason:
            reporter.print(f"{gate.name} of {escape(gate.slice)}: {escape(gate.reason)}")
    for role, why in independence_unknown.items():
        reporter.print(f"* the {role} model is not known to be independent of these records: {escape(why)}")
    for verdict in ("passed", "not gated"):
        count = sum(gate.verdict == verdict for gate in gates if gate not in shown)
        if count:
            reporter.print(f"{count} limits of groups: {verdict}")


def _groups(gates: Sequence[Gate]) -> set[str]:
    """Returns the names of the groups, whose gates are many."""
    return {gate.slice for gate in gates if gate.slice != OVERALL and gate.metric in METRICS}


def gate_table(gates: Sequence[Gate], independence_unknown: Mapping[Comparison, str]) -> Table:
    """Returns a row for each gate: figure, 95 % interval, limit, evidence, p-value, people, verdict.

    A star marks a comparison with a model that may have been trained on faces of the test split.
    """
    table = Table(
        "gate", "of", "measured", "95 % interval", "limit", "evidence", "p", "detects", "people", "", box=None
    )
    table.pad_edge, table.header_style = False, "bold"
    for column in table.columns:
        # A narrow terminal breaks names instead of cutting them.
        column.overflow = "fold"
    for gate in gates:
        table.add_row(
            gate.name,
            escape(_records(gate, independence_unknown)),
            "not measured" if gate.measured is None else f"{gate.measured:.3f}",
            _NOTHING if gate.interval is None else f"{gate.interval.low:.3f} to {gate.interval.high:.3f}",
            f"{gate.relation} {gate.limit:g}",
            gate.evidence,
            "" if gate.p_value is None else f"{gate.p_value:.3f}",
            "" if gate.smallest_detectable is None else f"{gate.smallest_detectable:.3f}",
            f"{gate.people:,}",
            _VERDICTS[gate.verdict],
        )
    return table


def _records(gate: Gate, independence_unknown: Mapping[Comparison, str]) -> str:
    if gate.compared_with is None:
        return gate.slice
    return f"{gate.slice}, {gate.compared_with}{' *' if gate.compared_with in independence_unknown else ''}"
