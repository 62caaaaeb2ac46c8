"""The curated schema of a configuration that names sources of its own."""

from collections.abc import Sequence

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2


def with_sources(text: str, names: Sequence[str]) -> str:
    """Lets the domain of `source` hold `names` too, and nothing else.

    Args:
        text: a tensorflow_metadata Schema in text form, with a string_domain "source".
        names: of the labelled folders.
    """
    if not names:
        return text
    schema = text_format.Parse(text, schema_pb2.Schema())
    (domain,) = (domain for domain in schema.string_domain if domain.name == "source")
    domain.value.extend(names)
    return text_format.MessageToString(schema)
