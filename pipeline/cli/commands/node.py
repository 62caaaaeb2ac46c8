"""`visage node`: runs nodes of a compiled pipeline, as schedulers do."""

from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.common import PathOfThisMachine, json_option, print_json, redirect_framework_output
from pipeline.machine.permissions import may_write
from pipeline.output.log_lines import begin_lines, error_text, set_fields
from visage.errors import VisageError

if TYPE_CHECKING:
    from tfx.proto.orchestration import pipeline_pb2

    from pipeline.results import NodeEnd
    from pipeline.task_report import TaskReport


@click.command()
@click.argument("names", metavar="NODE...", nargs=-1, required=True)
@click.option(
    "--pipeline",
    required=True,
    metavar="IR",
    help="The compiled pipeline: a file, or its inline text.",
)
@click.option("--run-id", required=True, help="Groups the nodes of one run.")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a limit of the gates, or accept drift, for this run.  [default: as compiled]",
)
@click.option(
    "--report", type=PathOfThisMachine(), help="Write how the nodes ended, gates, metrics and what was pushed, as JSON."
)
@click.option("--last-try", is_flag=True, help="Nobody tries again: without its card, a pushed model is a success.")
@json_option
@click.pass_context
def node(
    context: click.Context,
    names: tuple[str, ...],
    pipeline: str,
    run_id: str,
    params: tuple[str, ...],
    report: Path | None,
    last_try: bool,
    as_json: bool,
) -> None:
    """Run nodes of a compiled pipeline one after another in one process, as schedulers do.

    They run in the order of the pipeline. Exit code 3: Pusher had nothing blessed to push; 4: pushing is held, or the
    model is rolled back.
    """
    from pipeline.begun_run import begin_run
    from pipeline.compiled import read_compiled, workspace_of_compiled
    from pipeline.node_params import read_params
    from pipeline.run_record import file_name

    begin_lines()
    set_fields(run_id=run_id)
    if report is not None:
        _remove_old(report)
    # Reports an invalid file before TFX is imported.
    given = read_compiled(pipeline)
    values = read_params(params)
    root = workspace_of_compiled(given)
    set_fields(pipeline=root.name)
    # The nodes, and so the names of their logs, are known only once TFX has read the IR.
    with redirect_framework_output() as stream:
        from pipeline.node import in_order, parse_ir
        from pipeline.output.console import Reporter
        from pipeline.runners.sequence import NodeSequence
        from pipeline.task_report import report_task, write_report

        reporter = Reporter(stream, silent=as_json)
        of_task = parse_ir(given, pipeline)
        in_order(of_task, names)
        begun = begin_run(given, run_id, values)
        if begun.note is not None:
            reporter.print(f"[yellow]{begun.note}[/]")
        ir = parse_ir(begun.text, pipeline)
        _check_same_nodes(ir, of_task, run_id)
        sequence = NodeSequence(ir, in_order(ir, names), run_id)

        def log_of(node: str) -> Path:
            return root / "logs" / f"{file_name(run_id)}.{node}.log"

        def around(node: str) -> AbstractContextManager[object]:
            return redirect_framework_output(log_of(node))

        with redirect_framework_output(log_of(sequence.nodes[0])):
            from pipeline.cli.task_summary import print_end, print_task
            from pipeline.published_card import NODES as CARD_NODES
            from pipeline.published_card import publish_card_or_warn

            def ended(end: "NodeEnd") -> None:
                if end.node in CARD_NODES and end.result is not None:
                    publish_card_or_warn(ir, run_id, reporter)
                print_end(end, reporter)

            try:
                sequence.run(reporter, ended, around)
            finally:
                done = report_task(ir, run_id, sequence.ends)
                if report is not None:
                    write_report(done, report)
            print_task(done, reporter)
        if as_json:
            print_json(done.to_json(), stream)
    _tell(begun.text, done)
    _show_failures(done)
    context.exit(done.exit_code(last_try))


def _remove_old(report: Path) -> None:
    """Removes the report of an earlier attempt, so that nobody takes it for that of this one.

    Raises:
        VisageError: it cannot be removed, or no file can be written there.
    """
    if not report.parent.is_dir() or not may_write(report.parent):
        raise VisageError(f"--report {report}: {report.parent} is no folder that can be written; name another file")
    try:
        report.unlink(missing_ok=True)
    except OSError as error:
        raise VisageError(f"--report {report}: cannot be replaced ({error.strerror}); name another file") from None


def _check_same_nodes(of_run: "pipeline_pb2.Pipeline", of_task: "pipeline_pb2.Pipeline", run_id: str) -> None:
    """Checks that a run does not go on in the tasks of a pipeline with other nodes, of which some would be left out.

    Raises:
        VisageError: the nodes differ.
    """
    from pipeline.node import node_ids

    differing = sorted(set(node_ids(of_run)) ^ set(node_ids(of_task)))
    if differing:
        raise VisageError(
            f"run {run_id}: it began with a compiled pipeline of other nodes ({', '.join(differing)}), so it cannot go "
            "on in these tasks; start a new run"
        )


def _tell(compiled: str, report: "TaskReport") -> None:
    """Tells of the end of a task those who are configured; a compiled pipeline without a configuration names nobody."""
    from pipeline.cli.telling import tell
    from pipeline.compiled import configuration_of
    from pipeline.config.recorded import read_recorded
    from pipeline.notifications.of_run import of_task

    # It changes neither the result nor the exit code.
    with suppress(VisageError):
        settings = read_recorded(configuration_of(compiled), "--pipeline", "write it again with `visage compile`")
        tell(settings, of_task(settings, report))


def _show_failures(report: "TaskReport") -> None:
    """Prints a line for each failed node on standard error; of a task of one node as other commands do."""
    failed = [end for end in report.ends if end.error is not None]
    if len(report.ends) == 1 and failed:
        raise failed[0].error or AssertionError
    for end in failed:
        for line in str(end.error).splitlines():
            click.echo(error_text(f"{end.node} failed: {line}"), err=True)
