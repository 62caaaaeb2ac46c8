"""A configuration's own sources are let into the schema, and nothing else is."""

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.curated_schema.domain import with_sources
from pipeline.pipeline import SCHEMA

TEXT = SCHEMA.read_text(encoding="utf-8")


def parsed(text: str) -> schema_pb2.Schema:
    return text_format.Parse(text, schema_pb2.Schema())


def test_the_names_of_labelled_folders_are_sources() -> None:
    schema, extended = parsed(TEXT), parsed(with_sources(TEXT, ["team", "crew"]))
    (domain,) = (domain for domain in extended.string_domain if domain.name == "source")
    assert list(domain.value) == ["utkface", "adience", "imdb", "wiki", "team", "crew"]
    del domain.value[-2:]
    assert extended == schema


def test_without_any_the_text_is_untouched() -> None:
    assert with_sources(TEXT, []) == TEXT
