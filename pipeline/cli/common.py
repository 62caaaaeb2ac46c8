"""What the commands have in common: options, where the frameworks' words go, how a defect is told. Nothing heavy."""

import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import click

from pipeline.cli.output.standard_output import OutputError
from visage.errors import VisageError
from visage.extras import not_installed
from visage.paths import is_url

DEFAULT_CONFIG = Path("pipeline_config.yaml")


class PathOfThisMachine(click.ParamType):
    """A path, given as a `Path`; an address is refused before pathlib takes "http://" for the folder "http:"."""

    name = "path"

    def __init__(self, instead: str = "name a path of this machine") -> None:
        """Takes what to do instead of giving an address."""
        self._instead = instead

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Returns the path.

        Raises:
            VisageError: it is an address.
        """
        if is_url(str(value)):
            given = f"{param.opts[0]} {value}" if isinstance(param, click.Option) else str(value)
            raise VisageError(f"{given}: this is an address, not a path; {self._instead}")
        return Path(value)


config_argument = click.argument("config", type=PathOfThisMachine(), default=DEFAULT_CONFIG)
override_option = click.option("--set", "overrides", multiple=True, metavar="KEY.PATH=VALUE", help="Change one key.")
data_dir_option = click.option(
    "--data-dir",
    type=PathOfThisMachine("download the archives first"),
    help="Folder with the archives (data.dir).",
)
config_option = click.option(
    "--config",
    type=PathOfThisMachine(),
    help=f"Take the model that this pipeline pushed last.  [default: {DEFAULT_CONFIG}]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else.")


@contextmanager
def redirect_framework_output(log: Path | None = None) -> Iterator[IO[str]]:
    """Sends the frameworks' words to a log and yields the screen; turns a defect into one line that names the log.

    Args:
        log: where they go; None: a temporary file, which stays only if there is a defect to look up in it.
    """
    from pipeline.cli.output.console import first_words, framework_output_to, log_traceback

    path = log or _temporary_log()
    keep = log is not None
    try:
        with framework_output_to(path) as stream:
            try:
                yield stream
            except VisageError as error:
                log_traceback(error)
                if log is None:
                    raise
                raise VisageError(f"{error} (log: {log})") from error
            except OutputError:
                raise
            except Exception as error:
                log_traceback(error)
                if refusal := not_installed(error):
                    raise refusal from error
                keep = True
                raise VisageError(f"{first_words(error)}; the whole story is in {path}") from error
    finally:
        if not keep:
            path.unlink(missing_ok=True)


def _temporary_log() -> Path:
    number, name = tempfile.mkstemp(prefix="visage-", suffix=".log")
    os.close(number)
    return Path(name)


def visage_command() -> str:
    """What to type in this shell and folder to call this `visage` again: with its path where PATH leads elsewhere."""
    called = Path(sys.argv[0])
    script = called if called.name == "visage" else Path(sys.executable).with_name("visage")
    found = shutil.which("visage")
    if not script.exists() or (found and script.samefile(found)):
        return "visage"
    absolute = script.absolute()
    return shlex.quote(str(absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute))


@dataclass(frozen=True)
class ChosenModel:
    """Which model a command works on.

    Attributes:
        folder: a SavedModel, or the folder of its numbered versions.
        config: the configuration of the pipeline that pushes there; None: the user named the folder.
    """

    folder: Path
    config: Path | None


def choose_model(folder: Path | None, config: Path | None, option: str) -> ChosenModel:
    """Returns the model that the user named; without one, that of the default configuration, and says so.

    Args:
        folder: the value of `option`.
        config: the value of --config.
        option: how the command calls the folder, e.g. '--model'.

    Raises:
        VisageError: both are given, the configuration cannot be read, or none is given and this folder has none.
    """
    if folder is not None and config is not None:
        raise VisageError(f"{option} and --config: both name a model; choose one")
    if folder is not None:
        return ChosenModel(folder, None)
    if config is not None:
        return ChosenModel(pushed_models(config), config)
    if not DEFAULT_CONFIG.exists():
        raise VisageError(f"no model named, and no {DEFAULT_CONFIG} in this folder; give {option} or --config")
    models = pushed_models(DEFAULT_CONFIG)
    # <workspace>/<pipeline>/serving/<name>
    pipeline = models.parent.parent.name
    hint = f"--config or {option} chooses another"
    click.echo(f"visage: taking the model of pipeline {pipeline} ({DEFAULT_CONFIG}); {hint}", err=True)
    return ChosenModel(models, DEFAULT_CONFIG)


def pushed_models(config: Path) -> Path:
    """Returns the folder of the numbered versions that a configuration's pipeline pushes.

    Raises:
        VisageError: the configuration cannot be read.
    """
    from pipeline.config.loader import load_config

    # Where the images lie does not matter; without the folder, a labelled folder among the sources would be refused.
    return load_config(config, data_dir=Path.cwd()).model_base_path


def print_json(value: Any, stream: IO[str] | None = None) -> None:
    """Prints `value` and nothing else; what JSON does not know is written as text."""
    click.echo(json.dumps(value, indent=2, default=str), file=stream)


def new_run_id() -> str:
    """Returns the time of day as a text that sorts."""
    return datetime.now().strftime("%Y%m%d-%H%M%S-%f")
