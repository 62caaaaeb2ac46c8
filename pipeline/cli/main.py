"""The command line `visage`. Heavy libraries are imported inside the commands: `--help` answers at once."""

import os
import re
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from pipeline.checks.permissions import refusal_line
from pipeline.cli.commands.data import data
from pipeline.cli.commands.export import export
from pipeline.cli.common import (
    DEFAULT_CONFIG,
    PathOfThisMachine,
    choose_model,
    config_option,
    data_dir_option,
    json_option,
    override_option,
    print_json,
    pushed_models,
    quietly,
    visage_command,
)
from pipeline.cli.exit_codes import FAILED, NOT_BLESSED
from pipeline.cli.interruption import raised_in_here
from pipeline.cli.output.output_file import check_output, check_output_of
from visage.errors import VisageError
from visage.extras import not_installed

if TYPE_CHECKING:
    from pipeline.checks.finding import Finding
    from pipeline.cli.output.console import Screen
    from pipeline.config.schema import PipelineConfig
    from serving.photos import FacePrediction, PhotoPrediction

# PyPI's `visage` is another project.
_DISTRIBUTION = "visage-pipeline"

_config = click.argument("config", type=PathOfThisMachine(), default=DEFAULT_CONFIG)


class _Group(click.Group):
    """Prints what a user can fix as one line, and a traceback only with --debug.

    That is a VisageError, an error of the operating system, or a package that is not installed.
    """

    def invoke(self, context: click.Context) -> Any:
        try:
            with raised_in_here():
                return super().invoke(context)
        except (VisageError, OSError, ModuleNotFoundError) as error:
            refusal = not_installed(error)
            if isinstance(error, ModuleNotFoundError) and refusal is None:
                raise
            if context.params.get("debug"):
                traceback.print_exc()
            text = refusal_line(error) if isinstance(error, OSError) else str(refusal or error)
            for line in text.splitlines():
                click.echo(f"visage: {line}", err=True)
            context.exit(FAILED)


def _show_version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"visage {version(_DISTRIBUTION)}")
    except PackageNotFoundError:
        click.echo(f"visage: {_DISTRIBUTION} is not installed under this name; run `make set-up`", err=True)
        context.exit(FAILED)
    context.exit()


@click.group(cls=_Group)
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
    """Age and gender from face pictures: train, gate, push, serve, ask."""
    # TensorFlow and gRPC read these once, when they are imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")


main.add_command(data)
main.add_command(export)


@main.command()
@_config
@override_option
@data_dir_option
@json_option
@click.pass_context
def run(context: click.Context, config: Path, overrides: tuple[str, ...], data_dir: Path | None, as_json: bool) -> None:
    """Run the pipeline here. Exit code 0: blessed and pushed; 3: not blessed; 1: something failed."""
    from pipeline.checks.early_checks import OF_A_RUN, check_early
    from pipeline.config.loader import load_config
    from pipeline.run_lock import alone

    settings = load_config(config, overrides, data_dir)
    notes = check_early(settings, OF_A_RUN)
    run_id = _new_run_id()
    log = settings.root / "logs" / f"{run_id}.log"
    with alone(settings.root), quietly(log) as stream:
        screen = _screen(settings, stream, notes, silent=as_json)

        from pipeline.cli.output.run_summary import outcome_of, print_outcome
        from pipeline.runners.local import run_pipeline

        outcome = outcome_of(settings, run_pipeline(settings, run_id, screen))
        print_outcome(
            outcome,
            screen,
            visage=visage_command(),
            default_model=_is_default_model(settings),
            drawings=settings.data.drawn,
        )
        if as_json:
            print_json(asdict(outcome), stream)
    for failed, line in outcome.failed.items():
        click.echo(f"visage: {failed} failed: {line} (log: {log})", err=True)
    context.exit(outcome.exit_code)


@main.command()
@_config
@click.option("--folds", type=int, help="Parts, each tested on once.  [default: the recipe's, or 5]")
@click.option("--repeats", type=int, default=3, show_default=True, help="Models a fold, of other seeds.")
@override_option
@data_dir_option
@json_option
def crossval(
    config: Path, folds: int | None, repeats: int, overrides: tuple[str, ...], data_dir: Path | None, as_json: bool
) -> None:
    """Cross-validate a recipe: mean and deviation over folds, of single models and of several together."""
    from pipeline.checks.early_checks import OF_A_RUN, check_early
    from pipeline.config.loader import load_config
    from pipeline.cross_validation.folds import fold_splits
    from pipeline.run_lock import alone

    settings = load_config(config, overrides, data_dir)
    # A pipeline of its own: each of its models has learned from what the others are tested on.
    settings = settings.model_copy(update={"name": f"{settings.name}-crossval"})
    splits = fold_splits(settings, folds)
    if repeats < 1:
        raise VisageError(f"--repeats {repeats}: must be 1 or more")
    notes = check_early(settings, OF_A_RUN)
    run_id = _new_run_id()
    with alone(settings.root), quietly(settings.root / "logs" / f"{run_id}.log") as stream:
        screen = _screen(settings, stream, notes, silent=as_json)

        from pipeline.cross_validation.result import print_result
        from pipeline.cross_validation.run import cross_validate

        result = cross_validate(settings, splits, repeats, run_id, screen)
        print_result(result, screen)
        if as_json:
            print_json(asdict(result), stream)


