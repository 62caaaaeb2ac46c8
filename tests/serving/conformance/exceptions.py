"""What the embedded server answers otherwise than tensorflow_model_server, on purpose, and why."""

from __future__ import annotations

from dataclasses import dataclass

from tests.serving.conformance.expected import Expected, TextWith


@dataclass(frozen=True)
class Difference:
    """One case that differs.

    Attributes:
        reason: why.
        code: what the embedded server answers with.
        expected: its text.
    """

    reason: str
    code: int
    expected: Expected


REST: dict[str, Difference] = {
    "metrics by default": Difference(
        "Metrics are on without a configuration file, which tensorflow_model_server needs.",
        200,
        TextWith("# TYPE :tensorflow:serving:model_warmup_latency histogram\n"),
    ),
}
"""By the id of a case of rest_cases.py."""

GRPC: dict[str, Difference] = {}
"""By the id of a case of grpc_cases.py."""
