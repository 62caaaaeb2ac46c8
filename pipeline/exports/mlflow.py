"""Copies a run to an MLflow tracking server by its REST API: parameters, figures, model card.

MLflow's own clients exclude packages of both stacks, so the few requests are made here.

Source: MLflow REST API 2.0, https://mlflow.org/docs/latest/rest-api.html.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from pipeline.exports.http import HTTPStatusError, send, send_json
from pipeline.exports.ml_bom import FILE as ML_BOM
from pipeline.exports.run import ExportedRun
from visage.errors import VisageError
from visage.evaluation.evaluation import Evaluation

# Variables of the environment, as MLflow's own clients take them.
TOKEN_VARIABLE = "MLFLOW_TRACKING_TOKEN"
USER_VARIABLE, PASSWORD_VARIABLE = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"

# Of one request `runs/log-batch`, by MLflow's documentation: 1000 in all, 100 parameters.
_MOST_METRICS, _MOST_PARAMS = 800, 100
_LONGEST_PARAM, _LONGEST_NAME = 6000, 250
# MLflow refuses other letters in names.
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_\-. :/]")
_NOT_FOUND = 404
_RUN_TAG, _PIPELINE_TAG = "visage.run_id", "visage.pipeline"


class MLflowServer:
    """The requests to one tracking server."""

    def __init__(self, tracking_uri: str, timeout: float) -> None:
        """Takes the address and the seconds for each request."""
        self.address = tracking_uri
        self._timeout = timeout

    def experiment_id(self, name: str) -> str:
        """Returns the id of the experiment of this name, which is created if missing.

        Raises:
            VisageError: the server is away or refuses, e.g. because the experiment was deleted.
        """
        query = f"experiments/get-by-name?experiment_name={quote(name, safe='')}"
        try:
            return str(self._call("GET", query)["experiment"]["experiment_id"])
        except HTTPStatusError as error:
            if error.status != _NOT_FOUND:
                raise
        return str(self._call("POST", "experiments/create", {"name": name})["experiment_id"])

    def find_run(self, experiment: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
        """Returns the `info` of the newest run with these tags; None without one."""
        condition = " and ".join(f"tags.`{name}` = {_literal(value)}" for name, value in tags.items())
        value = {"experiment_ids": [experiment], "filter": condition, "max_results": 1}
        found = self._call("POST", "runs/search", value).get("runs") or []
        return found[0]["info"] if found else None

    def create_run(self, experiment: str, name: str, start: datetime, tags: Mapping[str, str]) -> dict[str, Any]:
        """Creates a run and returns its `info`."""
        value = {
            "experiment_id": experiment,
            "run_name": name,
            "start_time": milliseconds(start),
            "tags": _pairs(tags),
        }
        return self._call("POST", "runs/create", value)["run"]["info"]

    def log(
        self, run: str, metrics: Mapping[str, float], params: Mapping[str, str], tags: Mapping[str, str], when: datetime
    ) -> None:
        """Records figures, parameters and tags, in as many requests as the server's limits ask for."""
        figures = [
            {"key": name, "value": value, "timestamp": milliseconds(when), "step": 0} for name, value in metrics.items()
        ]
        given = {"metrics": _chunks(figures, _MOST_METRICS), "params": _chunks(_pairs(params), _MOST_PARAMS)}
        for part in range(max(1, *map(len, given.values()))):
            value = {name: chunks[part] if part < len(chunks) else [] for name, chunks in given.items()}
            self._call("POST", "runs/log-batch", {"run_id": run, **value, "tags": _pairs(tags)})

    def upload(self, info: Mapping[str, Any], file: Path) -> None:
        """Uploads a file through the server.

        Args:
            info: of the run.
            file: keeps its name.

        Raises:
            VisageError: the server does not pass artifacts on, or the file cannot be read.
        """
        place = urlsplit(info["artifact_uri"])
        if place.scheme != "mlflow-artifacts":
            raise VisageError(
                f"{self.address}: keeps artifacts in {info['artifact_uri']}, which only its own clients write; start "
                "it with --serve-artifacts"
            )
        path = quote(f"{place.path.strip('/')}/{file.name}")
        url = f"{self.address}/api/2.0/mlflow-artifacts/artifacts/{path}"
        try:
            content = file.read_bytes()
        except OSError as error:
            raise VisageError(f"{file}: cannot be read: {error.strerror}") from None
        send("PUT", url, content, "application/octet-stream", self._timeout, _authorization())

    def end_run(self, run: str, status: str, end: datetime) -> None:
        """Sets how a run ended: 'FINISHED' or 'FAILED'."""
        self._call("POST", "runs/update", {"run_id": run, "status": status, "end_time": milliseconds(end)})

    def _call(self, method: str, path: str, value: Any = None) -> dict[str, Any]:
        url = f"{self.address}/api/2.0/mlflow/{path}"
        return send_json(method, url, value, self._timeout, _authorization())


