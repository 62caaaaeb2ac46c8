"""What a user of the embedded server chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from serving.core.limits import BatchLimits, Limits
from serving.core.model_config import ModelConfig
from serving.rest.options import METRICS_PATH


@dataclass(frozen=True)
class TlsFiles:
    """PEM files of the server's certificate chain and its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class ServeOptions:
    """Options of one server.

    Attributes:
        models: at least one; the demo page uses the first.
        rest_port: TCP port of REST and the demo page; 0 for a free one.
        grpc_port: TCP port of gRPC; 0 for a free one.
        host: address to listen on; other machines can connect only if it is not 127.0.0.1.
        limits: of what is taken at once.
        batch_limits: of batches and their queues.
        public_key: PEM file; a version that it did not sign is not served. None: any version is served.
        tls: certificate of both protocols; None: no TLS.
        api_keys: one of them must come with each request; empty: none is needed.
        metrics_path: where Prometheus finds the metrics; None: nowhere.
        statistics: folder for statistics of the requests; None: none are kept.
        samples: folder of photos that the demo page offers; None: drawn portraits.
    """

    models: Sequence[ModelConfig]
    rest_port: int = 8501
    grpc_port: int = 8500
    host: str = "127.0.0.1"
    limits: Limits = field(default_factory=Limits)
    batch_limits: BatchLimits = field(default_factory=BatchLimits)
    public_key: Path | None = None
    tls: TlsFiles | None = None
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    metrics_path: str | None = METRICS_PATH
    statistics: Path | None = None
    samples: Path | None = None
