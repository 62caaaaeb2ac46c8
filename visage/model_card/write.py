"""Writes the two files of a model card."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from visage.files import write_atomically
from visage.model_card.content import FIGURES, PAGE
from visage.model_card.render import render


def write_card(folder: Path, card: Mapping[str, Any], faces: Mapping[str, str] | None) -> None:
    """Writes `model_card.json` and `model_card.html`, each whole; a card that cannot be rendered replaces neither.

    Args:
        folder: exists.
        card: its content, of `make_card`.
        faces: as `render` takes them.

    Raises:
        VisageError: the folder is not writable, or full.
    """
    figures, page = json.dumps(card, indent=2, allow_nan=False) + "\n", render(card, faces)
    write_atomically(folder / FIGURES, figures)
    write_atomically(folder / PAGE, page)
