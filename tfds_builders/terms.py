"""What each data set may be used for, in one line."""

_TERMS = {
    "adience": "Adience: for non-commercial research only; the authors grant access "
    "(https://talhassner.github.io/home/projects/Adience/Adience-data.html)",
    "imdb_wiki": "IMDB-WIKI: for academic (non-commercial) research only; the copyright stays with the owners "
    "(https://data.vision.ee.ethz.ch/cvl/rrothe/imdb-wiki/)",
    "utkface": "UTKFace: for non-commercial research only; the copyright stays with the owners "
    "(https://susanqq.github.io/UTKFace/)",
}


def terms_of_use(dataset: str) -> str:
    """One line on what a data set may be used for and where its terms stand; '' where its owner sets them.

    Args:
        dataset: the TFDS name, e.g. 'adience/faces'.
    """
    return _TERMS.get(dataset.partition("/")[0], "")
