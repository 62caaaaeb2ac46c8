"""Finds and checks the teacher of a distillation, a pushed model, without loading it."""

from __future__ import annotations

from pathlib import Path

from visage.errors import VisageError
from visage.faces.settings import NO_DETECTOR, AlignmentSettings
from visage.ready_model.cache import ready_model
from visage.ready_model.names import READY
from visage.saved_model.metadata import ModelMetadata, read_metadata
from visage.saved_model.versions import SAVED_MODEL, find_saved_model
from visage.training.settings import TrainerSettings

# The signature of every model that takes crops.
CROPS = "serving_default"

_KEY = "trainer.distillation.teacher"


def find_teacher(folder: str, alignment: AlignmentSettings | None = None) -> Path:
    """Returns the absolute folder of the SavedModel that a recipe names, or of its newest version.

    Args:
        folder: the value of the setting; `ready` is the ready model, which is made first if necessary.
        alignment: of the recipe's crops, which a ready model then reads; None: the default.

    Raises:
        VisageError: there is none.
    """
    if folder == READY:
        return ready_model(alignment, _KEY)
    found = find_saved_model(Path(folder).resolve())
    if found is not None:
        return found
    raise VisageError(
        f"{_KEY}: there is no model in {folder}; push one there first, name another folder, or learn from the labels "
        f"alone with {_KEY}=null"
    )


def check_teacher(teacher: Path, settings: TrainerSettings, alignment: AlignmentSettings) -> None:
    """Checks that a model can teach a recipe, without loading it.

    Args:
        teacher: as `find_teacher` gives it.
        settings: the recipe.
        alignment: geometry of the recipe's crops; only their size may differ from the teacher's.

    Raises:
        VisageError: the model lacks a prediction that the recipe's network learns, takes no crops, takes crops of
            another geometry, or is damaged.
    """
    # Imports Keras, which finding a teacher does not need.
    from visage.networks.heads import AGES

    outputs = _output_widths(teacher)
    spec = settings.spec
    if spec.age_head is not None and outputs.get("age_probabilities") != AGES:
        predicted = "age groups alone" if "age_probabilities" in outputs else "no age"
        raise VisageError(
            f"{_KEY}: {teacher} predicts {predicted}; {spec.name} learns from a model of the ages 0 to 100"
        )
    if spec.gender_head is not None and "gender_probability" not in outputs:
        raise VisageError(f"{_KEY}: {teacher} predicts no gender, which {spec.name} learns; set gender_head to none")
    check_geometry(teacher, alignment)


def check_geometry(teacher: Path, alignment: AlignmentSettings) -> None:
    """Checks that a recipe's crops are of the geometry that a teacher knows; reads its description alone.

    Raises:
        VisageError: they are not, or the description is damaged.
    """
    taught_on = describe(teacher).alignment or {}
    # Without a detector, images are crops already, of unknown geometry.
    is_unknown = NO_DETECTOR in (alignment.detector, taught_on.get("detector"))
    for key in ("detector",) if is_unknown else ("eye_distance", "eye_middle"):
        own, its = alignment.model_dump(mode="json")[key], taught_on.get(key)
        if its is not None and its != own:
            raise VisageError(f"alignment.{key}: {own} does not suit the teacher, {teacher}, whose crops have {its}")


def _output_widths(teacher: Path) -> dict[str, int]:
    """Returns the outputs of a model for crops, each with the last dimension of its shape."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    try:
        graph = SavedModel.FromString((teacher / SAVED_MODEL).read_bytes()).meta_graphs[0]
    except (OSError, DecodeError, IndexError):
        raise damaged(teacher) from None
    signature = graph.signature_def[CROPS]
    if set(signature.inputs) != {"image_bytes"}:
        raise VisageError(f"{_KEY}: {teacher} takes no crops as image_bytes; name a model that VisAge pushed")
    return {name: tensor.tensor_shape.dim[-1].size for name, tensor in signature.outputs.items()}


def describe(teacher: Path) -> ModelMetadata:
    """Reads the description beside a model; it is empty if another program wrote the model.

    Raises:
        VisageError: it cannot be read.
    """
    try:
        return read_metadata(teacher)
    except FileNotFoundError:
        return ModelMetadata()
    except (OSError, ValueError):
        raise damaged(teacher) from None


def damaged(teacher: Path) -> VisageError:
    """Returns the error of a model that cannot be read."""
    return VisageError(f"{_KEY}: {teacher} is damaged; push that model again, or name another one")
