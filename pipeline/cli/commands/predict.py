"""`visage predict`: predicts age and gender of the faces on photos."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from pipeline.cli.common import (
    PathOfThisMachine,
    choose_model,
    config_option,
    json_option,
    print_json,
    public_key_option,
    redirect_framework_output,
)
from pipeline.exit_codes import FAILED
from pipeline.output.output_file import check_output, check_output_folder
from visage.errors import VisageError
from visage.lossy_output import lossy_stream

if TYPE_CHECKING:
    from pipeline.output.predictions import Writer
    from serving.annotated_files import AnnotatedFiles
    from visage.prediction.each_photo import Photo

# Fewer photos take seconds.
_MANY = 10
_API_KEY = "VISAGE_API_KEY"


@click.command()
@click.argument("photos", nargs=-1, type=PathOfThisMachine("download the image first"))
@click.option(
    "--files-from",
    metavar="FILE",
    type=PathOfThisMachine(),
    help="Read more names from a file, one a line or as `find -print0` writes them; - is standard input.",
)
@click.option(
    "--model",
    type=PathOfThisMachine("give a server by --server"),
    help="Folder of a model, or of its numbered versions; ready: networks of other people (docs/ready-model.md).",
)
@config_option
@click.option(
    "--server",
    metavar="URL",
    help="A TensorFlow Serving or `visage serve` instead of a model: http://HOST:8501 or grpc://HOST:8500, with https "
    f"and grpcs for TLS, and /v1/models/NAME or /NAME after it. {_API_KEY} holds the API key.",
)
@click.option(
    "--alignment-of",
    metavar="DIR",
    type=PathOfThisMachine(),
    help="Folder of the server's model, for the geometry of the crops if the server does not send it.",
)
@public_key_option
@click.option(
    "--out",
    type=PathOfThisMachine(),
    help="Write the annotated image here (.png, .jpg); a folder for several photos.",
)
@click.option(
    "--format",
    "chosen_format",
    type=click.Choice(["table", "json", "csv"]),
    help="Of the result on standard output.  [default: table]",
)
@json_option
@click.pass_context
def predict(
    context: click.Context,
    photos: tuple[Path, ...],
    files_from: Path | None,
    model: Path | None,
    config: Path | None,
    server: str | None,
    alignment_of: Path | None,
    public_key: Path | None,
    out: Path | None,
    chosen_format: str | None,
    as_json: bool,
) -> None:
    """Find the faces on photos and predict age and gender. Exit code 1: a photo has no prediction.

    A folder means the images in it, but not in its subfolders; - is the bytes of one photo from standard input.
    """
    if as_json and chosen_format not in (None, "json"):
        raise VisageError(f"--json and --format {chosen_format}: choose one")
    shown_as = "json" if as_json else chosen_format or "table"
    files = _photos(photos, files_from)
    images = _annotated_files(out, files, photos) if out is not None else None
    if server is not None and config is not None:
        raise VisageError("--server and --config: both name a model; choose one")
    if server is not None and model is not None:
        raise VisageError("--model and --server: choose one; --alignment-of DIR gives the geometry of a server's crops")
    if server is not None and public_key is not None:
        raise VisageError("--server and --public-key: a server verifies its own model; give --public-key to it")
    if server is None and alignment_of is not None:
        raise VisageError("--alignment-of needs --server: a local model has the geometry of its crops")
    api_key = None if server is None else _api_key()
    if server is None:
        chosen = choose_model(model, config, "--model", ready=public_key is None)
        model, config = chosen.folder, chosen.config
        model = _verified(model, public_key or chosen.public_key)
    from pipeline.output.predictions import identity_lines
    from visage.client.photos import open_predictor
    from visage.prediction.each_photo import predict_each

    notes: list[str] = []
    problems: list[str] = []
    models: dict[str, None] = {}
    unwritten: VisageError | None = None
    try:
        with (
            _progress(len(files), rows_on_terminal=shown_as != "json" and sys.stdout.isatty()),
            redirect_framework_output() as stream,
            open_predictor(model, server, alignment_of, notes.append, api_key) as predictor,
        ):
            writer = _writer(shown_as, stream, files, config)
            for index, prediction in enumerate(predict_each(files, predictor)):
                writer.add(prediction)
                models.update(dict.fromkeys(identity_lines(prediction)))
                if prediction.problem is not None:
                    problems.append(f"{prediction.path}: {prediction.problem}")
                elif images is not None and unwritten is None:
                    try:
                        images.write(index, files[index], prediction)
                    except VisageError as error:
                        # The predictions are worth more than their images.
                        unwritten = error
            writer.end()
    finally:
        for line in (*notes, *(models if shown_as == "csv" else ()), *(problems if shown_as != "json" else ())):
            click.echo(f"visage: {line}", err=True)
    if unwritten is not None:
        raise unwritten
    context.exit(FAILED if problems else 0)


def _api_key() -> str | None:
    """Returns the server's API key of the environment; None without one.

    Raises:
        VisageError: it cannot be sent.
    """
    from visage.client.api_key import check_api_key

    if not (api_key := os.environ.get(_API_KEY)):
        return None
    check_api_key(api_key, _API_KEY)
    return api_key


def _photos(named: Sequence[Path], files_from: Path | None) -> "list[Photo]":
    """Returns the photos of the arguments and of the file with more names.

    Raises:
        UsageError: there is none.
        VisageError: standard input would be read twice, or the file cannot be read.
    """
    from serving.photo_files import STANDARD_INPUT, photo_files, read_names

    paths = list(named)
    if files_from is not None:
        paths += read_names(files_from, sys.stdin.buffer)
    if not paths:
        raise click.UsageError("Missing argument 'PHOTOS...'.")
    inputs = [str(path) for path in (*named, *([files_from] if files_from else []))].count(STANDARD_INPUT)
    if inputs > 1:
        raise VisageError(f"{STANDARD_INPUT}: standard input can be read once; name it once")
    return photo_files(paths, sys.stdin.buffer)


def _annotated_files(out: Path, photos: "Sequence[Photo]", named: Sequence[Path]) -> "AnnotatedFiles":
    """Returns the images to write.

    Raises:
        VisageError: they cannot be written there, or would replace a photo.
    """
    from serving.annotated_files import AnnotatedFiles, is_file, names_of

    files = [Path(photo.path) for photo in photos if photo.content is None]
    one = is_file(out, photos)
    if one:
        check_output(out, (".png", ".jpg", ".jpeg"), files)
    else:
        check_output_folder(out, [*named, *files], names_of(photos))
    return AnnotatedFiles(out, one, photos)


def _writer(shown_as: str, stream: IO[str], photos: "Sequence[Photo]", config: Path | None) -> "Writer":
    from pipeline.output.predictions import CsvWriter, JsonWriter, TableWriter

    if shown_as == "json":
        return JsonWriter(lambda documents: print_json(documents, stream), config)
    return CsvWriter(stream) if shown_as == "csv" else TableWriter(stream, [photo.path for photo in photos])


@contextmanager
def _progress(photos: int, rows_on_terminal: bool) -> Iterator[None]:
    """Shows the progress of many photos on standard error, unless the rows on the terminal show it already."""
    if photos < _MANY or rows_on_terminal:
        yield
        return
    from pipeline.output.console import Reporter

    number = os.dup(2)
    try:
        with Reporter(lossy_stream(number)).stage("predict"):
            yield
    finally:
        os.close(number)


def _verified(model: Path, public_key: Path | None) -> Path:
    """Returns the model; with a key the folder of the very version whose signature was verified.

    Raises:
        VisageError: there is no model, or it is not what the key signed.
    """
    if public_key is None:
        return model
    from visage.prediction.loaded_model import find_model
    from visage.saved_model.pushing.signing import verify

    found = find_model(model)
    verify(found, public_key)
    return found
