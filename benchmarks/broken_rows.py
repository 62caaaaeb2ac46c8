"""Measures what a broken image costs the rest of its batch: `.venv/bin/python -m benchmarks.broken_rows` (a minute).

TensorFlow Serving with batching concatenates the rows of several requests into one Session::Run, and an error of that
run fails every one of them. Compared are three graphs on the default recipe's network, untrained, through
TensorFlow's C++ session:

- error: the exported graph, which refuses the batch;
- checks: a graph that answers NaN and an `error` for a row that simple operations recognize as broken;
- NaN rows: a graph that answers so for every row whose decoding fails (`tf.data`'s `ignore_errors`).

Prints which kinds of broken images fail a batch, how many good requests fail, and the cost of a face.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import numpy as np
import tensorflow as tf
from PIL import Image

from benchmarks.commands import PROJECT
from benchmarks.published_data import run
from pipeline.config.loader import load_config
from pipeline.output.console import framework_output_to
from visage.faces.encode import encode
from visage.saved_model.cpp_loader.c_api import TensorFlowError
from visage.saved_model.model_session import ModelSession
from visage.saved_model.preprocessing import MAX_CROP_PIXELS, decode, to_network_input
from visage.saved_model.signatures import FaceModel, Predictions

ROWS = 8
REQUESTS = 4000
SEED = 3
COSTS = (1, 8, 32)
REPEATS = 60


class AnswersBrokenRows(FaceModel):
    """Answers a row that cannot be decoded with NaN, an empty name and a text in `error`."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])
    def serving_default(self, image_bytes: tf.Tensor) -> Predictions:
        """Predicts for face crops: JPEG bytes, string [N]."""
        pixels, is_good = self._pixels_of_good_rows(image_bytes)
        outputs: Predictions = {}
        for name, values in self._predict_all(pixels).items():
            nothing = tf.constant("" if values.dtype == tf.string else np.nan, values.dtype)
            mask = tf.reshape(is_good, [-1] + [1] * (len(values.shape) - 1))
            outputs[name] = tf.where(mask, values, nothing)
        outputs["error"] = tf.where(is_good, "", "image_bytes: no JPEG, damaged, or of too many pixels")
        return outputs

    def _pixels_of_good_rows(self, image_bytes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns pixels, black where a row is broken, and bool [N]: which rows are good."""
        size, channels = self._spec.input_size, self._spec.channels
        count = tf.shape(image_bytes)[0]
        rows = tf.data.Dataset.from_tensor_slices((tf.range(count), image_bytes))
        good = rows.map(lambda row, jpeg: (row, to_network_input(decode(jpeg), size, channels))).ignore_errors()
        # One row more, so that there is an element even if every row is broken.
        last = tf.data.Dataset.from_tensors((count, tf.zeros((size, size, channels), tf.uint8)))
        found, pixels = good.concatenate(last).batch(tf.cast(count, tf.int64) + 1).get_single_element()
        shape = tf.stack([count + 1, size, size, channels])
        is_good = tf.scatter_nd(found[:, None], tf.ones_like(found), [count + 1])[:count] > 0
        scattered = tf.scatter_nd(found[:, None], pixels, shape)[:count]
        return tf.ensure_shape(scattered, (None, size, size, channels)), is_good


class ChecksRows(AnswersBrokenRows):
    """Answers so for rows without a JPEG's first bytes; fills the missing end of the others with grey."""

    def _pixels_of_good_rows(self, image_bytes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        size, channels = self._spec.input_size, self._spec.channels

        def one_row(jpeg: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            is_jpeg = tf.equal(tf.strings.substr(jpeg, 0, 3), b"\xff\xd8\xff")
            return tf.cond(is_jpeg, lambda: decoded(jpeg), lambda: nothing(jpeg))

        def decoded(jpeg: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            height, width, _ = tf.unstack(tf.cast(tf.image.extract_jpeg_shape(jpeg), tf.int64), num=3)
            return tf.cond(height * width <= MAX_CROP_PIXELS, lambda: recovered(jpeg), lambda: nothing(jpeg))

        def recovered(jpeg: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            crop = tf.io.decode_jpeg(
                jpeg, channels=3, dct_method="INTEGER_ACCURATE", try_recover_truncated=True, acceptable_fraction=0.0
            )
            return to_network_input(crop, size, channels), tf.constant(True)

        def nothing(_: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return tf.zeros((size, size, channels), tf.uint8), tf.constant(False)

        signature = (tf.TensorSpec((size, size, channels), tf.uint8), tf.TensorSpec((), tf.bool))
        pixels, is_good = tf.map_fn(one_row, image_bytes, fn_output_signature=signature)
        return pixels, is_good


GRAPHS: Mapping[str, type[FaceModel]] = {"error": FaceModel, "checks": ChecksRows, "NaN rows": AnswersBrokenRows}


def broken_images(jpeg: bytes) -> dict[str, bytes]:
    """Returns real kinds of images that a client may send by mistake, made from one good crop."""
    frame = jpeg.index(b"\xff\xc0") + 5
    tables, scan = jpeg.index(b"\xff\xc4"), jpeg.index(b"\xff\xda")
    middle = (scan + len(jpeg)) // 2
    return {
        "empty": b"",
        "text": b"<html>404 Not Found</html>",
        "PNG": _saved(jpeg, "PNG"),
        "truncated in its header": jpeg[: frame + 2],
        "truncated in its image data": jpeg[:middle],
        "a damaged Huffman table": jpeg[: tables + 5] + b"\xff" * 16 + jpeg[tables + 21 :],
        "a missing segment": jpeg[:tables] + jpeg[scan:],
        "zeros in place of its second half": jpeg[:middle] + bytes(len(jpeg) - middle),
        "more than 4 million pixels": jpeg[:frame] + b"\xff\xff\xff\xff" + jpeg[frame + 4 :],
        "changed bytes in its image data": jpeg[:middle]
        + bytes(b ^ 0x55 for b in jpeg[middle : middle + 20])
        + jpeg[middle + 20 :],
        "CMYK": _saved(jpeg, "JPEG", "CMYK"),
        "progressive": _saved(jpeg, "JPEG", progressive=True),
    }


def _saved(jpeg: bytes, form: str, mode: str = "RGB", **options: bool) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(jpeg)).convert(mode).save(buffer, form, **options)
    return buffer.getvalue()


@click.command()
def main() -> None:
    """Prints the tables."""
    # TensorFlow and libjpeg print a line for each broken image.
    with framework_output_to(Path(os.devnull)) as screen, contextlib.redirect_stdout(screen):
        _measure()


def _measure() -> None:
    config = load_config(PROJECT / "pipeline_config.yaml", ())
    spec = config.trainer.spec
    network = spec.build()
    generator = np.random.default_rng(SEED)
    crops = [_portrait(generator, config.alignment.size) for _ in range(64)]
    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as folder:
        sessions = {}
        for name, graph in GRAPHS.items():
            model, directory = graph(network, spec, config.alignment), Path(folder, name.replace(" ", "-"))
            tf.saved_model.save(model, str(directory), signatures={"serving_default": model.serving_default})
            sessions[name] = ModelSession(directory)
        _print_kinds(sessions, crops)
        _print_failures(sessions, crops)
        _print_costs(sessions, crops)
        for session in sessions.values():
            session.close()


def _print_kinds(sessions: Mapping[str, ModelSession], crops: list[bytes]) -> None:
    print(f"{'one row of 8':<34}" + "".join(f"{name:>16}" for name in sessions))
    for kind, image in broken_images(crops[0]).items():
        rows = [*crops[1:ROWS], image]
        print(f"{kind:<34}" + "".join(f"{_answer(session, rows):>16}" for session in sessions.values()), flush=True)


def _answer(session: ModelSession, rows: list[bytes]) -> str:
    """Returns what happens to the last of the rows."""
    try:
        outputs = session.run({"image_bytes": _strings(rows)})
    except TensorFlowError:
        return "fails all"
    return "NaN" if np.isnan(outputs["age"][-1]) else "predicted"


def _print_failures(sessions: Mapping[str, ModelSession], crops: list[bytes]) -> None:
    error, nan = sessions["error"], sessions["NaN rows"]
    kinds = [image for image in broken_images(crops[0]).values() if _answer(error, [image]) == "fails all"]
    print(
        f"\ngood requests that fail, of {REQUESTS} requests of one image in batches of {ROWS}; the same bits otherwise"
    )
    print(f"{'broken':<10}{'good':>8}" + "".join(f"{name:>16}" for name in sessions))
    for fraction in (0.01, 0.04):
        generator = np.random.default_rng(SEED)
        is_broken = generator.random(REQUESTS) < fraction
        rows = [
            kinds[generator.integers(len(kinds))] if broken else crops[number % len(crops)]
            for number, broken in enumerate(is_broken)
        ]
        lost = dict.fromkeys(sessions, 0)
        for start in range(0, REQUESTS, ROWS):
            batch, good = _strings(rows[start : start + ROWS]), ~is_broken[start : start + ROWS]
            for name, session in sessions.items():
                try:
                    outputs = session.run({"image_bytes": batch})
                    lost[name] += int(np.isnan(outputs["age"][good]).sum())
                except TensorFlowError:
                    lost[name] += int(good.sum())
        print(f"{fraction:<10.0%}{int((~is_broken).sum()):>8}" + "".join(f"{count:>16}" for count in lost.values()))
    good_images = {"image_bytes": _strings(crops)}
    one, other = error.run(good_images), nan.run(good_images)
    print(f"outputs of {len(crops)} good images are the same: {all((one[name] == other[name]).all() for name in one)}")


def _print_costs(sessions: Mapping[str, ModelSession], crops: list[bytes]) -> None:
    print(f"\n{'a face, ms (wall, CPU)':<24}" + "".join(f"{name:>16}" for name in sessions))
    for size in COSTS:
        batch = {"image_bytes": _strings((crops * size)[:size])}
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in sessions}
        for _ in range(REPEATS):  # In turns, so that other work of the machine slows them all.
            for name, session in sessions.items():
                times[name].append(_timed(functools.partial(session.run, batch)))
        cells = [
            f"{statistics.median(wall) / size:.2f}, {statistics.median(cpu) / size:.2f}"
            for wall, cpu in (zip(*values, strict=True) for values in times.values())
        ]
        print(f"batch of {size:<15}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)


def _portrait(generator: np.random.Generator, size: int) -> bytes:
    """Returns a crop whose JPEG is as long as a real face's: smooth shapes and some noise."""
    coarse = Image.fromarray(generator.integers(0, 256, (8, 8, 3), np.uint8)).resize(
        (size, size), Image.Resampling.BICUBIC
    )
    noisy = np.asarray(coarse, np.int16) + generator.integers(-6, 7, (size, size, 3))
    return encode(noisy.clip(0, 255).astype(np.uint8), 95)


def _strings(rows: list[bytes]) -> np.ndarray:
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


if __name__ == "__main__":
    run(main, "benchmarks.broken_rows")
