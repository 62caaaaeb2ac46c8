"""The curated schema, with the sources that the table of data sets and a configuration name."""

import json
from collections.abc import Sequence

from visage.data.datasets import published_sources


def with_sources(text: str, folder_names: Sequence[str]) -> str:
    """Adds the domain of `source`: the published data sets' sources and those of a configuration.

    Args:
        text: a tensorflow_metadata Schema in text form, without a string_domain "source".
        folder_names: of the labelled folders.
    """
    values = " ".join(f"value: {json.dumps(name)}" for name in (*published_sources(), *folder_names))
    return f'{text}string_domain {{ name: "source" {values} }}\n'
