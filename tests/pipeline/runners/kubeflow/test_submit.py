"""A submission at the level of HTTP: a real kfp.Client against a server with Kubeflow's routes."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipeline.runners.kubeflow.submit import Connection, KubeflowPipelines, Uploaded
from tests.helpers.certificate import write_certificate
from tests.pipeline.runners.kubeflow.api_server import Api, kubeflow_api
from visage.errors import VisageError

SPECIFICATION = {
    "pipelineInfo": {"name": "faces"},
    "root": {"inputDefinitions": {"parameters": {"evaluator_age_mae_max": {"parameterType": "STRING"}}}},
}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Api]:
    # kfp.Client reads the user's context there.
    monkeypatch.setenv("HOME", str(tmp_path))
    with kubeflow_api() as api:
        yield api


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "faces.yaml"
    path.write_text(yaml.safe_dump_all([SPECIFICATION, {"platforms": {}}]))
    return path


def client(api: Api, timeout: float = 20, token: str | None = None, **options: str) -> KubeflowPipelines:
    return KubeflowPipelines(Connection(api.url, token, **options), timeout)  # type: ignore[arg-type]


def uploaded(api: Api, file: Path, version: str = "0a1b") -> Uploaded:
    return client(api).upload(file, "faces", version, "a description")


def refusal(api: Api, token: str | None = None, timeout: float = 20) -> str:
    with pytest.raises(VisageError) as refused:
        client(api, timeout, token)
    assert "\n" not in str(refused.value)
    return str(refused.value).removeprefix(api.url)


def test_the_first_upload_makes_the_pipeline_and_a_version_named_by_its_digest(api: Api, file: Path) -> None:
    found = uploaded(api, file)
    assert found == Uploaded("pipeline_id-1", "version-1", "0a1b", new=True)
    assert api.calls() == ["POST /pipelines", "POST /pipelines/upload_version"]
    assert api.pipelines["pipeline_id-1"]["display_name"] == "faces"
    version = api.versions["version-1"]
    assert (version["display_name"], version["description"]) == ("0a1b", "a description")
    assert version["pipeline_spec"]["pipeline_spec"] == SPECIFICATION


def test_the_same_digest_is_uploaded_once_and_another_is_another_version(api: Api, file: Path) -> None:
    first, again, other = uploaded(api, file), uploaded(api, file), uploaded(api, file, "2c3d")
    assert (again.version_id, again.new) == (first.version_id, False)
    assert (other.pipeline_id, other.version_id) == (first.pipeline_id, "version-2")
    assert len(api.pipelines) == 1


def test_a_run_has_the_version_the_parameters_and_the_service_account(api: Api, file: Path) -> None:
    kubeflow, version = client(api), uploaded(api, file)
    experiment = kubeflow.experiment("nightly")
    assert kubeflow.experiment("nightly") == experiment
    run_id = kubeflow.run(version, experiment, "faces 1", {"evaluator_age_mae_max": "6"}, "trainer")
    run = api.runs[run_id]
    assert run["pipeline_version_reference"] == {"pipeline_id": "pipeline_id-1", "pipeline_version_id": "version-1"}
    assert run["runtime_config"]["parameters"] == {"evaluator_age_mae_max": "6"}
    assert (run["service_account"], run["experiment_id"], run["display_name"]) == ("trainer", experiment, "faces 1")


def test_a_schedule_replaces_that_of_its_name_and_no_other(api: Api, file: Path) -> None:
    kubeflow, version = client(api), uploaded(api, file)
    experiment = kubeflow.experiment("nightly")
    other = kubeflow.schedule(version, experiment, "another", "0 0 4 * * *", {}, None)
    first = kubeflow.schedule(version, experiment, "faces", "0 0 0 * * 0", {}, None)
    second = kubeflow.schedule(uploaded(api, file, "2c3d"), experiment, "faces", "0 0 1 * * 0", {}, None)
    assert second.replaced == [first.recurring_run_id]
    assert api.recurring_runs.keys() == {other.recurring_run_id, second.recurring_run_id}
    made = api.recurring_runs[second.recurring_run_id]
    assert made["trigger"]["cron_schedule"]["cron"] == "0 0 1 * * 0"
    assert (made["max_concurrency"], made["no_catchup"], made["mode"]) == (1, True, "ENABLE")
    assert made["pipeline_version_reference"]["pipeline_version_id"] == "version-2"


def test_the_new_schedule_is_there_before_the_old_one_goes(api: Api, file: Path) -> None:
    kubeflow, version = client(api), uploaded(api, file)
    experiment = kubeflow.experiment("nightly")
    first = kubeflow.schedule(version, experiment, "faces", "0 0 0 * * 0", {}, None)
    api.failures[f"DELETE /recurringruns/{first.recurring_run_id}"] = 500
    with pytest.raises(VisageError, match=r"cannot remove the earlier schedule .*; the new one is active"):
        kubeflow.schedule(version, experiment, "faces", "0 0 1 * * 0", {}, None)
    assert len(api.recurring_runs) == 2


def test_every_request_carries_the_token_and_the_cookie(api: Api, file: Path) -> None:
    api.token = "secret-1"
    kubeflow = client(api, token="secret-1", cookie="authservice_session=abc")
    kubeflow.experiment("nightly")
    assert {one.headers["authorization"] for one in api.requests} == {"Bearer secret-1"}
    assert {one.headers["cookie"] for one in api.requests} == {"authservice_session=abc"}


def test_the_namespace_is_named_where_kubeflow_has_several(api: Api, file: Path) -> None:
    kubeflow = client(api, namespace="team-a")
    kubeflow.upload(file, "faces", "0a1b", "")
    kubeflow.experiment("nightly")
    assert api.pipelines["pipeline_id-1"]["namespace"] == "team-a"
    assert api.experiments["experiment_id-1"]["namespace"] == "team-a"


def test_a_server_that_is_away_is_one_line_at_once(api: Api) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        api.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        assert refusal(api) == (
            ": cannot connect: not reached (Connection refused); check --host, and the port-forward or the ingress"
        )


def test_an_unknown_host_is_one_line(api: Api) -> None:
    api.url = "http://kubeflow.invalid"
    assert "cannot connect: not reached (" in refusal(api)


def test_a_server_that_never_answers_is_one_line(api: Api) -> None:
    api.hangs = True
    assert refusal(api, timeout=0.3).startswith(": cannot connect: no answer in time; see the log of ml-pipeline")


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (403, "status 403, not allowed (Internal: a reason); give this user the rights in the namespace"),
        (404, "status 404 (Internal: a reason); name the address of Kubeflow Pipelines 2"),
        (500, "status 500 (Internal: a reason); see the log of ml-pipeline, and try again"),
        (503, "status 503 (Internal: a reason); see the log of ml-pipeline, and try again"),
        (400, "status 400 (Internal: a reason); see the log of ml-pipeline"),
        (429, "status 429 (Internal: a reason); see the log of ml-pipeline, and try again"),
        (200, "the answer is not that of Kubeflow Pipelines (no JSON; a login page?); name the address of ml-pipeline"),
    ],
)
def test_each_status_is_one_line(api: Api, status: int, line: str) -> None:
    api.failures["GET /healthz"] = status
    assert line in refusal(api)


def test_a_missing_and_a_wrong_token_are_one_line_without_the_token(api: Api) -> None:
    api.token = "secret-1"
    assert "status 401, it wants a token" in refusal(api)
    wrong = refusal(api, "wrong-secret")
    assert "status 401, the token is not accepted" in wrong
    assert "wrong-secret" not in wrong
    assert "$VISAGE_KUBEFLOW_TOKEN" in wrong


STEPS = (
    ("GET /pipelines", "upload the pipeline"),
    ("POST /pipelines", "upload the pipeline"),
    ("GET /pipelines/pipeline_id-1/versions", "upload the pipeline"),
    ("POST /pipelines/upload_version", "upload the pipeline"),
    ("GET /experiments", "make the experiment"),
    ("POST /experiments", "make the experiment"),
    ("POST /runs", "start the run"),
    ("GET /recurringruns", "schedule runs"),
    ("POST /recurringruns", "schedule runs"),
)
"""Requests of a whole submission, and what each is for."""


def submit(api: Api, file: Path) -> None:
    kubeflow = client(api)
    version, experiment = kubeflow.upload(file, "faces", "0a1b", ""), kubeflow.experiment("nightly")
    kubeflow.run(version, experiment, "faces 1", {}, None)
    kubeflow.schedule(version, experiment, "faces", "0 0 1 * * 0", {}, None)


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (503, r"status 503 \(Internal: a reason\); see the log of ml-pipeline, and try again"),
        (404, r"status 404 \(Internal: a reason\); somebody has changed it meanwhile: submit again"),
        (409, r"status 409 \(Internal: a reason\); somebody has changed it meanwhile: submit again"),
        # The session has ended since the connection.
        (200, r"the answer is not that of Kubeflow Pipelines \(no JSON; a login page\?\)"),
    ],
)
@pytest.mark.parametrize(("call", "what"), STEPS)
def test_each_step_names_what_failed(api: Api, file: Path, call: str, what: str, status: int, cause: str) -> None:
    api.failures[call] = status
    with pytest.raises(VisageError, match=f"cannot {what}: {cause}") as refused:
        submit(api, file)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("call", "what"), [step for step in STEPS if step[0].startswith("POST")])
def test_an_object_without_an_id_is_one_line(api: Api, file: Path, call: str, what: str) -> None:
    api.empty.add(call)
    with pytest.raises(
        VisageError, match=rf"cannot {what}: the answer is not that of Kubeflow Pipelines \(no \w+_id\)"
    ):
        submit(api, file)


@pytest.mark.parametrize("failure", ["a login page", "no id"])
def test_a_schedule_stays_while_there_is_no_new_one(api: Api, file: Path, failure: str) -> None:
    submit(api, file)
    if failure == "no id":
        api.empty.add("POST /recurringruns")
    else:
        api.failures["POST /recurringruns"] = 200
    with pytest.raises(VisageError, match="cannot schedule runs"):
        submit(api, file)
    assert len(api.recurring_runs) == 1


def test_a_parameter_that_the_version_lacks_is_kubeflows_line(api: Api, file: Path) -> None:
    kubeflow, version = client(api), uploaded(api, file)
    with pytest.raises(VisageError, match=r"cannot start the run: status 400 \(unknown parameters \['x'\]\)"):
        kubeflow.run(version, kubeflow.experiment("nightly"), "faces 1", {"x": "6"}, None)


def test_a_certificate_that_this_machine_does_not_know_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    certificate = write_certificate(tmp_path)
    with kubeflow_api(certificate) as api:
        assert "the TLS connection failed (" in refusal(api)
        assert "; name the authority's certificate by --ca-file" in refusal(api)
        kubeflow = KubeflowPipelines(Connection(api.url, ca_file=certificate[0]))
        assert kubeflow.experiment("nightly") == "experiment_id-1"


def test_the_users_context_is_left_alone(api: Api, file: Path, tmp_path: Path) -> None:
    client(api, namespace="team-a").experiment("nightly")
    assert not (tmp_path / ".config").exists()
    assert json.loads(api.requests[-1].content)["display_name"] == "nightly"
