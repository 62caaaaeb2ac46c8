"""What the commands share that read a pipeline's metadata. Imports nothing heavy."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pipeline.cli.common import print_json, redirect_framework_output, settings_of

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig
    from pipeline.metadata.reader import PipelineMetadata
    from pipeline.output.console import Reporter


@dataclass(frozen=True)
class Opened:
    """A pipeline's metadata, and where a command prints.

    Attributes:
        settings: the configuration.
        metadata: of the pipeline.
        reporter: for people; silent with `--json`.
        stream: the real standard output.
        as_json: whether `--json` is given.
    """

    settings: "PipelineConfig"
    metadata: "PipelineMetadata"
    reporter: "Reporter"
    stream: IO[str]
    as_json: bool

    def print_json(self, value: Any) -> None:
        """Prints a value if `--json` is given."""
        if self.as_json:
            print_json(value, self.stream)


@contextmanager
def opened(config: Path, overrides: Sequence[str], as_json: bool) -> Iterator[Opened]:
    """Opens the metadata of a configured pipeline for reading.

    Raises:
        VisageError: the configuration cannot be read, or the metadata are damaged or locked.
    """
    with opened_pipeline(settings_of(config, overrides), as_json) as at:
        yield at


@contextmanager
def opened_pipeline(settings: "PipelineConfig", as_json: bool) -> Iterator[Opened]:
    """Opens the metadata of a pipeline for reading.

    Raises:
        VisageError: the metadata are damaged or locked.
    """
    with redirect_framework_output() as stream:
        from pipeline.metadata.reader import PipelineMetadata
        from pipeline.output.console import Reporter

        yield Opened(settings, PipelineMetadata.of(settings), Reporter(stream, silent=as_json), stream, as_json)
