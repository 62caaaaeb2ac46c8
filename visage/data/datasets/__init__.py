"""Lists the data sets; all other code looks them up here."""

from visage.data.datasets.adience import ADIENCE_ALIGNED, ADIENCE_FACES
from visage.data.datasets.imdb_wiki import IMDB, WIKI
from visage.data.datasets.labelled_folder import labelled_folder_name, labelled_folder_spec
from visage.data.datasets.spec import ArchiveFiles, DatasetSpec
from visage.data.datasets.utkface import UTKFACE

DATASETS = {spec.name: spec for spec in (UTKFACE, ADIENCE_FACES, ADIENCE_ALIGNED, IMDB, WIKI)}
"""The published data sets by TFDS name. Sample portraits are drawn in this order."""


def dataset_spec(name: str) -> DatasetSpec:
    """Returns a data set by its TFDS name, e.g. 'adience/faces' or 'labelled_folder/NAME'.

    Raises:
        KeyError: no data set has this name.
    """
    folder = labelled_folder_name(name)
    return DATASETS[name] if folder is None else labelled_folder_spec(folder)


def archive_files(name: str) -> ArchiveFiles:
    """Returns the archive files of the published data set of this TFDS name.

    Raises:
        KeyError: no published data set has this name.
    """
    files = DATASETS[name].files
    assert files is not None, f"{name} is published"
    return files


def published_sources() -> tuple[str, ...]:
    """Returns the values of `FaceRecord.source` for published data sets, each once, in the table's order."""
    return tuple(dict.fromkeys(spec.source for spec in DATASETS.values()))


def terms_of(data_set: str) -> list[str]:
    """Returns the terms of use of a data set, of each of its parts once; none of a labelled folder.

    Args:
        data_set: a TFDS name, or the part before its slash, as a model's provenance names it, e.g. 'adience'.
    """
    parts = (spec.terms for name, spec in DATASETS.items() if data_set in (name, name.partition("/")[0]))
    return list(dict.fromkeys(terms for terms in parts if terms))
