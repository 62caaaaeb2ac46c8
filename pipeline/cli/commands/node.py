"""`visage node`: runs one node of a compiled pipeline, as schedulers do."""

from dataclasses import asdict

import click

from pipeline.cli.common import json_option, print_json, redirect_framework_output
from pipeline.exit_codes import HELD, NOT_BLESSED


@click.command()
@click.argument("name", metavar="NODE")
@click.option(
    "--pipeline",
    required=True,
    metavar="IR",
    help="The compiled pipeline: a file, or its inline text.",
)
@click.option("--run-id", required=True, help="Groups the nodes of one run.")
@json_option
@click.pass_context
def node(context: click.Context, name: str, pipeline: str, run_id: str, as_json: bool) -> None:
    """Run one node of a compiled pipeline, as schedulers do.

    Exit code 3: Pusher had nothing blessed to push; 4: pushing is held, or the model is rolled back.
    """
    from pipeline.compiled import read_configuration
    from pipeline.output.console import Reporter
    from pipeline.run_record import file_name, record_node

    # Reports an invalid file before TFX is imported.
    configuration = read_configuration(pipeline)
    # The path of the log is known only once TFX has read the IR; until then output goes to a temporary file.
    with redirect_framework_output() as stream:
        from pipeline.node import read_ir, run_node, workspace_of

        ir = read_ir(pipeline)
        root = workspace_of(ir)
        with redirect_framework_output(root / "logs" / f"{file_name(run_id)}.{name}.log"):
            from pipeline.output.node_summary import describe, model_was_pushed, why_held
            from pipeline.published_card import NODES as CARD_NODES
            from pipeline.published_card import publish_card_or_warn

            record_node(root, run_id, configuration)
            reporter = Reporter(stream, silent=as_json)
            with reporter.stage(name):
                result = run_node(ir, name, run_id)
                if name in CARD_NODES:
                    publish_card_or_warn(ir, run_id, reporter)
            reporter.print(f"{name}{' (cached)' if result.cached else ''}: {describe(result) or 'done'}")
        if as_json:
            print_json(asdict(result), stream)
    if name == "Pusher" and not model_was_pushed(result):
        context.exit(HELD if why_held(result) else NOT_BLESSED)
