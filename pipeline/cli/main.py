"""The command line `visage`. The commands import heavy libraries themselves, so that `--help` is fast."""

import os
import traceback
from typing import Any

import click

from pipeline.cli.commands.checks import check, doctor
from pipeline.cli.commands.compile import compile
from pipeline.cli.commands.crossval import crossval
from pipeline.cli.commands.data import data
from pipeline.cli.commands.due import due
from pipeline.cli.commands.evaluate import evaluate
from pipeline.cli.commands.export import export
from pipeline.cli.commands.kubeflow_task import kubeflow_due, kubeflow_task, kubeflow_verdict
from pipeline.cli.commands.lineage import lineage
from pipeline.cli.commands.monitor import monitor
from pipeline.cli.commands.node import node
from pipeline.cli.commands.predict import predict
from pipeline.cli.commands.run import run
from pipeline.cli.commands.runs import runs
from pipeline.cli.commands.serve import serve
from pipeline.cli.commands.submit import submit
from pipeline.cli.groups import CommandGroup
from pipeline.exit_codes import FAILED
from pipeline.interruption import interruptible
from pipeline.machine.permissions import refusal_line
from pipeline.output.log_lines import error_text, own_lines
from visage.errors import VisageError
from visage.extras import not_installed


class _Main(CommandGroup):
    """Prints an error that a user can fix as one line, and a traceback only with --debug.

    These are VisageErrors, errors of the operating system, and packages that are not installed.
    """

    def invoke(self, context: click.Context) -> Any:
        with own_lines():
            return self._invoke(context)

    def _invoke(self, context: click.Context) -> Any:
        try:
            with interruptible():
                return super().invoke(context)
        except (VisageError, OSError, ModuleNotFoundError) as error:
            refusal = not_installed(error)
            if isinstance(error, ModuleNotFoundError) and refusal is None:
                raise
            if context.params.get("debug"):
                traceback.print_exc()
            text = refusal_line(error) if isinstance(error, OSError) else str(refusal or error)
            for line in text.splitlines():
                click.echo(error_text(line), err=True)
            context.exit(FAILED)


def _show_version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from pipeline.distribution import DISTRIBUTION, own_version

    version = own_version()
    if version is None:
        click.echo(f"visage: {DISTRIBUTION} is not installed under this name; run `make set-up`", err=True)
        context.exit(FAILED)
    click.echo(f"visage {version}")
    context.exit()


@click.group(cls=_Main)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def main(context: click.Context, debug: bool) -> None:
    """Age and gender from face images: train, gate, push, serve, predict."""
    # TensorFlow and gRPC read these once, when they are imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")


for command in (
    run,
    crossval,
    evaluate,
    runs,
    lineage,
    node,
    kubeflow_task,
    kubeflow_due,
    kubeflow_verdict,
    compile,
    submit,
    predict,
    serve,
    monitor,
    due,
    check,
    doctor,
    data,
    export,
):
    main.add_command(command)
