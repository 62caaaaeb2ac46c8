"""`visage compile`: writes the pipeline as a scheduler's file."""

from pathlib import Path

import click

from pipeline.cli.common import (
    PathOfThisMachine,
    config_argument,
    data_dir_option,
    json_option,
    override_option,
    print_json,
    redirect_framework_output,
)
from pipeline.output.output_file import check_output, check_output_of


@click.command()
@click.argument("scheduler", type=click.Choice(["airflow", "kubeflow"]))
@config_argument
@override_option
@data_dir_option
@click.option("--out", required=True, type=PathOfThisMachine(), help="The file to write.")
@json_option
def compile(
    scheduler: str, config: Path, overrides: tuple[str, ...], data_dir: Path | None, out: Path, as_json: bool
) -> None:
    """Write the pipeline as a scheduler's own file; its tasks run `visage node`."""
    from pipeline.config.loader import load_config
    from pipeline.ready import make_ready_model
    from visage.extras import check_installed

    endings = [".py"] if scheduler == "airflow" else [".yaml", ".yml"]
    check_output(out, endings)
    settings = load_config(config, overrides, data_dir)
    check_output_of(config, settings, out, endings)
    check_installed(scheduler, "visage compile")
    make_ready_model(settings)
    with redirect_framework_output() as stream:
        if scheduler == "airflow":
            from pipeline.runners.airflow import write_dag

            written = [out, write_dag(settings, out)]
        else:
            from pipeline.runners.kubeflow.compile import write_pipeline

            write_pipeline(settings, out)
            written = [out]
        if as_json:
            print_json({"written": [str(path) for path in written]}, stream)
        else:
            click.echo("wrote " + " and ".join(map(str, written)), file=stream)
