"""A source and two nodes that read it; each fails on request."""

# mypy: disable-error-code="valid-type"

from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import String

from visage.errors import VisageError


@component
def Source(text: OutputArtifact[String], fails: Parameter[str]) -> None:  # noqa: N802
    """Writes a file; fails where `fails` names it."""
    _work("Source", text.uri, fails)


@component
def Left(source: InputArtifact[String], text: OutputArtifact[String], fails: Parameter[str]) -> None:  # noqa: N802
    """The same, from the source."""
    _work("Left", text.uri, fails)


@component
def Right(source: InputArtifact[String], text: OutputArtifact[String], fails: Parameter[str]) -> None:  # noqa: N802
    """The same, from the source."""
    _work("Right", text.uri, fails)


def _work(name: str, uri: str, fails: str) -> None:
    if name == fails:
        raise VisageError(f"{name} fails for the [test]")
    Path(uri).write_text(name)
