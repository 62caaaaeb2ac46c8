"""An example of `visage/data/datasets/faces_x.py`: the entry of a data set, and the function that reads its rows."""

from typing import TYPE_CHECKING, Any

from visage.data.datasets.spec import ArchiveFiles, DatasetSpec
from visage.data.labels import age_group

if TYPE_CHECKING:
    from visage.data.datasets.features import Features
    from visage.data.settings import CleaningSettings


def _read_row(row: "Features", settings: "CleaningSettings") -> dict[str, Any]:
    age = float(row.int("age"))
    return {
        "key": row.text("file_name"),
        "age": age,
        "age_group": age_group(age),
        "identity": f"faces_x/{row.text('person')}",
    }


FACES_X = DatasetSpec(
    name="faces_x",
    source="faces_x",
    read_row=_read_row,
    files=ArchiveFiles(root="FacesX", hint="download FacesX.tar from https://faces-x.example/ into it"),
    terms="Faces X: for non-commercial research only (https://faces-x.example/)",
)
