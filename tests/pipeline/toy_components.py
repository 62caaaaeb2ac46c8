"""Small nodes; some fail on request."""

# mypy: disable-error-code="valid-type"

import time
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


@component
def Counted(text: OutputArtifact[String], counter: Parameter[str]) -> None:  # noqa: N802
    """Adds a line to the file `counter`, and takes a moment.

    Fails if a file `counter`.fails is there; stops with half of its output while a file `counter`.waits is there.
    """
    with Path(counter).open("a") as file:
        file.write("started\n")
    time.sleep(0.5)
    if Path(f"{counter}.fails").exists():
        raise VisageError("Counted fails")
    while Path(f"{counter}.waits").exists():
        Path(text.uri).write_text("half")
        Path(f"{counter}.half").touch()
        time.sleep(0.05)
    Path(text.uri).write_text("counted")


@component
def Reader(source: InputArtifact[String], text: OutputArtifact[String]) -> None:  # noqa: N802
    """Copies what `Counted` wrote."""
    Path(text.uri).write_text(Path(source.uri).read_text())


def _work(name: str, uri: str, fails: str) -> None:
    if name == fails:
        raise VisageError(f"{name} fails for the [test]")
    Path(uri).write_text(name)
