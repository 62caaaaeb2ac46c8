"""Checks the files that `trainer.weights` names, without Keras."""

from pathlib import Path

from visage.errors import VisageError

_VGGFACE = (
    "vggface starts from VGG-Face's own vgg_face_weights.h5 (580 MB; see "
    "https://sefiks.com/2019/02/13/apparent-age-and-gender-prediction-in-keras): name that file, or train from scratch "
    "with trainer.weights=null and trainer.freeze=null; dlib's and imagenet's weights do not fit"
)


def check_weights_file(path: Path, network: str) -> None:
    """Checks that a file exists, and that its name is one that Keras reads.

    Args:
        path: the file.
        network: name of the network whose weights it should hold.

    Raises:
        VisageError: it does not exist, or has another name.
    """
    if not path.is_file():
        fix = _VGGFACE if network == "vggface" else "name dlib, imagenet, blessed, null or a file"
        raise VisageError(f"trainer.weights: there is no file {path.resolve()}; {fix}")
    if network != "vggface" and path.suffix == ".h5" and not path.name.endswith(".weights.h5"):
        raise VisageError(f"trainer.weights: {path}: Keras reads weights from *.weights.h5 or *.keras; rename it")
