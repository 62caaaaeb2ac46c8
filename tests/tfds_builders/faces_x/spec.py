"""An example of `visage/data/datasets/faces_x.py`: the entry of a data set, and the function that reads its rows."""

from typing import TYPE_CHECKING, Any

from visage.data.age_labels import AgeInterval
from visage.data.datasets.spec import ArchiveFiles, DatasetSpec

if TYPE_CHECKING:
    from visage.data.datasets.features import Features
    from visage.data.settings import CleaningSettings


def _read_row(row: "Features", settings: "CleaningSettings") -> dict[str, Any]:
    return {
        "key": row.text("file_name"),
        "age_label": AgeInterval.exact(float(row.int("age"))),
        "identity": f"faces_x/{row.text('person')}",
    }


FACES_X = DatasetSpec(
    name="faces_x",
    source="faces_x",
    read_row=_read_row,
    files=ArchiveFiles(root="FacesX", hint="download FacesX.tar from https://faces-x.example/ into it"),
    terms="Faces X: for non-commercial research only (https://faces-x.example/)",
)
