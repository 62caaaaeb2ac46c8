"""Measures reading wiki.mat: `.venv/bin/python -m benchmarks.wiki_table [--data DIR]` (about ten seconds).

Reads and validates `DIR/imdb_wiki/wiki.mat` in a fresh process, three times, with the start of Python and all imports.
Prints wall seconds, CPU seconds and peak memory.
"""

import subprocess
import sys
from pathlib import Path

import click

from benchmarks.commands import PROJECT, measure
from benchmarks.published_data import data_option, require, run
from benchmarks.published_files import WIKI_TABLE

RUNS = 3
LIMITS = "3 s, 500 MiB"
READ = """
import sys
from pathlib import Path
from tfds_builders.imdb_wiki.face_table import parse_face_table

print(len(parse_face_table(Path(sys.argv[1]).read_bytes(), "wiki", sys.argv[1], "download it").full_path))
"""


@click.command()
@data_option
def main(data: Path) -> None:
    """Prints the table."""
    require(data, WIKI_TABLE)
    command = [sys.executable, "-c", READ, str(data / WIKI_TABLE)]
    rows = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    print(f"wiki.mat: {int(rows):,} rows; at most {LIMITS}")
    print(f"{'run':<6}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}", flush=True)
    for number in range(1, RUNS + 1):
        cost = measure(command)
        print(f"{number:<6}{cost.wall:>9.2f}{cost.cpu:>9.2f}{cost.memory:>10.0f}", flush=True)


if __name__ == "__main__":
    run(main, "benchmarks.wiki_table")