@main.command()
@click.argument("name", metavar="NODE")
@click.option(
    "--pipeline", required=True, metavar="IR", help="What `visage compile` wrote: a file, or its inline text."
)
@click.option("--run-id", required=True, help="Groups the nodes of one run.")
@json_option
@click.pass_context
def node(context: click.Context, name: str, pipeline: str, run_id: str, as_json: bool) -> None:
    """Run one node of a compiled pipeline, as schedulers do. Exit code 3: Pusher had nothing blessed to push."""
    from pipeline.cli.output.console import Screen
    from pipeline.compiled import read_compiled

    # A mistake is reported before TFX is imported.
    read_compiled(pipeline)
    # Where the log belongs is known only once TFX is there to read the IR; until then its words go elsewhere.
    with quietly() as stream:
        from pipeline.node import read_ir, run_node, workspace_of

        ir = read_ir(pipeline)
        with quietly(workspace_of(ir) / "logs" / f"{_file_name(run_id)}.{name}.log"):
            from pipeline.cli.output.node_summary import describe, model_was_pushed

            screen = Screen(stream, silent=as_json)
            with screen.stage(name):
                result = run_node(ir, name, run_id)
            screen.print(f"{name}{' (cached)' if result.cached else ''}: {describe(result) or 'done'}")
        if as_json:
            print_json(asdict(result), stream)
    context.exit(NOT_BLESSED if name == "Pusher" and not model_was_pushed(result) else 0)


@main.command()
@click.argument("scheduler", type=click.Choice(["airflow", "kubeflow"]))
@_config
@override_option
@data_dir_option
@click.option("--out", required=True, type=PathOfThisMachine(), help="The file to write.")
@json_option
def compile(
    scheduler: str, config: Path, overrides: tuple[str, ...], data_dir: Path | None, out: Path, as_json: bool
) -> None:
    """Write the pipeline as a scheduler's own file; its tasks run `visage node`."""
    from pipeline.config.loader import load_config
    from visage.extras import check_installed

    settings = load_config(config, overrides, data_dir)
    if scheduler == "airflow":
        check_output_of(config, settings, out, [".py"], beside=[out.with_suffix(".ir.json")])
    else:
        check_output_of(config, settings, out, [".yaml", ".yml"])
    check_installed(scheduler, "visage compile")
    with quietly() as stream:
        if scheduler == "airflow":
            from pipeline.runners.airflow import write_dag

            written = [out, write_dag(settings, out)]
        else:
            from pipeline.runners.kubeflow import write_pipeline

            write_pipeline(settings, out)
            written = [out]
        if as_json:
            print_json({"written": [str(path) for path in written]}, stream)
        else:
            click.echo("wrote " + " and ".join(map(str, written)), file=stream)


