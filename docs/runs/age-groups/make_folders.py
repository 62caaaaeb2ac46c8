"""Makes the folders of docs/runs/age-groups from UTKFace.tar.gz; usage: make_folders.py UTKFace.tar.gz DIR."""

import csv
import sys
import tarfile
from pathlib import Path

GROUPS = ((0, 2), (3, 9), (10, 19), (20, 29), (30, 39), (40, 49), (50, 59), (60, 69))


def fairface(age: int) -> str:
    """Returns FairFace's group of an age."""
    return next((f"{low}-{high}" for low, high in GROUPS if age <= high), "more than 70")


out, rows, number = Path(sys.argv[2]), [], 0
for folder in ("UTKFace", "grouped"):
    (out / folder).mkdir(parents=True)
with tarfile.open(sys.argv[1]) as tar:
    for member in tar:
        name = member.name.rsplit("/", 1)[-1]
        parts = name.split("_")
        if not name.endswith(".jpg") or len(parts) != 4:
            continue
        number += 1
        place = number % 9
        if place > 3:
            continue
        file = tar.extractfile(member)
        assert file is not None, "it is an image"
        (out / ("UTKFace" if place < 2 else "grouped") / name).write_bytes(file.read())
        if place >= 2:
            rows.append((name, fairface(int(parts[0])), "MF"[int(parts[1])]))
with (out / "grouped" / "labels.csv").open("w", newline="") as labels:
    csv.writer(labels).writerows([("image", "age", "gender"), *rows])
