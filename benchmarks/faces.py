"""How well and how fast faces are found: `.venv/bin/python -m benchmarks.faces [DETECTOR]` (four minutes; blazeface).

Reads the pictures of the shared folder ($VISAGE_TEST_DATA, or ../shared/data beside the project). Prints each figure
beside its limit; exit code 1 where one is missed.
"""

import os
import sys
from pathlib import Path

from benchmarks import face_throughput
from benchmarks.face_accuracy import accuracy_figures
from components.faces.detect import make_detector

DATA = Path(os.environ.get("VISAGE_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")


def main() -> int:
    """Prints the table."""
    detector = make_detector(sys.argv[1] if len(sys.argv) > 1 else "blazeface")
    figures = accuracy_figures(detector, DATA)
    for figure in figures:
        print(f"{figure.name:<50}{figure.measured:>20}   {figure.limit:<12}{'' if figure.met else 'MISSED'}")
    print(flush=True)
    face_throughput.main(DATA)
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
