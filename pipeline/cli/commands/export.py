"""`visage export`: writes a pushed model in another form."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.common import (
    ChosenModel,
    PathOfThisMachine,
    choose_model,
    config_option,
    json_option,
    print_json,
    redirect_framework_output,
)
from pipeline.output.output_file import check_output_folder
from visage.errors import VisageError
from visage.evaluation.metrics import metrics_of
from visage.extras import check_installed

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.output.console import Reporter
    from visage.saved_model.metadata import ModelMetadata
    from visage.tflite.export import Precision, TFLiteExport
    from visage.tflite.measured import Measured

_PRECISIONS = ("float16", "int8")


@click.group()
def export() -> None:
    """Write a pushed model in another form."""


@export.command()
@click.argument("model", required=False, type=PathOfThisMachine())
@click.option(
    "--precision",
    "precisions",
    multiple=True,
    type=click.Choice(_PRECISIONS),
    default=_PRECISIONS,
    help="Which models to write.  [default: both]",
)
@click.option("--out", type=PathOfThisMachine(), help="Folder to write into.  [default: tflite/NUMBER of the pipeline]")
@config_option
@json_option
def tflite(
    model: Path | None, config: Path | None, precisions: tuple["Precision", ...], out: Path | None, as_json: bool
) -> None:
    """Write LiteRT (TensorFlow Lite) models for phones, and measure size, latency and loss of accuracy.

    MODEL is the folder of a pushed version, or of all versions, of which the newest is used; the default is that of
    `visage predict`. The models are compared with it on the test split of its run.
    """
    chosen, version, folder = _chosen(model, config, out, "tflite")
    with redirect_framework_output() as stream:
        from rich.markup import escape

        from pipeline.metadata.training_examples import trained_on
        from pipeline.output.console import Reporter
        from visage.files import write_atomically
        from visage.prediction.loaded_model import metadata_of

        examples = trained_on(version)
        metadata = metadata_of(version)
        check_output_folder(folder, inputs=[version])
        from visage.tflite.export import export_tflite_model

        reporter = Reporter(stream, silent=as_json)
        described_model = _describe(reporter, chosen, version, metadata)
        name = version.parent.name
        with reporter.stage(f"{name} {version.name}"):
            made = export_tflite_model(version, examples, tuple(dict.fromkeys(precisions)))
        files = {precision: folder / f"{name}_{precision}.tflite" for precision in made.contents}
        figures = {
            **described_model,
            **_figures(made, files),
        }
        described = folder / f"{name}_tflite.json"
        description = json.dumps(figures, indent=2, allow_nan=False) + "\n"
        with _made(folder):
            remove_unnamed(folder, name, files)
            for precision, content in made.contents.items():
                write_atomically(files[precision], content)
            write_atomically(described, description)
        models: dict[str, Measured] = {"SavedModel": made.saved_model}
        models.update((str(precision), one) for precision, one in made.lite_models.items())
        _print_figures(reporter, f"{name} {version.name}", models, figures["test_faces"], figures["notes"])
        for file in (*files.values(), described):
            reporter.print(f"wrote {escape(str(file))}")
        if as_json:
            print_json(figures, stream)


@export.command()
@click.argument("model", required=False, type=PathOfThisMachine())
@click.option("--out", type=PathOfThisMachine(), help="Folder to write into.  [default: onnx/NUMBER of the pipeline]")
@click.option("--page", is_flag=True, help="Write a page beside it that runs the model in a browser, offline.")
@click.option(
    "--onnxruntime-web",
    "runtime",
    type=PathOfThisMachine(),
    help="Folder of the npm package, for --page.  [default: node_modules/onnxruntime-web]",
)
@config_option
@json_option
def onnx(
    model: Path | None, config: Path | None, out: Path | None, page: bool, runtime: Path | None, as_json: bool
) -> None:
    """Write an ONNX model, for onnxruntime on any machine and in browsers, and measure its loss of accuracy.

    MODEL is the folder of a pushed version, or of all versions, of which the newest is used; the default is that of
    `visage predict`. The model is compared with it on the test split of its run, with onnxruntime.
    """
    from visage.onnx_export.browser import find_runtime, remove_page, write_page

    check_installed("onnx", "visage export")
    if runtime is not None and not page:
        raise VisageError("--onnxruntime-web: the files are copied beside the page; give --page as well")
    package = find_runtime(runtime) if page else None
    chosen, version, folder = _chosen(model, config, out, "onnx")
    with redirect_framework_output() as stream:
        from rich.markup import escape

        from pipeline.metadata.training_examples import trained_on
        from pipeline.output.console import Reporter
        from visage.files import write_atomically
        from visage.onnx_export.export import export_onnx_model
        from visage.prediction.loaded_model import metadata_of

        examples = trained_on(version)
        metadata = metadata_of(version)
        check_output_folder(folder, inputs=[version])
        reporter = Reporter(stream, silent=as_json)
        described_model = _describe(reporter, chosen, version, metadata)
        name = version.parent.name
        with reporter.stage(f"{name} {version.name}"):
            made = export_onnx_model(version, examples)
        file, described = folder / f"{name}.onnx", folder / f"{name}_onnx.json"
        models = {"SavedModel": made.saved_model, "ONNX": made.onnx}
        figures = {
            **described_model,
            "pixels": {"dtype": "uint8", "shape": made.pixels, "range": [0, 255]},
            "outputs": made.outputs,
            "test_faces": made.test_faces,
            "notes": made.notes(),
            "models": {
                "saved_model": made.saved_model.to_json(),
                "onnx": {"file": file.name, **made.onnx.to_json()},
            },
        }
        description = json.dumps(figures, indent=2, allow_nan=False) + "\n"
        written = [file, described]
        with _made(folder):
            # Also without --page: it would run another model than the one beside it.
            remove_page(folder / "page")
            write_atomically(file, made.content)
            write_atomically(described, description)
            if package is not None:
                written.append(write_page(folder / "page", made.content, figures, package))
        _print_figures(reporter, f"{name} {version.name}", models, made.test_faces, figures["notes"])
        for one in written:
            reporter.print(f"wrote {escape(str(one))}")
        if package is not None:
            served = shlex.quote(str(folder / "page"))
            reporter.print(escape(f"the page: python3 -m http.server --bind 127.0.0.1 --directory {served}"))
        if as_json:
            print_json(figures, stream)


def _chosen(model: Path | None, config: Path | None, out: Path | None, form: str) -> tuple[ChosenModel, Path, Path]:
    """Returns the model that the user named, the folder of its version, and the folder to write into."""
    from visage.prediction.loaded_model import find_model

    chosen = choose_model(model, config, "MODEL")
    version = find_model(chosen.folder).resolve()
    if out is not None:
        check_output_folder(out, inputs=[version])
    return chosen, version, (out or Path(*version.parts[:-3]) / form / version.name).resolve()


def _describe(reporter: "Reporter", chosen: ChosenModel, version: Path, metadata: "ModelMetadata") -> dict[str, Any]:
    """Prints which model is exported, and returns it as the figures begin."""
    from rich.markup import escape

    from visage.prediction.loaded_model import identity_of

    identity = identity_of(version, metadata)
    for line in identity.lines():
        reporter.print(escape(line))
    config = chosen.config and str(chosen.config)
    return {"model": str(version), "identity": {**asdict(identity), "config": config}, **metadata.to_json()}


def _print_figures(
    reporter: "Reporter", name: str, models: Mapping[str, "Measured"], test_faces: int, lines: Sequence[str]
) -> None:
    from rich.markup import escape

    reporter.print(f"{escape(name)} on the {test_faces:,} test faces of its run")
    reporter.print(_table(models))
    reporter.print(f"fastest and slowest of the rounds: {_rounds(models)}")
    for line in lines:
        reporter.print(line)


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Creates a folder for the files that the `with` block writes; a block that fails leaves no empty one."""
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException as error:
        for one in new:
            # Stays if something was written.
            with suppress(OSError):
                one.rmdir()
        if isinstance(error, OSError):
            raise VisageError(f"--out {folder}: {error.strerror}; name another folder") from None
        raise


