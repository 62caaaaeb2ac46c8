"""The published data that benchmarks read: the option `--data DIR`, and a one-line error if a file is missing."""

import os
import sys
from pathlib import Path

import click

from benchmarks.commands import PROJECT
from visage.errors import VisageError

DEFAULT = Path(os.environ.get("VISAGE_TEST_DATA") or PROJECT.parent / "shared" / "data")

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    metavar="DIR",
    help="Folder of the published data.  [default: $VISAGE_TEST_DATA, else ../shared/data]",
)


def require(data: Path, *files: str) -> None:
    """Checks that the folder of the published data has files.

    Args:
        data: the value of `--data`.
        files: paths below it.

    Raises:
        VisageError: the folder does not exist, or lacks one of them.
    """
    fix = "give --data DIR or set VISAGE_TEST_DATA"
    if not data.is_dir():
        raise VisageError(f"--data: {data} does not exist; {fix}")
    missing = [file for file in files if not (data / file).is_file()]
    if missing:
        raise VisageError(f"--data: {data} lacks {', '.join(missing)}; {fix}")


def run(command: click.Command, name: str) -> None:
    """Runs a benchmark as a program; prints a VisageError as one line and exits with 1.

    Args:
        command: the benchmark.
        name: of its module, e.g. 'benchmarks.faces'.
    """
    try:
        command(prog_name=f"python -m {name}")
    except VisageError as error:
        sys.exit(f"visage: {error}")
