"""What an operator may choose of the REST front end."""

from __future__ import annotations

from dataclasses import dataclass, field

METRICS_PATH = "/monitoring/prometheus/metrics"


@dataclass(frozen=True)
class RestOptions:
    """Options.

    Attributes:
        api_keys: one of them must come with each request but those for health and readiness; empty: none is needed.
            Several, so that a key can be replaced without an outage.
        metrics_path: path of the metrics; None: there are none.
        cors: whether pages of other origins may send requests, as with `--rest_api_enable_cors_support`.
        least_bytes_per_second: a body that arrives more slowly, after ten seconds of grace, is given up.
    """

    api_keys: tuple[str, ...] = field(default=(), repr=False)
    metrics_path: str | None = METRICS_PATH
    cors: bool = False
    least_bytes_per_second: int = 16 * 1024
