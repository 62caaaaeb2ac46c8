"""Beam metrics of the cleaning on any engine: images, faces, drops by rule, and the duration of each step."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

from apache_beam.metrics import Metrics
from apache_beam.metrics.metric import MetricResults, MetricsFilter
from apache_beam.metrics.metricbase import Counter, Distribution

NAMESPACE = "visage"

Step = Literal["decode", "detect", "align", "encode"]
STEPS: tuple[Step, ...] = ("decode", "detect", "align", "encode")

_IMAGES = "pictures"
_FACES = "faces"
_DROPPED = "dropped."
_REPAIRED = "jpegs_without_end_mark"
_REUSED = "reused"
# Beam's distributions hold integers, and a step may take less than a millisecond.
_MICROSECONDS = ".microseconds"

Counted = dict[str, Any]


def count_image() -> None:
    """Counts one processed image."""
    _counter(_IMAGES).inc()


def count_faces(number: int) -> None:
    """Counts faces written to a split."""
    _counter(_FACES).inc(number)


def count_drop(rule: str) -> None:
    """Counts one record dropped by `rule`."""
    _counter(_DROPPED + rule).inc()


def count_repaired() -> None:
    """Counts one JPEG that was decoded although its end marker is missing."""
    _counter(_REPAIRED).inc()


def count_reused() -> None:
    """Counts one image whose outcome an earlier run has kept."""
    _counter(_REUSED).inc()


@contextmanager
def timed(step: Step) -> Iterator[None]:
    """Adds the duration of the `with` block, whether it succeeds or fails, to the distribution of `step`."""
    start = time.perf_counter_ns()
    try:
        yield
    finally:
        _distribution(step).update((time.perf_counter_ns() - start) // 1000)


def counted(results: MetricResults) -> Counted:
    """Returns the metrics as they stand in the cleaning report.

    Failed and retried bundles count once if the engine knows which were committed.

    Returns:
        `pictures` (number of images), `faces`, `dropped` by rule, `repaired` (images by defect), `reused` (images whose
        outcome an earlier run has kept), and `milliseconds`: by step the `mean` and `max` of each other image. Empty
        where the engine keeps no metrics.
    """
    found = results.query(MetricsFilter().with_namespace(NAMESPACE))
    counters: dict[str, int] = {}
    # Several steps of the pipeline may have the same counter.
    for counter in found[MetricResults.COUNTERS]:
        name = counter.key.metric.name
        counters[name] = counters.get(name, 0) + _value(counter)
    if not counters:
        return {}
    return {
        "pictures": counters.get(_IMAGES, 0),
        "faces": counters.get(_FACES, 0),
        "dropped": {
            name.removeprefix(_DROPPED): number
            for name, number in sorted(counters.items())
            if name.startswith(_DROPPED) and number
        },
        "repaired": {_REPAIRED: counters[_REPAIRED]} if counters.get(_REPAIRED) else {},
        "reused": counters.get(_REUSED, 0),
        "milliseconds": _milliseconds(found[MetricResults.DISTRIBUTIONS]),
    }


def _milliseconds(distributions: Sequence[Any]) -> dict[str, dict[str, float]]:
    values = {found.key.metric.name: _value(found) for found in distributions}
    return {
        step: {"mean": round(found.mean / 1000, 3), "max": round(found.max / 1000, 3)}
        for step in STEPS
        if (found := values.get(step + _MICROSECONDS)) is not None and found.count
    }


def _value(result: Any) -> Any:
    return result.attempted if result.committed is None else result.committed


@cache
def _counter(name: str) -> Counter:
    return Metrics.counter(NAMESPACE, name)


@cache
def _distribution(step: Step) -> Distribution:
    return Metrics.distribution(NAMESPACE, step + _MICROSECONDS)
