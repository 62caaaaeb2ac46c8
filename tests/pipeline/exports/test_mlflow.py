"""The export to MLflow: against a real tracking server, and failures of one line."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.exports import ExportSettings
from pipeline.exports.http import send, send_json
from pipeline.exports.ml_bom import export_ml_bom
from pipeline.exports.mlflow import MLflowServer, export_mlflow, figures
from pipeline.exports.run import ExportedRun
from tests.helpers.ports import free_ports
from tests.pipeline.exports.http_server import http_server
from tests.pipeline.exports.mlflow_server import mlflow_server
from tests.pipeline.exports.runs import RUN_ID, START, ended_run, failed_run
from visage.errors import VisageError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ExportedRun:
    """Read it, never change it."""
    return ended_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real MLflow server."""
    with mlflow_server(tmp_path_factory.mktemp("mlflow") / "server") as address:
        yield address


def exported_to(address: str, run: ExportedRun, experiment: str) -> ExportedRun:
    exports = ExportSettings.model_validate(
        {"timeout_seconds": 600, "mlflow": {"tracking_uri": address, "experiment": experiment}}
    )
    return replace(run, config=run.config.model_copy(update={"exports": exports}))


def runs_of(address: str, experiment: str) -> list[dict[str, Any]]:
    number = MLflowServer(address, 60).experiment_id(experiment)
    url = f"{address}/api/2.0/mlflow/runs/search"
    return send_json("POST", url, {"experiment_ids": [number]}, 60).get("runs", [])


def pairs(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {entry["key"]: entry["value"] for entry in entries}


@pytest.mark.slow
def test_a_run_is_recorded_with_its_figures_parameters_and_files(run: ExportedRun, server: str) -> None:
    export_ml_bom(run)
    place = export_mlflow(exported_to(server, run, "faces & more"))

    (recorded,) = runs_of(server, "faces & more")
    info, data = recorded["info"], recorded["data"]
    assert place == f"{server}/#/experiments/{info['experiment_id']}/runs/{info['run_id']}"
    assert (info["run_name"], info["status"]) == (f"faces {RUN_ID}", "FINISHED")
    assert (info["start_time"], info["end_time"]) == (round(START.timestamp() * 1000), info["start_time"] + 3000)
    assert run.evaluation is not None
    expected = figures(run.evaluation) | {f"seconds/{node.node}": 1.0 for node in run.record.nodes.values()}
    assert pairs(data["metrics"]) == pytest.approx(expected)
    assert pairs(data["params"])["trainer.network"] == "compact"
    assert pairs(data["tags"])["visage.pushed_version"] == "17"
    path = info["artifact_uri"].removeprefix("mlflow-artifacts:/").strip("/")
    for name, file in {
        "model_card.html": Path(str(run.model_card), "model_card.html"),
        "ml_bom.cdx.json": run.folder / "ml_bom.cdx.json",
        "evaluation.json": Path(str(run.evaluation_file)),
    }.items():
        url = f"{server}/api/2.0/mlflow-artifacts/artifacts/{path}/{name}"
        assert send("GET", url, None, "", 60) == file.read_bytes()


@pytest.mark.slow
def test_a_second_export_of_a_run_brings_the_first_up_to_date(run: ExportedRun, server: str) -> None:
    again = exported_to(server, run, "again")
    assert export_mlflow(failed_run(again)) == export_mlflow(again)
    (recorded,) = runs_of(server, "again")
    assert recorded["info"]["status"] == "FINISHED"


@pytest.mark.slow
def test_a_failed_run_is_recorded_as_failed(run: ExportedRun, server: str) -> None:
    export_mlflow(failed_run(exported_to(server, run, "failures")))
    (recorded,) = runs_of(server, "failures")
    assert recorded["info"]["status"] == "FAILED"
    assert pairs(recorded["data"]["tags"])["visage.failed_node"] == "Trainer"
    assert pairs(recorded["data"]["metrics"]).keys() == {"seconds/FaceExampleGen", "seconds/Trainer"}


@pytest.mark.slow
def test_more_figures_than_one_request_takes_are_recorded(server: str) -> None:
    client = MLflowServer(server, 60)
    info = client.create_run(client.experiment_id("many"), "many's", START, {"visage.run_id": "one's"})
    metrics = {f"figure {number}": float(number) for number in range(1700)}
    params = {f"key {number}": "value" for number in range(150)}
    client.log(info["run_id"], metrics, params, {"one": "tag"}, START)
    (recorded,) = runs_of(server, "many")
    assert pairs(recorded["data"]["metrics"]) == metrics
    assert pairs(recorded["data"]["params"]) == params
    found = client.find_run(client.experiment_id("many"), {"visage.run_id": "one's"})
    assert found is not None
    assert found["run_id"] == info["run_id"]


@pytest.mark.slow
def test_a_server_that_passes_no_artifacts_on_gets_the_figures_alone(run: ExportedRun, tmp_path: Path) -> None:
    with mlflow_server(tmp_path / "server", "--no-serve-artifacts", "--default-artifact-root", "./root") as address:
        with pytest.raises(VisageError, match=r"keeps artifacts in .*; start it with --serve-artifacts"):
            export_mlflow(exported_to(address, run, "figures"))
        (recorded,) = runs_of(address, "figures")
    assert recorded["info"]["status"] == "FINISHED"
    assert recorded["data"]["metrics"]


def test_names_of_figures_hold_the_letters_that_mlflow_takes(run: ExportedRun) -> None:
    assert run.evaluation is not None
    overall = run.evaluation.overall
    odd = replace(run.evaluation.groups[0], name="source Ü/[1]")
    names = figures(replace(run.evaluation, slices=[overall, odd]))
    assert {"age_mae", "age_mae_low", "age_mae_high", "age_mae/source _/_1_"} <= names.keys()
    assert names["age_mae"] == pytest.approx(2)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"MLFLOW_TRACKING_TOKEN": "secret"}, "Bearer secret"),
        (
            {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "pass"},
            f"Basic {base64.b64encode(b'ada:pass').decode()}",
        ),
    ],
)
def test_credentials_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with http_server(200, json.dumps({"experiment": {"experiment_id": "3"}}).encode()) as received:
        assert MLflowServer(received.url, 10).experiment_id("faces") == "3"
    assert received.requests[0][2]["authorization"] == expected


def test_a_server_that_is_away_or_refuses_is_an_error_of_one_line(run: ExportedRun) -> None:
    with free_ports(1) as (port,), pytest.raises(VisageError, match=r"get-by-name: not reached \(Connection refused\)"):
        export_mlflow(exported_to(f"http://127.0.0.1:{port}", run, "x"))
    with (
        http_server(403, b'{"message": "permission\\n denied"}') as received,
        pytest.raises(VisageError, match=r"status 403: permission\\n denied$"),
    ):
        export_mlflow(exported_to(received.url, run, "x"))
