"""`visage kubeflow-task`, `kubeflow-due`, `kubeflow-verdict`: what the containers of a Kubeflow pipeline run."""

import json
from pathlib import Path

import click
from click.exceptions import Exit

from pipeline.cli.commands.due import decided
from pipeline.cli.commands.node import node
from pipeline.cli.common import PathOfThisMachine, settings_of_compiled
from pipeline.exit_codes import HELD, NOT_BLESSED
from visage.errors import VisageError


@click.command("kubeflow-task", hidden=True)
@click.argument("names", metavar="NODE...", nargs=-1, required=True)
@click.option("--pipeline", required=True, metavar="IR")
@click.option("--run-id", required=True)
@click.option("--param", "params", multiple=True, metavar="KEY=VALUE")
@click.option("--page", "pages", nargs=2, multiple=True, metavar="OUTPUT PATH", help="Where an HTML page belongs.")
@click.option("--executor-input", required=True, metavar="JSON", help="Kubeflow's message.")
@click.pass_context
def kubeflow_task(
    context: click.Context,
    names: tuple[str, ...],
    pipeline: str,
    run_id: str,
    params: tuple[str, ...],
    pages: tuple[tuple[str, str], ...],
    executor_input: str,
) -> None:
    """Run nodes as `visage node` does, and write the outputs of the task for Kubeflow.

    Success also when the gate withheld the model: Kubeflow drops the outputs of a failed task, and the task Verdict
    fails instead. And without its card, because the outputs tell of the push.
    """
    from pipeline.runners.kubeflow.outputs import TaskOutputs

    outputs = TaskOutputs.read(executor_input, {name: Path(path) for name, path in pages})
    outputs.output_file.parent.mkdir(parents=True, exist_ok=True)
    report_file = outputs.output_file.with_name("visage_report.json")
    code = 0
    try:
        context.invoke(
            node,
            names=names,
            pipeline=pipeline,
            run_id=run_id,
            params=params,
            report=report_file,
            last_try=True,
            as_json=False,
        )
    except Exit as ended:
        code = ended.exit_code
    if code not in (0, NOT_BLESSED, HELD):
        context.exit(code)
    outputs.write(json.loads(report_file.read_text(encoding="utf-8")))


@click.command("kubeflow-due", hidden=True)
@click.option("--pipeline", required=True, metavar="IR")
@click.option("--train", type=click.Choice(["if_due", "always"]), required=True, help="always: do not ask.")
@click.option("--out", type=PathOfThisMachine(), required=True, metavar="PATH", help="Where the output belongs.")
def kubeflow_due(pipeline: str, train: str, out: Path) -> None:
    """Decide as `visage due` does, and write the decision as the output of the task: true or false."""
    from pipeline.runners.kubeflow.outputs import write_output

    settings = settings_of_compiled(pipeline)
    is_due = train == "always" or bool(decided(settings).reasons)
    write_output(out, "true" if is_due else "false")


@click.command("kubeflow-verdict", hidden=True)
@click.option("--withheld", required=True, metavar="REASON", help="Empty: the model was pushed.")
def kubeflow_verdict(withheld: str) -> None:
    """Fail if no model was pushed."""
    if withheld:
        raise VisageError(f"no model was pushed: {withheld}; the task of the Evaluator has the gate, Pusher's the card")
    click.echo("the model is pushed")