def export_mlflow(run: ExportedRun) -> str:
    """Records a run in the experiment of `exports.mlflow`; a run that is there already is brought up to date.

    Returns: the address of its page.

    Raises:
        VisageError: the server is away or refuses; figures are recorded before the files are uploaded.
    """
    settings = run.config.exports.mlflow
    assert settings.tracking_uri is not None
    server = MLflowServer(settings.tracking_uri, run.config.exports.timeout_seconds)
    experiment = server.experiment_id(settings.experiment)
    key = {_PIPELINE_TAG: run.config.name, _RUN_TAG: run.record.run_id}
    info = server.find_run(experiment, key)
    if info is None:
        info = server.create_run(experiment, f"{run.config.name} {run.record.run_id}", run.record.started, key)
    metrics = {**_seconds(run), **(figures(run.evaluation) if run.evaluation else {})}
    server.log(info["run_id"], metrics, _params(run), _tags(run), run.record.ended)
    server.end_run(info["run_id"], "FAILED" if run.failed else "FINISHED", run.record.ended)
    for file in _files(run):
        server.upload(info, file)
    return f"{server.address}/#/experiments/{experiment}/runs/{info['run_id']}"


def figures(evaluation: Evaluation) -> dict[str, float]:
    """Returns the measured figures by MLflow's names.

    Those of all records are `age_mae`, with the ends of the interval `age_mae_low` and `age_mae_high`; those of a group
    `age_mae/gender female`; those of the blessed model `baseline/age_mae`.
    """
    found: dict[str, float] = {}
    for part in (evaluation.overall, *evaluation.groups):
        for role, measured in part.figures.items():
            prefix = "" if role == "candidate" else f"{role}/"
            suffix = "" if part is evaluation.overall else f"/{part.name}"
            for name, figure in measured.items():
                values = {"": figure.value}
                if figure.interval is not None:
                    values |= {"_low": figure.interval.low, "_high": figure.interval.high}
                found |= {
                    _name(f"{prefix}{name}{end}{suffix}"): value for end, value in values.items() if value is not None
                }
    return found


def milliseconds(time: datetime) -> int:
    """Returns a time as MLflow writes it."""
    return round(time.timestamp() * 1000)


def _seconds(run: ExportedRun) -> dict[str, float]:
    nodes = run.record.nodes.values()
    return {_name(f"seconds/{node.node}"): (node.ended - node.started).total_seconds() for node in nodes}


def _params(run: ExportedRun) -> dict[str, str]:
    values = run.config.model_dump(mode="json", include={"data", "cleaning", "alignment", "split", "trainer"})
    return {_name(name): text[:_LONGEST_PARAM] for name, text in _flat(values)}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value)


def _tags(run: ExportedRun) -> dict[str, str]:
    tags = {
        "visage.pushed_version": run.version,
        "visage.failed_node": run.failed,
        "visage.blessed": None if run.evaluation is None else str(run.evaluation.blessed).lower(),
        "visage.drawn": str(run.config.data.drawn).lower(),
    }
    return {name: value for name, value in tags.items() if value is not None}


def _files(run: ExportedRun) -> list[Path]:
    """Returns the files to upload: the card, the figures and the ML-BOM, as far as they exist."""
    card = [run.model_card / name for name in ("model_card.html", "model_card.json")] if run.model_card else []
    figures_file = [run.evaluation_file] if run.evaluation_file else []
    return [file for file in (*card, *figures_file, run.folder / ML_BOM) if file.is_file()]


def _authorization() -> dict[str, str]:
    if token := os.environ.get(TOKEN_VARIABLE):
        return {"Authorization": f"Bearer {token}"}
    if user := os.environ.get(USER_VARIABLE):
        pair = f"{user}:{os.environ.get(PASSWORD_VARIABLE, '')}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


def _literal(text: str) -> str:
    """Returns a text as MLflow's filters take it: in the quotation marks that it does not hold."""
    return f'"{text}"' if "'" in text else f"'{text}'"


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": value} for name, value in values.items()]


def _chunks(values: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [values[start : start + size] for start in range(0, len(values), size)]


def _name(text: str) -> str:
    return _NOT_IN_NAMES.sub("_", text)[:_LONGEST_NAME]