def remove_unnamed(folder: Path, name: str, files: Mapping["Precision", Path]) -> None:
    """Removes the models of a name that an earlier export left in a folder; `files` are the new ones by precision."""
    for file in {folder / f"{name}_{precision}.tflite" for precision in _PRECISIONS} - set(files.values()):
        file.unlink(missing_ok=True)


def _figures(made: "TFLiteExport", files: dict["Precision", Path]) -> dict[str, Any]:
    models = {
        precision: {"file": files[precision].name, **one.to_json()} for precision, one in made.lite_models.items()
    }
    return {
        "pixels": {"dtype": "uint8", "shape": made.pixels, "range": [0, 255]},
        "outputs": made.outputs,
        "calibration_faces": made.calibration_faces,
        "test_faces": made.test_faces,
        "notes": made.notes(),
        "models": {"saved_model": made.saved_model.to_json(), **models},
    }


def _rounds(models: Mapping[str, "Measured"]) -> str:
    times = [(name, one.milliseconds) for name, one in models.items()]
    return ", ".join(f"{name} {took.fastest:.1f} to {took.slowest:.1f} ms" for name, took in times)


def _table(models: Mapping[str, "Measured"]) -> "Table":
    """Returns the figures of models by name, the SavedModel first."""
    from rich.table import Table

    metrics = (spec.short for spec in metrics_of("tflite"))
    table = Table("", "size", "an image", *metrics, "age differs by", box=None, pad_edge=False)
    saved_model = next(iter(models.values()))
    for name, one in models.items():
        table.add_row(*_row(name, one, saved_model))
    return table


def _row(name: str, one: "Measured", of: "Measured") -> Iterator[str]:
    """Yields the cells of one model's row; `of` is the SavedModel."""
    quality = one.quality
    yield name
    yield f"{one.size / 1e6:5.1f} MB  {one.size / of.size:4.0%}"
    took = one.milliseconds
    yield f"{took.median:5.1f} ms  {took.median / of.milliseconds.median:4.0%}"
    for spec in metrics_of("tflite"):
        value = quality.scores.get(spec.name)
        # Converted models differ little, so one digit more.
        yield "-" if value is None else spec.unit.cell(value, more_digits=1)
    differs = one is not of and quality.age_change_mean is not None
    yield f"{quality.age_change_mean:.2f}, at most {quality.age_change_max:.2f}" if differs else ""
