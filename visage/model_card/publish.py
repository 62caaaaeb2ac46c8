"""Copies a model card beside the pushed version of its model."""

from pathlib import Path

from visage.errors import VisageError
from visage.files import write_atomically
from visage.model_card.content import FIGURES, PAGE

# Beside the versions. TensorFlow Serving reads folders whose name is a number, and no others.
FOLDER = "model_cards"


def place_beside(card: Path, version: Path) -> Path:
    """Copies the files of a card to `model_cards/VERSION.html` and `.json`, beside the folder of the version.

    The version itself does not change: its files decide whether a later model is the same, and its digest and its
    signature cover them.

    Args:
        card: folder with `model_card.html` and `model_card.json`.
        version: folder of the pushed version.

    Returns:
        The page's path.

    Raises:
        OSError: the card is gone.
        VisageError: the copy cannot be written.
    """
    folder = version.parent / FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise VisageError(f"{folder}: cannot be written: {error.strerror}") from None
    page = folder / f"{version.name}.html"
    for name, copy in ((FIGURES, page.with_suffix(".json")), (PAGE, page)):
        write_atomically(copy, (card / name).read_bytes())
    return page
