"""Hands what a task did to Kubeflow's pages: metrics, the gate and the model card, and the version newly pushed.

Kubeflow's launcher gives a container the message ExecutorInput, whose `outputs` say where each output belongs, and
reads the message ExecutorOutput back. It reads nothing of a container that failed.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.runners.kubeflow.gate_page import render_gate
from visage.errors import VisageError, shortened
from visage.files import write_atomically

EVALUATOR, PUSHER, MODEL_CARD = "Evaluator", "Pusher", "ModelCard"
METRICS, GATE, CARD, PUSHED_VERSION, WITHHELD = "metrics", "gate", "card", "pushed_version", "withheld"
DUE_OUTPUT = "due"
"""Of the task that decides whether the run trains."""
PAGES = (GATE, CARD)
"""The artifacts that are HTML pages."""
# A model can be pushed without its card, and the launcher wants each output.
_NO_PAGE = "<!doctype html><meta charset=utf-8><title>VisAge</title><p>It could not be made; see the task's log.\n"


def outputs_of(nodes: Sequence[str]) -> list[str]:
    """Returns the outputs of a task that runs these nodes.

    >>> outputs_of(["Pusher", "ModelCard"])
    ['pushed_version', 'withheld', 'card']
    """
    by_node = {EVALUATOR: [METRICS, GATE], PUSHER: [PUSHED_VERSION, WITHHELD], MODEL_CARD: [CARD]}
    return [output for node, outputs in by_node.items() if node in nodes for output in outputs]


@dataclass(frozen=True)
class TaskOutputs:
    """Where the outputs of a task belong.

    Attributes:
        executor_input: the JSON of the message, as the launcher puts it in the place of `{{$}}`.
        pages: local path of each HTML page, by its output.
    """

    executor_input: Mapping[str, Any]
    pages: Mapping[str, Path]

    @classmethod
    def read(cls, executor_input: str, pages: Mapping[str, Path]) -> "TaskOutputs":
        """Reads the message.

        Raises:
            VisageError: it is none; Kubeflow's launcher writes it.
        """
        try:
            message = json.loads(executor_input)
            Path(message["outputs"]["outputFile"])
        except (ValueError, TypeError, KeyError):
            raise VisageError(
                f"--executor-input {shortened(executor_input)}: not Kubeflow's message ExecutorInput; this command is "
                "for Kubeflow's launcher, use `visage node` elsewhere"
            ) from None
        return cls(message, pages)

    @property
    def output_file(self) -> Path:
        """Returns the file of the message ExecutorOutput."""
        return Path(self.executor_input["outputs"]["outputFile"])

    def write(self, report: Mapping[str, Any]) -> None:
        """Writes the outputs, and the message ExecutorOutput last.

        Args:
            report: as `visage node --report` writes it.

        Raises:
            VisageError: a file cannot be written, or the model card is gone.
        """
        outputs = self.executor_input["outputs"]
        parameters = {
            name: value for name, value in _parameters(report).items() if name in outputs.get("parameters", {})
        }
        for name, value in parameters.items():
            write_output(Path(outputs["parameters"][name]["outputFile"]), value)
        pages = _pages(report)
        for name, file in self.pages.items():
            write_output(file, pages.get(name, _NO_PAGE))
        metadata = {METRICS: _metrics(report)}
        artifacts = {
            name: {"artifacts": [{**found["artifacts"][0], "metadata": metadata.get(name, {})}]}
            for name, found in outputs.get("artifacts", {}).items()
        }
        write_output(self.output_file, json.dumps({"parameterValues": parameters, "artifacts": artifacts}))


def _parameters(report: Mapping[str, Any]) -> dict[str, str]:
    pushed = report["pushed"]
    return {PUSHED_VERSION: "" if pushed is None else pushed["version"], WITHHELD: report["withheld"] or ""}


def _pages(report: Mapping[str, Any]) -> dict[str, str]:
    pages = {} if report["gates"] is None else {GATE: render_gate(report)}
    if report["card"] is not None:
        try:
            pages[CARD] = Path(report["card"]).read_text(encoding="utf-8")
        except OSError as error:
            raise VisageError(f"{report['card']}: the model card cannot be read: {error.strerror}") from None
    return pages


def _metrics(report: Mapping[str, Any]) -> dict[str, float]:
    """Returns the figures; JSON has no number for one that was not measured."""
    figures = report["metrics"] or {}
    return {name: value for name, value in figures.items() if value is not None and math.isfinite(value)}


def write_output(file: Path, text: str) -> None:
    """Writes an output where Kubeflow's launcher reads it.

    Raises:
        VisageError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, text)
    except OSError as error:
        raise VisageError(f"{file}: cannot be written: {error.strerror}") from None
