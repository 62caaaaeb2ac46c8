"""`visage serve`: serves the pushed model with TensorFlow Serving's routes."""

import os
from pathlib import Path

import click

from pipeline.cli.common import PathOfThisMachine, choose_model, config_option, public_key_option


@click.command()
@click.option("--model-base-path", type=PathOfThisMachine(), help="Folder of the numbered versions.")
@config_option
@click.option("--rest-port", type=click.IntRange(0, 65535), default=8501, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@public_key_option
def serve(
    model_base_path: Path | None, config: Path | None, rest_port: int, host: str, public_key: Path | None
) -> None:
    """Serve the pushed model with TensorFlow Serving's REST routes, and a demo page at /."""
    from pipeline.output.console import framework_output_to, loggers_on_screen

    chosen = choose_model(model_base_path, config, "--model-base-path")
    base_path = chosen.folder
    # No log of the frameworks' output: it would grow as long as the server runs.
    with loggers_on_screen("serving", "uvicorn"), framework_output_to(Path(os.devnull)) as stream:
        from serving.server import serve as serve_model

        serve_model(
            base_path,
            name=base_path.resolve().name,
            rest_port=rest_port,
            host=host,
            public_key=public_key or chosen.public_key,
            announce=lambda line: print(line, file=stream),
        )
