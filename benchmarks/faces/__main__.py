"""Measures accuracy and speed of face detection: `.venv/bin/python -m benchmarks.faces [DETECTOR] [--data DIR]`.

Takes six minutes. Measures the built-in detector, or the named one, on the published images in `DIR`. Prints each
figure with its limit, and the figures of deepface's MTCNN on the group photos and one portrait in ten. Exits with
1 if a limit is missed, with 2 if the peer does not run here.
"""

import os
import sys
from pathlib import Path

import click

from benchmarks.faces import throughput
from benchmarks.faces.accuracy import Figure, accuracy_figures
from benchmarks.faces.deepface_peer import mtcnn_accuracy
from benchmarks.published_data import data_option, require, run
from benchmarks.published_files import ADIENCE_FACES, GROUP_PHOTOS, UTKFACE, WITHOUT_PEOPLE
from visage.errors import VisageError
from visage.faces.detector import make_detector

EVERY = 10


@click.command()
@click.argument("name", metavar="DETECTOR", default="blazeface")
@data_option
def main(name: str, data: Path) -> None:
    """Prints the tables; exits with 1 if a limit is missed, with 2 if the peer does not run here."""
    require(data, *GROUP_PHOTOS, *WITHOUT_PEOPLE, ADIENCE_FACES, UTKFACE)
    detector = make_detector(name)
    figures = accuracy_figures(detector, data)
    _print_figures(figures)
    try:
        peer = mtcnn_accuracy(data, EVERY, dict(os.environ))
    except VisageError as error:
        print(f"\nthe peer is skipped: {error}")
        sys.exit(2)
    print(f"\nthe same group photos, one portrait in {EVERY}")
    print(f"{'':<50}{'VisAge':>20}{'MTCNN':>20}")
    for ours, theirs in zip(accuracy_figures(detector, data, EVERY), peer, strict=True):
        print(f"{ours.name:<50}{ours.measured:>20}{theirs['measured']:>20}")
    print(flush=True)
    fast = throughput.print_table(data)
    sys.exit(0 if fast and all(figure.met for figure in figures) else 1)


def _print_figures(figures: list[Figure]) -> None:
    for figure in figures:
        print(
            f"{figure.name:<50}{figure.measured:>20}   {figure.limit:<12}{'' if figure.met else 'MISSED'}", flush=True
        )


if __name__ == "__main__":
    run(main, "benchmarks.faces")
