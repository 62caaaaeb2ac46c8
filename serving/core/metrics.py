"""Counts requests under TensorFlow Serving's names, in Prometheus's text format.

Source: TensorFlow Serving, servables/tensorflow/util.cc and model_servers/prometheus_exporter.cc.
"""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

from serving.core.errors import Code

# Microseconds: 10 * 1.8^k.
_BUCKETS = [10 * 1.8**number for number in range(33)]
_Labels = tuple[tuple[str, str], ...]

REQUEST_COUNT = ":tensorflow:serving:request_count"
REQUEST_LATENCY = ":tensorflow:serving:request_latency"
EXAMPLE_COUNT = ":tensorflow:serving:request_example_count_total"
RUNTIME_LATENCY = ":tensorflow:serving:runtime_latency"
WARMUP_LATENCY = ":tensorflow:serving:model_warmup_latency"


class _Histogram:
    def __init__(self) -> None:
        self.counts = [0] * (len(_BUCKETS) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(_BUCKETS, value)] += 1
        self.sum += value


class Metrics:
    """Counters and histograms; threads may add to them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[str, dict[_Labels, int]] = defaultdict(lambda: defaultdict(int))
        self._histograms: dict[str, dict[_Labels, _Histogram]] = defaultdict(lambda: defaultdict(_Histogram))

    def count_request(self, model: str, code: Code) -> None:
        """Counts a request by its outcome."""
        self._count(REQUEST_COUNT, 1, model_name=model, status=code.name)

    def count_examples(self, model: str, rows: int) -> None:
        """Counts the rows of a request."""
        self._count(EXAMPLE_COUNT, rows, model=model)

    def observe_latency(self, model: str, api: str, entrypoint: str, seconds: float) -> None:
        """Adds the duration of a request that succeeded.

        Args:
            model: its name.
            api: "predict" over REST, "Predict" over gRPC, and so on.
            entrypoint: "REST", "GRPC", or "DEMO" for photos of the demo page.
            seconds: from the request's arrival to its response.
        """
        self._observe(REQUEST_LATENCY, seconds, model_name=model, API=api, entrypoint=entrypoint)

    def observe_runtime(self, model: str, seconds: float) -> None:
        """Adds the duration of one run of the graph."""
        self._observe(RUNTIME_LATENCY, seconds, model_name=model, API="Predict", runtime="TF1")

    def observe_warm_up(self, path: str, code: Code, seconds: float) -> None:
        """Adds the duration of a version's warm-up."""
        self._observe(WARMUP_LATENCY, seconds, model_path=path, status=code.name)

    def text(self) -> str:
        """Returns all metrics in Prometheus's text format, version 0.0.4."""
        with self._lock:
            return "".join(line + "\n" for line in self._lines())

    def _count(self, name: str, number: int, **labels: str) -> None:
        with self._lock:
            self._counters[name][tuple(labels.items())] += number

    def _observe(self, name: str, seconds: float, **labels: str) -> None:
        with self._lock:
            self._histograms[name][tuple(labels.items())].add(seconds * 1e6)

    def _lines(self) -> Iterator[str]:
        for name, counters in self._counters.items():
            yield f"# TYPE {name} counter"
            for labels, value in counters.items():
                yield f"{name}{{{_text(labels)}}} {value}"
        for name, histograms in self._histograms.items():
            yield f"# TYPE {name} histogram"
            for labels, histogram in histograms.items():
                total = 0
                for bound, count in zip([*_BUCKETS, float("inf")], histogram.counts, strict=True):
                    total += count
                    shown = "+Inf" if bound == float("inf") else f"{bound:g}"
                    yield f'{name}_bucket{{{_text(labels)},le="{shown}"}} {total}'
                yield f"{name}_sum{{{_text(labels)}}} {histogram.sum:g}"
                yield f"{name}_count{{{_text(labels)}}} {total}"


def _text(labels: _Labels) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
