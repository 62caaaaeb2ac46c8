"""The curated schema as an artifact; its text is part of the cache key, so an edited schema misses the cache."""

from pathlib import Path

from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Schema


@component
def CuratedSchema(schema: OutputArtifact[Schema], text: Parameter[str]) -> None:  # noqa: N802
    """Writes `text`, a tensorflow_metadata Schema in text form, to the file that StatisticsGen reads."""
    (Path(schema.uri) / "schema.pbtxt").write_text(text, encoding="utf-8")
