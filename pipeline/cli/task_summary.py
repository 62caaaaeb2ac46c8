"""Prints what a scheduler's task did, for its log."""

from rich.markup import escape

from pipeline.output.console import Reporter, error_line, log_traceback
from pipeline.output.gate_table import print_gates
from pipeline.output.node_events import node_fields
from pipeline.output.node_summary import describe
from pipeline.results import NodeEnd
from pipeline.task_report import EVALUATOR, MODEL_CARD, PUSHER, TaskReport


def print_end(end: NodeEnd, reporter: Reporter) -> None:
    """Prints how a node ended; a failed one also into the log of the frameworks."""
    if end.error is not None:
        log_traceback(end.error)
        reporter.print(f"{end.node}: [red]failed[/]: {escape(error_line(end.error))}", **node_fields(end))
    elif end.result is not None:
        cached = " (cached)" if end.result.cached else ""
        reporter.print(f"{end.node}{cached}: {describe(end.result) or 'done'}", **node_fields(end))


def print_task(report: TaskReport, reporter: Reporter) -> None:
    """Prints the gates of the run and the path of its model card, after Evaluator and after Pusher."""
    ran = {end.node for end in report.ends if end.result is not None}
    if ran & {EVALUATOR, PUSHER} and report.evaluation is not None:
        print_gates(report.evaluation.gates, report.evaluation.independence_unknown, reporter)
    if report.card is not None and PUSHER in ran and MODEL_CARD not in ran:
        # ModelCard itself has printed it.
        reporter.print(f"model card  {escape(str(report.card))}")
