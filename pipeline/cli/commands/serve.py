"""`visage serve`: serves pushed models with TensorFlow Serving's two protocols."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from pipeline.cli.common import PathOfThisMachine, choose_model, config_option, public_key_option
from visage.errors import VisageError

if TYPE_CHECKING:
    from serving.core.limits import BatchLimits
    from serving.core.model_config import ModelConfig
    from serving.options import TlsFiles


@click.command()
@click.option(
    "--model-base-path",
    type=PathOfThisMachine(),
    help="Folder of the numbered versions; ready: networks of other people (docs/ready-model.md).",
)
@config_option
@click.option(
    "--models-config",
    type=PathOfThisMachine(),
    help="TensorFlow Serving's models.config: several models, version policies, labels.",
)
@click.option(
    "--batching-parameters",
    type=PathOfThisMachine(),
    help="TensorFlow Serving's batching file. Without it batches have up to 32 rows.",
)
@click.option("--monitoring-config", type=PathOfThisMachine(), help="TensorFlow Serving's monitoring file.")
@click.option("--rest-port", type=click.IntRange(0, 65535), default=8501, show_default=True)
@click.option("--grpc-port", type=click.IntRange(0, 65535), default=8500, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@public_key_option
@click.option("--tls-certificate", type=PathOfThisMachine(), help="PEM file of the certificate chain.")
@click.option("--tls-key", type=PathOfThisMachine(), help="PEM file of the certificate's key.")
@click.option("--api-keys", type=PathOfThisMachine(), help="File of keys, one a line; clients must send one.")
@click.option("--statistics", type=PathOfThisMachine(), help="Folder for statistics of the requests (visage monitor).")
@click.option("--samples", type=PathOfThisMachine(), help="Folder of photos that the demo page offers.")
@click.option("--access-log", is_flag=True, help="Print one JSON line for each request.")
def serve(
    model_base_path: Path | None,
    config: Path | None,
    models_config: Path | None,
    batching_parameters: Path | None,
    monitoring_config: Path | None,
    rest_port: int,
    grpc_port: int,
    host: str,
    public_key: Path | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    api_keys: Path | None,
    statistics: Path | None,
    samples: Path | None,
    access_log: bool,
) -> None:
    """Serve the pushed model with TensorFlow Serving's REST and gRPC routes, and a demo page at /."""
    from pipeline.output.console import framework_output_to, loggers_on_screen

    if models_config is not None and (model_base_path or config):
        raise VisageError("--models-config names the models; leave out --model-base-path and --config")
    if samples is not None and not samples.is_dir():
        raise VisageError(f"--samples {samples}: no such folder; name another")
    chosen = None
    if models_config is None:
        # Before the redirection, since it names the model on standard error.
        chosen = choose_model(model_base_path, config, "--model-base-path", ready=public_key is None)
    # gRPC's threads write about their own end, after the output of frameworks is no longer redirected.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # No log of the frameworks' output: it would grow as long as the server runs.
    with loggers_on_screen("serving", "uvicorn"), framework_output_to(Path(os.devnull)) as stream:
        from serving.core.model_config import ModelConfig, read_models_config
        from serving.options import ServeOptions
        from serving.server import serve as serve_models

        models: list[ModelConfig]
        if models_config is not None:
            models = read_models_config(models_config)
        else:
            assert chosen is not None
            public_key = public_key or chosen.public_key
            models = [ModelConfig(chosen.folder.resolve().name, chosen.folder)]
        # The versions that come and go.
        logging.getLogger("serving.core").setLevel(logging.INFO)
        if access_log:
            _print_access_log(stream)
        options = ServeOptions(
            models,
            rest_port=rest_port,
            grpc_port=grpc_port,
            host=host,
            batch_limits=_batch_limits(batching_parameters),
            public_key=public_key,
            tls=_tls_files(tls_certificate, tls_key),
            api_keys=_read_keys(api_keys),
            metrics_path=_metrics_path(monitoring_config),
            statistics=statistics,
            samples=samples,
        )
        serve_models(options, announce=lambda line: print(line, file=stream))


def _print_access_log(stream: IO[str]) -> None:
    """Prints the lines of the access log as they are, since programs read them."""
    from serving.access_log import logger

    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(logging.StreamHandler(stream))


def _batch_limits(file: Path | None) -> BatchLimits:
    from serving.core.limits import BatchLimits
    from serving.core.model_config import read_batch_limits

    return BatchLimits() if file is None else read_batch_limits(file)


def _metrics_path(file: Path | None) -> str | None:
    """Returns the path of the metrics; without a file they are served, where TensorFlow Serving would serve none."""
    from serving.core.model_config import read_monitoring_config
    from serving.rest.options import METRICS_PATH

    if file is None:
        return METRICS_PATH
    prometheus = read_monitoring_config(file).prometheus_config
    if prometheus.path and not prometheus.path.startswith("/"):
        raise VisageError(f"{file}: path: {prometheus.path} does not begin with a slash; write /{prometheus.path}")
    return (prometheus.path or METRICS_PATH) if prometheus.enable else None


def _tls_files(certificate: Path | None, key: Path | None) -> TlsFiles | None:
    from serving.options import TlsFiles

    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise VisageError("--tls-certificate and --tls-key: TLS needs both; name the other file, too")
    for file in (certificate, key):
        if not file.is_file():
            raise VisageError(f"{file}: no such file; name the PEM file")
    return TlsFiles(certificate, key)


def _read_keys(file: Path | None) -> tuple[str, ...]:
    if file is None:
        return ()
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise VisageError(f"--api-keys {file}: cannot be read; name a text file with one key a line") from error
    keys = tuple(line for line in lines if line and not line.startswith("#"))
    if not keys:
        raise VisageError(f"--api-keys {file}: has no key; write one a line")
    if any(not key.isascii() or not key.isprintable() or " " in key for key in keys):
        raise VisageError(f"--api-keys {file}: a key has a blank or a character beyond ASCII; use letters and digits")
    return keys
