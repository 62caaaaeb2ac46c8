"""How well and how fast faces are found: `.venv/bin/python -m benchmarks.faces` (six minutes).

Reads the pictures of the shared folder ($VISAGE_TEST_DATA, or ../shared/data beside the project). Prints each figure
beside its limit, and what deepface's MTCNN reaches on the group photos and one portrait in ten; exit code 1 where a
figure is missed, 2 where the peer does not run here.
"""

import os
from pathlib import Path

from benchmarks import face_throughput
from benchmarks.deepface_peer import mtcnn_accuracy
from benchmarks.face_accuracy import Figure, accuracy_figures
from visage.errors import VisageError
from visage.faces.detector import make_detector

DATA = Path(os.environ.get("VISAGE_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")
EVERY = 10


def main() -> int:
    """Prints the tables."""
    detector = make_detector("blazeface")
    figures = accuracy_figures(detector, DATA)
    _print_figures(figures)
    try:
        peer = mtcnn_accuracy(DATA, EVERY, dict(os.environ))
    except VisageError as error:
        print(f"\nthe peer is skipped: {error}")
        return 2
    print(f"\nthe same group photos, one portrait in {EVERY}")
    print(f"{'':<50}{'VisAge':>20}{'MTCNN':>20}")
    for ours, theirs in zip(accuracy_figures(detector, DATA, EVERY), peer, strict=True):
        print(f"{ours.name:<50}{ours.measured:>20}{theirs['measured']:>20}")
    print(flush=True)
    fast = face_throughput.main(DATA)
    return 0 if fast and all(figure.met for figure in figures) else 1


def _print_figures(figures: list[Figure]) -> None:
    for figure in figures:
        print(
            f"{figure.name:<50}{figure.measured:>20}   {figure.limit:<12}{'' if figure.met else 'MISSED'}", flush=True
        )


if __name__ == "__main__":
    raise SystemExit(main())
