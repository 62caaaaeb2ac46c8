"""Limits of what the server takes at once; the defaults keep its memory under 2 GiB whatever is sent."""

import os
from dataclasses import dataclass

MIB = 2**20
CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Limits:
    """Upper limits.

    Attributes:
        body_bytes: one request, after decompression.
        bodies_in_flight_bytes: all requests that are being read or answered.
        instances: rows of one request.
        header_bytes: the header of one HTTP request.
        image_pixels: one image; the graph needs up to 15 bytes for each.
        pixels_in_flight: images of all batches that run at the same time.
        connections: open at the same time, by protocol.
        concurrent_calls: of gRPC that are received or answered at the same time; more are refused.
        request_seconds: from the first byte of a request to its answer.
    """

    body_bytes: int = 32 * MIB
    bodies_in_flight_bytes: int = 96 * MIB
    instances: int = 1000
    header_bytes: int = 64 * 2**10
    image_pixels: int = 40_000_000
    pixels_in_flight: int = 40_000_000
    connections: int = 1000
    concurrent_calls: int = 256
    request_seconds: float = 30.0


@dataclass(frozen=True)
class BatchLimits:
    """How requests are batched: the part of TensorFlow Serving's BatchingParameters that has a meaning here.

    Attributes:
        max_batch_size: rows of one batch.
        max_enqueued_batches: batches of that size that may wait for each signature; more is refused.
        num_batch_threads: batches that run at the same time.
        split_large_requests: whether a request of more rows is run in parts; otherwise it is refused, as TensorFlow
            Serving does once its batching is on.
    """

    max_batch_size: int = 32
    max_enqueued_batches: int = 10
    num_batch_threads: int = min(4, CORES)
    split_large_requests: bool = True
