"""`visage submit`: uploads the pipeline to a scheduler with an API, runs it and schedules runs."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.common import (
    PathOfThisMachine,
    config_argument,
    data_dir_option,
    json_option,
    new_run_id,
    override_option,
    print_json,
    redirect_framework_output,
)
from visage.errors import VisageError

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig
    from pipeline.runners.kubeflow.submit import Connection

TOKEN, COOKIE = "VISAGE_KUBEFLOW_TOKEN", "VISAGE_KUBEFLOW_COOKIE"
"""Environment variables: a bearer token, and the cookie of a session. Neither has an option, which `ps` would show."""


@click.command()
@click.argument("scheduler", type=click.Choice(["kubeflow"]))
@config_argument
@override_option
@data_dir_option
@click.option("--host", required=True, metavar="URL", help="Address of the API of Kubeflow Pipelines.")
@click.option("--experiment", metavar="NAME", help="Of the runs; made if missing.  [default: the pipeline's name]")
@click.option("--run", "start", is_flag=True, help="Start a run.")
@click.option("--recurring", metavar="CRON", help="Schedule runs: five fields of cron or a preset such as @weekly.")
@click.option("--param", "params", multiple=True, metavar="KEY=VALUE", help="A parameter of the runs: a limit.")
@click.option("--namespace", metavar="NAME", help="Of the user, if Kubeflow has several.")
@click.option("--token-file", type=PathOfThisMachine(), help=f"File with the bearer token.  [default: ${TOKEN}]")
@click.option("--ca-file", type=PathOfThisMachine(), help="PEM file of the authority that signed the certificate.")
@json_option
def submit(
    scheduler: str,
    config: Path,
    overrides: tuple[str, ...],
    data_dir: Path | None,
    host: str,
    experiment: str | None,
    start: bool,
    recurring: str | None,
    params: tuple[str, ...],
    namespace: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    as_json: bool,
) -> None:
    """Upload the pipeline to Kubeflow, run it, and schedule runs."""
    from pipeline.config.loader import load_config
    from pipeline.node_params import check_params, read_params
    from pipeline.ready import make_ready_model
    from pipeline.runners.kubeflow.schedule import kubeflow_cron
    from visage.extras import check_installed

    settings = load_config(config, overrides, data_dir)
    cron = None if recurring is None else kubeflow_cron(recurring)
    values = read_params(params)
    check_params(settings, values)
    given = {key: text for key, _, text in (word.partition("=") for word in params) if key in values}
    if given and not (start or cron):
        raise VisageError("--param: is for runs; add --run or --recurring")
    connection = _connection(host, namespace, token_file, ca_file)
    check_installed("kubeflow", "visage submit")
    make_ready_model(settings)
    with redirect_framework_output() as stream:
        done = _submit(settings, connection, experiment or settings.name, start, cron, given)
        if as_json:
            print_json(done, stream)
        else:
            for line in _lines(done):
                click.echo(line, file=stream)


def _submit(
    settings: "PipelineConfig",
    connection: "Connection",
    experiment: str,
    start: bool,
    cron: str | None,
    params: dict[str, str],
) -> dict[str, object]:
    from pipeline.runners.kubeflow.compile import ALWAYS, TRAIN, input_name, write_pipeline
    from pipeline.runners.kubeflow.submit import KubeflowPipelines

    # Before the seconds of compiling.
    api = KubeflowPipelines(connection)
    inputs = {input_name(key): value for key, value in params.items()}
    account = settings.kubeflow.service_account
    with tempfile.TemporaryDirectory(prefix="visage-kubeflow-") as folder:
        file = Path(folder) / f"{settings.name}.yaml"
        digest = write_pipeline(settings, file)
        # The same compiled pipeline in another file of Kubeflow's is another version.
        version = f"{digest}-{hashlib.sha256(file.read_bytes()).hexdigest()[:6]}"
        uploaded = api.upload(file, settings.name, version, f"Compiled pipeline {digest}")
    done: dict[str, object] = {
        "pipeline": settings.name,
        "pipeline_id": uploaded.pipeline_id,
        "version": uploaded.version,
        "version_id": uploaded.version_id,
        "uploaded": uploaded.new,
    }
    if start or cron:
        done["experiment_id"] = experiment_id = api.experiment(experiment)
        if start:
            # A run that a person starts does not ask.
            now = inputs | ({TRAIN: ALWAYS} if settings.retraining.asks else {})
            done["run_id"] = api.run(uploaded, experiment_id, f"{settings.name} {new_run_id()}", now, account)
        if cron:
            scheduled = api.schedule(uploaded, experiment_id, settings.name, cron, inputs, account)
            done |= {"recurring_run_id": scheduled.recurring_run_id, "cron": cron, "replaced": scheduled.replaced}
    return done


def _lines(done: dict[str, object]) -> list[str]:
    state = "uploaded" if done["uploaded"] else "is there already:"
    lines = [f"{state} version {done['version']} of pipeline {done['pipeline']}"]
    if "run_id" in done:
        lines.append(f"started run {done['run_id']}")
    if "recurring_run_id" in done:
        replaced = f" (replaces {', '.join(map(str, done['replaced']))})" if done["replaced"] else ""  # type: ignore[call-overload]
        lines.append(f"scheduled {done['recurring_run_id']}: {done['cron']}{replaced}")
    return lines


def _connection(host: str, namespace: str | None, token_file: Path | None, ca_file: Path | None) -> "Connection":
    """Returns how to reach Kubeflow; imports nothing heavy.

    Raises:
        VisageError: the address is none of HTTP or has a password, or a file cannot be read.
    """
    from pipeline.config.exports import http_address
    from pipeline.runners.kubeflow.submit import Connection

    try:
        address = http_address(host, f"set ${TOKEN}")
    except ValueError as error:
        raise VisageError(f"--host: {error}") from None
    token = os.environ.get(TOKEN)
    if token_file is not None:
        try:
            token = token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no text"
            raise VisageError(
                f"--token-file {token_file}: cannot be read ({reason}); name a file with the token"
            ) from None
        if not token:
            raise VisageError(f"--token-file {token_file}: is empty; write the token into it")
    cookie = os.environ.get(COOKIE)
    for name, secret in (
        (f"${TOKEN}" if token_file is None else f"--token-file {token_file}", token),
        (f"${COOKIE}", cookie),
    ):
        # A line of HTTP; its errors would show the secret.
        if secret and not (secret.isascii() and secret.isprintable()):
            raise VisageError(f"{name}: must be one line of ASCII text; write the token alone")
    if ca_file is not None and not ca_file.is_file():
        raise VisageError(f"--ca-file {ca_file}: does not exist; name the PEM file of the authority")
    return Connection(address, token or None, cookie or None, namespace, ca_file)
