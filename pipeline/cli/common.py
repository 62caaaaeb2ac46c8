"""What the commands share: options, redirected output, the model to use. Imports nothing heavy."""

import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from pipeline.output.standard_output import OutputError
from pipeline.ready import announced_ready_model, taken_ready_model
from visage.errors import VisageError
from visage.extras import is_installed, not_installed, set_up_with
from visage.paths import instead_of_url, is_url
from visage.ready_model.names import EXTRA, READY
from visage.saved_model.versions import find_saved_model

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig

DEFAULT_CONFIG = Path("pipeline_config.yaml")


class PathOfThisMachine(click.ParamType):
    """A local path, as a `Path`; URLs are rejected, because pathlib would take "http://" for the folder "http:"."""

    name = "path"

    def __init__(self, instead: str | None = None) -> None:
        """Takes the fix to name where a URL is given; None: the one for its kind."""
        self._instead = instead

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Returns the path.

        Raises:
            VisageError: it is a URL.
        """
        if is_url(str(value)):
            instead = self._instead or instead_of_url(str(value))
            given = f"{param.opts[0]} {value}" if isinstance(param, click.Option) else str(value)
            raise VisageError(f"{given}: this is an address, not a path; {instead}")
        path = Path(value)
        # `./ready` is a folder and `ready` the ready model; a relative path does not keep the difference.
        return path.absolute() if str(path) == READY != str(value) else path


config_argument = click.argument("config", type=PathOfThisMachine(), default=DEFAULT_CONFIG)
override_option = click.option("--set", "overrides", multiple=True, metavar="KEY.PATH=VALUE", help="Change one key.")
data_dir_option = click.option(
    "--data-dir",
    type=PathOfThisMachine("download the archives first, or mount the bucket"),
    help="Folder with the archives (data.dir).",
)
config_option = click.option(
    "--config",
    type=PathOfThisMachine(),
    help=f"Take the model that this pipeline pushed last.  [default: {DEFAULT_CONFIG}]",
)
public_key_option = click.option(
    "--public-key",
    type=PathOfThisMachine(),
    help="Refuse a model that this key did not sign.  [default: exports.signing.public_key of --config]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else.")


@contextmanager
def redirect_framework_output(log: Path | None = None) -> Iterator[IO[str]]:
    """Redirects the frameworks' output to a log and yields the screen; words a defect as one line that names the log.

    Args:
        log: None: a temporary file, which stays only after a defect.
    """
    from pipeline.output.console import error_line, framework_output_to, log_traceback

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
                raise VisageError(f"{error_line(error)}; see the traceback in {path}") from error
    finally:
        if not keep:
            path.unlink(missing_ok=True)


def _temporary_log() -> Path:
    number, name = tempfile.mkstemp(prefix="visage-", suffix=".log")
    os.close(number)
    return Path(name)


def visage_command() -> str:
    """Returns how to call this `visage` from this shell and folder: with its path if PATH has another one or none."""
    called = Path(sys.argv[0])
    script = called if called.name == "visage" else Path(sys.executable).with_name("visage")
    found = shutil.which("visage")
    if not script.exists() or (found and script.samefile(found)):
        return "visage"
    absolute = script.absolute()
    return shlex.quote(str(absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute))


@dataclass(frozen=True)
class ChosenModel:
    """The model that a command uses.

    Attributes:
        folder: a SavedModel, or the folder of its numbered versions.
        config: the configuration of the pipeline that pushes there; None: the user named the folder.
        public_key: verifies its signature, by `exports.signing` of the configuration; None: it is not verified.
    """

    folder: Path
    config: Path | None
    public_key: Path | None = None


def choose_model(folder: Path | None, config: Path | None, option: str, ready: bool = False) -> ChosenModel:
    """Returns the model that the user named; without one, that of the default configuration, named on standard error.

    Args:
        folder: the value of `option`.
        config: the value of --config.
        option: the name of the command's option for the folder, e.g. '--model'.
        ready: whether the ready model may be named, and is taken where nothing was pushed.

    Raises:
        VisageError: both are given, the configuration cannot be read, or none is given and there is none.
    """
    if folder is not None and config is not None:
        raise VisageError(f"{option} and --config: both name a model; choose one")
    if folder is not None and str(folder) == READY and not (ready or folder.exists()):
        raise VisageError(
            f"{option}: {READY}: this command takes pushed models alone, and no run here trained or signed the ready "
            "model; name a pushed one"
        )
    if folder is not None:
        named = announced_ready_model(option).parent if ready and str(folder) == READY else folder
        return ChosenModel(named, None)
    if config is not None:
        return _pushed_by(config)
    pushed = _pushed_by(DEFAULT_CONFIG) if DEFAULT_CONFIG.exists() else None
    # It is not signed.
    ready = ready and (pushed is None or pushed.public_key is None)
    if pushed is None or (ready and find_saved_model(pushed.folder) is None):
        nothing = f"no {DEFAULT_CONFIG} in this folder" if pushed is None else f"nothing was pushed to {pushed.folder}"
        return _without_pushed(nothing, option, ready)
    chosen = pushed
    # <workspace>/<pipeline>/serving/<name>
    pipeline = chosen.folder.parent.parent.name
    hint = f"--config or {option} chooses another"
    click.echo(f"visage: taking the model of pipeline {pipeline} ({DEFAULT_CONFIG}); {hint}", err=True)
    return chosen


def _without_pushed(nothing: str, option: str, ready: bool) -> ChosenModel:
    """Returns the ready model, named on standard error.

    Args:
        nothing: why there is no pushed model.
        option: the name of the command's option for a folder.
        ready: whether the ready model may be used.

    Raises:
        VisageError: it may not, or its extra is not installed.
    """
    fix = f"give {option} or --config"
    if not ready:
        raise VisageError(f"no model named, and {nothing}; {fix}")
    if not is_installed(EXTRA):
        raise VisageError(
            f"no model named, and {nothing}; {fix}, train one with `visage run`, or install networks of other people "
            f"with `{set_up_with(EXTRA)}`"
        )
    return ChosenModel(taken_ready_model(option, nothing, f"{fix} for another").parent, None)


def pushed_models(config: Path) -> Path:
    """Returns the folder of the numbered versions that a configuration's pipeline pushes.

    Raises:
        VisageError: the configuration cannot be read.
    """
    return _pushed_by(config).folder


def _pushed_by(config: Path) -> ChosenModel:
    settings = settings_of(config)
    key = settings.exports.signing.public_key
    return ChosenModel(settings.model_base_path, config, Path(key) if key is not None else None)


def settings_of(config: Path, overrides: Sequence[str] = ()) -> "PipelineConfig":
    """Reads a configuration whose images do not matter.

    Raises:
        VisageError: it cannot be read.
    """
    from pipeline.config.loader import load_config

    return load_config(config, overrides, with_images=False)


def settings_of_compiled(pipeline: str) -> "PipelineConfig":
    """Returns the configuration that a compiled pipeline holds.

    Args:
        pipeline: a file, or its inline text.

    Raises:
        VisageError: it is no compiled pipeline, or holds no configuration of this version.
    """
    from pipeline.compiled import read_configuration
    from pipeline.config.recorded import read_recorded

    return read_recorded(
        read_configuration(pipeline), f"--pipeline {pipeline[:80]}", "write it again with `visage compile`"
    )


def print_json(value: Any, stream: IO[str] | None = None) -> None:
    """Prints `value` as JSON and nothing else; values of other types become text."""
    click.echo(json.dumps(value, indent=2, default=str), file=stream)


def new_run_id() -> str:
    """Returns the current time as a sortable text."""
    return datetime.now().strftime("%Y%m%d-%H%M%S-%f")