@main.command()
@click.argument("photos", nargs=-1, required=True, type=PathOfThisMachine("download the picture first"))
@click.option(
    "--model",
    type=PathOfThisMachine("--server asks a server"),
    help="Folder of a model, or of its numbered versions.",
)
@config_option
@click.option("--server", metavar="URL", help="A TensorFlow Serving or `visage serve` address instead of a model.")
@click.option(
    "--alignment-of",
    metavar="DIR",
    type=PathOfThisMachine(),
    help="Folder of the server's model; tells how crops are cut where the server does not.",
)
@click.option("--out", type=PathOfThisMachine(), help="Write the annotated picture here (.png, .jpg).")
@json_option
@click.pass_context
def predict(
    context: click.Context,
    photos: tuple[Path, ...],
    model: Path | None,
    config: Path | None,
    server: str | None,
    alignment_of: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Find the faces on photos and predict age and gender. Exit code 1: a photo gave no prediction.

    A folder stands for the pictures in it, without those of the folders below.
    """
    from serving.photo_files import photo_files

    files = photo_files(photos)
    if out is not None and len(files) > 1:
        raise VisageError(f"--out {out}: takes one picture, not {len(files)}; name one photo")
    if out is not None:
        check_output(out, (".png", ".jpg", ".jpeg"), files)
    if server is not None and config is not None:
        raise VisageError("--server and --config: both name a model; choose one")
    if server is None:
        chosen = choose_model(model, config, "--model")
        model, config = chosen.folder, chosen.config
    from serving.annotate import write_annotated
    from serving.client import predict_photos

    notes: list[str] = []
    with quietly() as stream:
        predictions = predict_photos(files, model, server, alignment_of, note=notes.append)
        problems = [f"{prediction.path}: {prediction.problem}" for prediction in predictions if prediction.problem]
        if as_json:
            print_json([_prediction_json(prediction, config) for prediction in predictions], stream)
        else:
            for line in _lines(predictions):
                click.echo(line, file=stream)
        if out is not None and not problems:
            write_annotated(files[0], predictions[0], out)
    for line in notes if as_json else (*notes, *problems):
        click.echo(f"visage: {line}", err=True)
    context.exit(FAILED if problems else 0)


@main.command()
@click.option("--model-base-path", type=PathOfThisMachine(), help="Folder of the numbered versions.")
@config_option
@click.option("--rest-port", type=click.IntRange(0, 65535), default=8501, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
def serve(model_base_path: Path | None, config: Path | None, rest_port: int, host: str) -> None:
    """Serve the pushed model with TensorFlow Serving's REST routes, and a demo page at /."""
    from pipeline.cli.output.console import framework_output_to, messages_of

    base_path = choose_model(model_base_path, config, "--model-base-path").folder
    # No log of the frameworks' words: a server would fill it for as long as it runs.
    with messages_of("serving", "uvicorn"), framework_output_to(Path(os.devnull)) as stream:
        from serving.server import serve as serve_model

        serve_model(
            base_path,
            name=base_path.resolve().name,
            rest_port=rest_port,
            host=host,
            announce=lambda line: print(line, file=stream),
        )


@main.command()
@_config
@override_option
@data_dir_option
@json_option
@click.pass_context
def check(
    context: click.Context, config: Path, overrides: tuple[str, ...], data_dir: Path | None, as_json: bool
) -> None:
    """Check what a run would fail of: configuration, archives, workspace, locks, disk. Runs nothing."""
    from pipeline.checks.early_checks import findings_of
    from pipeline.config.loader import load_config

    findings = list(findings_of(load_config(config, overrides, data_dir)))
    _print_findings(findings, as_json)
    context.exit(FAILED if any(finding.status == "missing" for finding in findings) else 0)


@main.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what this machine has, what is missing, and how to get it."""
    from pipeline.cli.doctor import diagnose

    _print_findings(diagnose(), as_json)


def _print_findings(findings: "Sequence[Finding]", as_json: bool) -> None:
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return
    for finding in findings:
        click.echo(finding.line())


def _lines(predictions: "Sequence[PhotoPrediction]") -> Iterator[str]:
    """Yields which model it is, then a line for each face."""
    identity = predictions[0].model
    if identity is not None:
        yield from identity.lines()
    for prediction in predictions:
        yield from _face_lines(prediction)


def _prediction_json(prediction: "PhotoPrediction", config: Path | None) -> dict[str, Any]:
    """The fields of a prediction; beside the model's own, `config`: the configuration by which it was chosen."""
    fields = asdict(prediction)
    if fields["model"] is not None:
        fields["model"]["config"] = config
    return fields


def _face_lines(prediction: "PhotoPrediction") -> list[str]:
    return [
        f"{prediction.path}: {', '.join(_answers(face))}  face at {', '.join(f'{side:.0f}' for side in face.box)}"
        for face in prediction.faces
    ]


def _answers(face: "FacePrediction") -> Iterator[str]:
    """What the model says of a face, which may be the age or the gender alone."""
    if face.age is not None:
        yield f"{face.age:.0f} years (± {face.age_deviation:.0f})"
    if face.gender_probability is not None:
        yield f"{face.gender} ({max(face.gender_probability, 1 - face.gender_probability):.0%})"


def _screen(settings: "PipelineConfig", stream: IO[str], notes: "Sequence[Finding]", silent: bool) -> "Screen":
    """The screen of a run, with its first lines on it; imports nothing heavy."""
    from rich.markup import escape

    from pipeline.cli.output.console import Screen
    from pipeline.cli.output.terms import tell_terms_once

    screen = Screen(stream, silent=silent)
    screen.print(_header(settings))
    for note in notes:
        screen.print(f"[yellow]note[/]  {escape(note.line())}")
    if not silent:
        tell_terms_once(settings.data.sources, settings.face_example_gen_settings(), screen)
    return screen


def _header(settings: "PipelineConfig") -> str:
    from rich.markup import escape

    data = settings.data
    pictures = data.dir or f"{data.sample_portraits.count:,} drawn sample portraits (no --data-dir)"
    return f"[bold]{settings.name}[/]  {', '.join(data.sources)} from {escape(pictures)}"


def _is_default_model(settings: "PipelineConfig") -> bool:
    """Whether `visage predict` finds this pipeline's models without being told."""
    return DEFAULT_CONFIG.exists() and settings.model_base_path == pushed_models(DEFAULT_CONFIG)


def _new_run_id() -> str:
    return datetime.now().strftime("%Y%m%d-%H%M%S-%f")


def _file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)
