"""`visage predict`: predicts age and gender of the faces on photos."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from pipeline.output.output_file import check_output
from visage.errors import VisageError

if TYPE_CHECKING:
    from visage.prediction.photos import FacePrediction, PhotoPrediction


@click.command()
@click.argument("photos", nargs=-1, required=True, type=PathOfThisMachine("download the image first"))
@click.option(
    "--model",
    type=PathOfThisMachine("give a server by --server"),
    help="Folder of a model, or of its numbered versions.",
)
@config_option
@click.option("--server", metavar="URL", help="A TensorFlow Serving or `visage serve` address instead of a model.")
@click.option(
    "--alignment-of",
    metavar="DIR",
    type=PathOfThisMachine(),
    help="Folder of the server's model, for the geometry of the crops if the server does not send it.",
)
@public_key_option
@click.option("--out", type=PathOfThisMachine(), help="Write the annotated image here (.png, .jpg).")
@json_option
@click.pass_context
def predict(
    context: click.Context,
    photos: tuple[Path, ...],
    model: Path | None,
    config: Path | None,
    server: str | None,
    alignment_of: Path | None,
    public_key: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Find the faces on photos and predict age and gender. Exit code 1: a photo has no prediction.

    A folder means the images in it, but not in its subfolders.
    """
    from serving.photo_files import photo_files

    files = photo_files(photos)
    if out is not None and len(files) > 1:
        raise VisageError(f"--out {out}: takes one image, not {len(files)}; name one photo")
    if out is not None:
        check_output(out, (".png", ".jpg", ".jpeg"), files)
    if server is not None and config is not None:
        raise VisageError("--server and --config: both name a model; choose one")
    if server is not None and model is not None:
        raise VisageError("--model and --server: choose one; --alignment-of DIR gives the geometry of a server's crops")
    if server is not None and public_key is not None:
        raise VisageError("--server and --public-key: a server verifies its own model; give --public-key to it")
    if server is None and alignment_of is not None:
        raise VisageError("--alignment-of needs --server: a local model has the geometry of its crops")
    if server is None:
        chosen = choose_model(model, config, "--model")
        model, config = chosen.folder, chosen.config
        model = _verified(model, public_key or chosen.public_key)
    from serving.annotate import write_annotated
    from visage.client.photos import predict_photos

    notes: list[str] = []
    with redirect_framework_output() as stream:
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


def _lines(predictions: "Sequence[PhotoPrediction]") -> Iterator[str]:
    """Yields the lines on the model, then a line for each face."""
    identity = predictions[0].model
    if identity is not None:
        yield from identity.lines()
    for prediction in predictions:
        yield from _face_lines(prediction)


def _prediction_json(prediction: "PhotoPrediction", config: Path | None) -> dict[str, Any]:
    """Returns the fields of a prediction; `model` also has `config`, the configuration that chose it."""
    fields = asdict(prediction)
    if fields["model"] is not None:
        fields["model"]["config"] = config
    return fields


def _face_lines(prediction: "PhotoPrediction") -> list[str]:
    return [
        f"{prediction.path}: {', '.join(_predicted(face))}  face at {', '.join(f'{side:.0f}' for side in face.box)}"
        for face in prediction.faces
    ]


def _predicted(face: "FacePrediction") -> Iterator[str]:
    """Yields the predictions for a face, which may be the age or the gender alone."""
    if face.age is not None:
        yield f"{face.age:.0f} years (± {face.age_deviation:.0f})"
    if face.gender_probability is not None:
        yield f"{face.gender} ({max(face.gender_probability, 1 - face.gender_probability):.0%})"
