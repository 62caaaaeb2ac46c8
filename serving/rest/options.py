"""What an operator may choose of the REST front end."""

from __future__ import annotations

from dataclasses import dataclass, field

METRICS_PATH = "/monitoring/prometheus/metrics"


@dataclass(frozen=True)
class RestOptions:
    """Options.

    Attributes:
        api_keys: one of them must come with each request but those for health, readiness and open pages; empty: none is
            needed. Several, so that a key can be replaced without an outage.
        metrics_path: path of the metrics; None: there are none.
    """

    api_keys: tuple[str, ...] = field(default=(), repr=False)
    metrics_path: str | None = METRICS_PATH
