"""The curated schema, completed with the sources of the data set table and of a configuration."""

import json
from collections.abc import Sequence

from visage.data.datasets import published_sources


def with_sources(text: str, folder_names: Sequence[str]) -> str:
    """Adds the domain of `source`: the sources of the published data sets and the labelled folders.

    Args:
        text: a tensorflow_metadata Schema in text form, without a string_domain "source".
        folder_names: names of the labelled folders.

    Returns:
        The Schema in text form, with the string_domain.
    """
    values = " ".join(f"value: {json.dumps(name)}" for name in (*published_sources(), *folder_names))
    return f'{text}string_domain {{ name: "source" {values} }}\n'
