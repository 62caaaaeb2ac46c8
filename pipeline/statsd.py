"""Sends counts, durations and gauges of nodes and runs to a StatsD server; no server changes how a run ends.

`$VISAGE_STATSD=HOST:PORT` names it: a variable, because each worker of a scheduler may have a server beside it. StatsD
is UDP: a packet to nobody is lost, and nothing waits for an answer.
"""

import math
import os
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pipeline.output.node_summary import model_was_pushed, pushed_new_version
from pipeline.results import NodeEnd, NodeResult
from visage.errors import VisageError
from visage.evaluation.evaluation import EVALUATION_FILE, read_evaluation

VARIABLE = "VISAGE_STATSD"
_PREFIX = "visage"
_DEFAULT_PORT = 8125
# A name server that does not answer must not hold up a node.
_NAME_SECONDS = 2.0
# Of UDP on an Ethernet without fragments.
_PACKET_BYTES = 1432


class StatsD:
    """Sends metrics to one server."""

    def __init__(self, host: str, port: int) -> None:
        """Finds the server's address.

        Raises:
            VisageError: the host is unknown, or its name server does not answer.
        """
        found = _addresses(host, port)
        if not found:
            raise VisageError(f"${VARIABLE}: no address of {host} is known; no metrics are sent")
        self._family, self._address = found[0]

    @classmethod
    def of_environment(cls) -> "StatsD | None":
        """Returns the sender that the environment names; None: it names none.

        Raises:
            VisageError: it is no address, or the host is unknown.
        """
        text = os.environ.get(VARIABLE, "").strip()
        return cls(*_host_and_port(text)) if text else None

    def send(self, metrics: Sequence[str]) -> None:
        """Sends metrics, several a packet; what cannot be sent now is lost."""
        with suppress(OSError), socket.socket(self._family, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            for packet in _packets(metrics):
                with suppress(OSError):
                    sender.sendto(packet, self._address)

    def send_end(self, pipeline: str, end: NodeEnd) -> None:
        """Sends what is known of a node that has ended."""
        # Files of a run may be gone, or of another version.
        with suppress(OSError, VisageError, KeyError, ValueError):
            self.send(metrics_of_node(pipeline, end))
            self.send(metrics_of_run(pipeline, end))


def metrics_of_node(pipeline: str, end: NodeEnd) -> list[str]:
    """Returns the metrics of a node that has ended: a count, and of one that ran its times and its memory."""
    name = _name(pipeline, end.node)
    metrics = [f"{name}.{end.state}:1|c"]
    # The moments of a node from the cache would hide how long it takes to run.
    if end.state in ("ran", "failed"):
        metrics.append(f"{name}.duration:{1000 * end.seconds:.0f}|ms")
    use = end.result.use if end.result is not None else None
    if use is not None:
        metrics.append(f"{name}.cpu:{1000 * use.cpu_seconds:.0f}|ms")
        if use.memory_bytes is not None:
            metrics.append(f"{name}.memory:{use.memory_bytes}|g")
    return metrics


def metrics_of_run(pipeline: str, end: NodeEnd) -> list[str]:
    """Returns the metrics of a run that the end of a node decides: the model's figures, and whether it was pushed."""
    if end.result is None:
        return []
    if end.node == "Evaluator":
        return list(_figures(pipeline, end.result))
    if end.node == "Pusher":
        return _outcome(pipeline, end.result)
    return []


def _figures(pipeline: str, evaluator: NodeResult) -> Iterator[str]:
    evaluation = read_evaluation(Path(evaluator.output("evaluation").uri) / EVALUATION_FILE)
    for metric, value in evaluation.overall.scores().items():
        if value is not None and math.isfinite(value):
            if value < 0:
                # StatsD takes a number with a sign for a change of the gauge.
                yield f"{_name(pipeline, metric)}:0|g"
            yield f"{_name(pipeline, metric)}:{value:.6g}|g"


def _outcome(pipeline: str, pusher: NodeResult) -> list[str]:
    if not model_was_pushed(pusher):
        return [f"{_name(pipeline, 'withheld')}:1|c"]
    return [f"{_name(pipeline, 'pushed')}:1|c"] if pushed_new_version(pusher) else []


def _name(*parts: str) -> str:
    """Returns the name of a metric.

    >>> _name("faces: daily.1", "Trainer")
    'visage.faces__daily_1.Trainer'
    """
    return ".".join((_PREFIX, *(re.sub(r"[^A-Za-z0-9_-]", "_", part) for part in parts)))


def _packets(metrics: Sequence[str]) -> Iterator[bytes]:
    packet = b""
    for metric in metrics:
        line = metric.encode() + b"\n"
        if packet and len(packet) + len(line) > _PACKET_BYTES:
            yield packet
            packet = b""
        packet += line
    if packet:
        yield packet


def _host_and_port(text: str) -> tuple[str, int]:
    """Splits an address.

    >>> _host_and_port("[::1]:9125")
    ('::1', 9125)
    >>> _host_and_port("statsd")
    ('statsd', 8125)
    """
    found = re.fullmatch(r"(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:\s/\[\]]+))(?::(?P<port>[0-9]{1,5}))?", text)
    port = int(found["port"] or _DEFAULT_PORT) if found else 0
    if found is None or not 0 < port < 2**16:
        raise VisageError(f"${VARIABLE}: {text!r} is no HOST:PORT, e.g. 127.0.0.1:8125; no metrics are sent")
    return found["v6"] or found["host"], port


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    found: list[tuple[socket.AddressFamily, tuple[object, ...]]] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            found.extend((one[0], one[4]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM))

    asking = threading.Thread(target=ask, name="statsd", daemon=True)
    asking.start()
    asking.join(_NAME_SECONDS)
    return list(found)
