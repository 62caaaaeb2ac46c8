"""Measures face detection and cropping: `.venv/bin/python -m benchmarks.faces.throughput [--data DIR]` (two minutes).

Measures from JPEG to cropped JPEG, in CPU time of one thread: the 398 Adience images in `DIR`, scaled to 600 pixels;
and deepface with MTCNN on 40 of them, in an environment that is created in .cache.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from PIL import Image

from benchmarks.commands import PROJECT
from benchmarks.faces.deepface_peer import extract_faces
from benchmarks.faces.images import adience_portraits
from benchmarks.published_data import data_option, require, run
from benchmarks.published_files import ADIENCE_FACES
from visage.errors import VisageError
from visage.faces.align import align
from visage.faces.detector import make_detector
from visage.faces.encode import encode
from visage.faces.image_io import decode
from visage.faces.selection import choose
from visage.faces.settings import AlignmentSettings

SIDE = 600
A_MINUTE = 5_000
TIMES_PEER = 10
PEER_IMAGES = 40
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}


@click.command()
@data_option
def main(data: Path) -> None:
    """Prints the table; exits with 1 if a limit is missed or the peer does not run here."""
    require(data, ADIENCE_FACES)
    sys.exit(0 if print_table(data) else 1)


def print_table(data: Path) -> bool:
    """Prints the table; returns whether both limits are met, one of which is relative to the peer."""
    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as folder:
        images = write_images(data, Path(folder))
        some = images[:: max(1, len(images) // PEER_IMAGES)][:PEER_IMAGES]
        print(f"{SIDE}-pixel Adience images; at least {A_MINUTE:,} per CPU minute, and {TIMES_PEER} times the peer")
        print(f"{'':<32}{'images':>9}{'face found':>12}{'CPU ms/image':>13}{'per CPU min':>14}", flush=True)
        rate = _print_cost("VisAge", _cut_in_child(images))
        ours = _print_cost("VisAge, the peer's images", _cut_in_child(some))
        try:
            peer = _print_cost("deepface 0.0.103, MTCNN 1.0.0", extract_faces(some, os.environ | ONE_THREAD))
        except VisageError as error:
            print(f"the peer is skipped: {error}")
            return False
        print(f"{ours / peer:.1f} times the peer")
    return 60 * rate >= A_MINUTE and ours / peer >= TIMES_PEER


def write_images(data: Path, folder: Path) -> list[Path]:
    """Writes the Adience images into `folder`, scaled to `SIDE` pixels."""
    written = []
    for number, portrait in enumerate(adience_portraits(data)):
        pixels = Image.open(io.BytesIO(portrait.image)).convert("RGB")
        pixels.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        written.append(folder / f"{number:03d}.jpg")
        pixels.save(written[-1], "JPEG", quality=90)
    return written


def cut(images: list[Path]) -> dict[str, float]:
    """Crops the face of each image.

    Returns:
        `images` (number of images), `found` (number with a face) and `cpu` (the least CPU seconds of three passes,
        because other load on a core makes passes slower; loading is not measured).
    """
    settings = AlignmentSettings()
    detector = make_detector(settings.detector)
    detector.detect(decode(images[0].read_bytes()))
    passes = []
    for _ in range(3):
        start, found = time.process_time(), 0
        for image in images:
            pixels = decode(image.read_bytes())
            if faces := detector.detect(pixels):
                encode(align(pixels, choose(faces, pixels.shape).landmarks, settings), settings.jpeg_quality)
                found += 1
        passes.append(time.process_time() - start)
    return {"images": len(images), "found": found, "cpu": min(passes)}


def _cut_in_child(images: list[Path]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.faces.throughput", "--cut", *map(str, images)]
    environment = os.environ | ONE_THREAD
    output = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    cost: dict[str, float] = json.loads(output)
    return cost


def _print_cost(name: str, cost: dict[str, float]) -> float:
    """Prints a row; returns images per CPU second."""
    rate, found = cost["images"] / cost["cpu"], cost["found"] / cost["images"]
    print(f"{name:<32}{cost['images']:>9}{found:>12.1%}{1000 / rate:>13.1f}{60 * rate:>14,.0f}", flush=True)
    return rate


if __name__ == "__main__":
    if sys.argv[1:2] == ["--cut"]:
        print(json.dumps(cut([Path(name) for name in sys.argv[2:]])))
    else:
        run(main, "benchmarks.faces.throughput")
