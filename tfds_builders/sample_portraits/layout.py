"""The plan of an archive, before anything is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tfds_builders.sample_portraits.image import DrawnImage

ROWS_PER_DEFECT = 200  # One defect of each kind per this number of rows, and at least one.


@dataclass
class Layout:
    """The images and the other files of one archive.

    Attributes:
        images: images to draw.
        files: contents of text and MATLAB files, by path.
    """

    images: list[DrawnImage] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


def spread_defects(kinds: Sequence[str], rows: int, rng: np.random.Generator) -> dict[int, str]:
    """Chooses random rows for each kind of defect; at most a third of all rows.

    Returns:
        The kind of defect by the number of its row.
    """
    wanted = [kind for kind in kinds for _ in range(max(1, rows // ROWS_PER_DEFECT))][: rows // 3]
    places = rng.permutation(rows)[: len(wanted)]
    return dict(zip(places.tolist(), wanted, strict=True))
