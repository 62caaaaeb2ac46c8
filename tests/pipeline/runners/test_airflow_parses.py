"""What Airflow 3 and 2.11 make of the DAG: its arguments, the pods it would send, and the events of its tasks."""

import datetime
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.loader import load_config
from pipeline.runners.airflow_dag import dag_text
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.pipeline.airflow_environment import (
    AIRFLOW_2,
    AIRFLOW_3,
    airflow_environment,
    airflow_run,
    variables_of_airflow,
)
from tests.pipeline.config.refusal import DEFAULT
from tests.pipeline.runners.test_airflow_dag import IR, TASKS, UPSTREAM

pytestmark = pytest.mark.slow

DAG = "visage-sample-portraits"
# Prints the DAG as JSON.
PARSE = """
import json, sys
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
(dag,) = bag.dags.values()
task = dag.task_dict["train"]
found = {
    "tasks": {name: sorted(one.upstream_task_ids) for name, one in dag.task_dict.items()},
    "schedule": type(dag.timetable).__name__,
    "timezone": str(dag.timezone),
    "start": dag.start_date.isoformat(),
    "run_minutes": dag.dagrun_timeout.total_seconds() / 60,
    "callbacks": [
        getattr(one, "__name__", type(one).__name__) for one in dag.on_failure_callback + task.on_failure_callback
    ],
    "mail": [[one.to, one.subject] for one in task.on_failure_callback if hasattr(one, "subject")],
    "params": dag.params.dump(),
    "deadline": [one.interval.total_seconds() / 60 for one in getattr(dag, "deadline", None) or []],
    "retry": [task.retries, task.retry_delay.total_seconds(), bool(task.retry_exponential_backoff)],
    "task": [task.pool, task.queue, task.owner, task.execution_timeout.total_seconds()],
    "dag": [dag.description, sorted(dag.tags), dag.catchup, dag.max_active_runs],
    "outlets": {name: [one.uri for one in other.outlets] for name, other in dag.task_dict.items()},
}
if "kubernetes" in sys.argv:
    from kubernetes.client import ApiClient
    pods = {}
    for name, one in dag.task_dict.items():
        one.arguments = ["node", name]
        pods[name] = ApiClient().sanitize_for_serialization(one.build_pod_request_obj())
    found["pods"] = pods
    found["deferrable"] = any(one.deferrable for one in dag.tasks)
print("PARSED", json.dumps(found))
"""
MANY = [
    "airflow.schedule=30 4 * * *",
    "airflow.assets=['s3://bucket/faces']",
    "airflow.timezone=Europe/Berlin",
    "airflow.start=2026-01-31",
    "airflow.catchup=true",
    "airflow.run_minutes=600",
    "airflow.task_minutes=300",
    "airflow.retries=3",
    "airflow.pool=gpu",
    "airflow.queue=big",
    "airflow.owner=face team",
    "airflow.description=Weekly faces",
    "airflow.tags=[faces, weekly]",
    "airflow.doc_md=Call us.",
    "airflow.on_run_failure=[alerts.page]",
    "airflow.on_task_failure=[alerts.mail]",
    "airflow.email=[ml@example.org, ops@example.org]",
    "retraining.when=[new_data]",
    "airflow.deadline={minutes: 90, callback: alerts.page}",
    "airflow.params=[evaluator.age_mae_max, validation.anomalies]",
]
POD = {
    "image": "registry/visage:1",
    "image_pull_policy": "IfNotPresent",
    "image_pull_secrets": ["registry"],
    "namespace": "ml",
    "service_account": "visage",
    "volumes": [
        {"claim": "visage.work", "mount": "/mnt/visage"},
        {"claim": "faces", "mount": "/data", "sub_path": "2026", "read_only": True},
    ],
    "fs_group": 1000,
    "env": {"OMP_NUM_THREADS": "8"},
    "env_from_secrets": ["mlflow"],
    "env_from_config_maps": ["settings"],
    "secrets": [{"secret": "metadata", "key": "url", "env": "VISAGE_METADATA_URL"}],
    "nodes": {"cpu": 2, "memory": "8Gi", "cpu_limit": "4"},
    "train_nodes": {
        "gpus": 1,
        "node_selector": {"pool": "gpu"},
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
    },
}
KUBECONFIG = """
{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
 clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}], users: [{name: u, user: {token: t}}]}
"""


def skip_without(version: str) -> None:
    if version == AIRFLOW_2 and sys.version_info >= (3, 13):
        pytest.skip("Airflow 2.11 needs Python 3.12 or older")


def write(folder: Path, *changes: str) -> Path:
    (folder / "dags").mkdir()
    text = dag_text(load_config(DEFAULT, list(changes)), TASKS, UPSTREAM, IR, exports=True)
    (folder / "dags" / "faces.py").write_text(text)
    (folder / "dags" / "alerts.py").write_text("def page(context): ...\ndef mail(context): ...\n")
    (folder / "dags" / IR).write_text("{}")
    return folder / "dags" / "faces.py"


def parsed(home: Path, version: str, *options: str, **variables: str) -> dict[str, Any]:
    python = airflow_environment(version) / "python"
    ended = subprocess.run(
        [python, "-c", PARSE, home / "dags" / "faces.py", *options],
        env=variables_of_airflow(home, version, **{"PYTHONPATH": str(home / "dags"), **variables}),
        capture_output=True,
        text=True,
        timeout=HANG_GUARD_SECONDS,
    )
    lines = [line for line in ended.stdout.splitlines() if line.startswith("PARSED ")]
    assert len(lines) == 1, ended.stdout + ended.stderr
    found: dict[str, Any] = json.loads(lines[0].removeprefix("PARSED "))
    return found


@pytest.mark.parametrize("version", [AIRFLOW_3, AIRFLOW_2])
def test_each_setting_reaches_airflow(version: str, tmp_path: Path) -> None:
    skip_without(version)
    write(tmp_path, *MANY)

    found = parsed(tmp_path, version)

    assert found["tasks"] == {
        "due": [],
        **{task: sorted(needed or ["due"]) for task, needed in UPSTREAM.items()},
        "Exports": ["push"],
    }
    assert found["schedule"] == ("AssetOrTimeSchedule" if version == AIRFLOW_3 else "DatasetOrTimeSchedule")
    assert found["timezone"] == "Europe/Berlin"
    assert datetime.datetime.fromisoformat(found["start"]) == datetime.datetime.fromisoformat(
        "2026-01-31T00:00:00+01:00"
    )
    assert found["run_minutes"] == 600
    assert found["callbacks"] == ["page", "mail", "SmtpNotifier"]
    subject = "{{ dag.dag_id }}: {{ ti.task_id }} failed in {{ run_id }}"
    assert found["mail"] == [[["ml@example.org", "ops@example.org"], subject]]
    assert found["params"] == {"evaluator.age_mae_max": 10.0, "validation.anomalies": "stop"}
    assert found["deadline"] == ([90] if version == AIRFLOW_3 else [])
    assert found["retry"] == [3, 300, True]
    assert found["task"] == ["gpu", "big", "face team", 300 * 60]
    assert found["dag"] == ["Weekly faces", ["faces", "weekly"], True, 1]
    assert {task for task, uris in found["outlets"].items() if uris} == {"push"}


def test_the_pods_are_what_the_client_of_kubernetes_sends(tmp_path: Path) -> None:
    """No cluster ran them; the client's own classes check names and types of the fields."""
    changes = [f"airflow.kubernetes={json.dumps(POD)}", "airflow.operator=kubernetes", "workspace=/mnt/visage/runs"]
    write(tmp_path, *MANY, *changes)
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)

    connection = json.dumps({"conn_type": "kubernetes", "extra": {"kube_config_path": str(tmp_path / "kubeconfig")}})
    variables = {"AIRFLOW_CONN_KUBERNETES_DEFAULT": connection, "AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE": "True"}
    found = parsed(tmp_path, AIRFLOW_3, "kubernetes", **variables)

    # A deferred task would end in the provider's code, which knows neither events nor verdicts.
    assert not found["deferrable"]
    pods = found["pods"]
    assert pods.keys() == {"due", *TASKS, "Exports"}
    for task, pod in pods.items():
        base = next(one for one in pod["spec"]["containers"] if one["name"] == "base")
        assert (base["image"], base["command"], base["args"]) == ("registry/visage:1", ["visage"], ["node", task])
        assert base["imagePullPolicy"] == "IfNotPresent"
        assert pod["metadata"]["namespace"] == "ml"
        assert pod["spec"]["serviceAccountName"] == "visage"
        assert pod["spec"]["securityContext"] == {"runAsNonRoot": True, "fsGroup": 1000}
        assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}]
        assert pod["spec"]["restartPolicy"] == "Never"
        volumes = {one["name"]: one for one in pod["spec"]["volumes"]}
        mounts = {one["mountPath"]: (one, volumes[one["name"]]) for one in base["volumeMounts"]}
        assert mounts["/tmp"][1]["emptyDir"] == {}
        assert mounts["/mnt/visage"][1]["persistentVolumeClaim"] == {"claimName": "visage.work"}
        data, claim = mounts["/data"]
        assert (data["subPath"], data["readOnly"]) == ("2026", True)
        assert claim["persistentVolumeClaim"] == {"claimName": "faces"}
        assert {"name": "OMP_NUM_THREADS", "value": "8"} in base["env"]
        secret = {"secretKeyRef": {"name": "metadata", "key": "url"}}
        assert {"name": "VISAGE_METADATA_URL", "valueFrom": secret} in base["env"]
        assert base["envFrom"] == [{"secretRef": {"name": "mlflow"}}, {"configMapRef": {"name": "settings"}}]
        assert base["securityContext"]["readOnlyRootFilesystem"]
        gpus = base["resources"]["limits"].get("nvidia.com/gpu")
        assert (gpus, pod["spec"].get("nodeSelector") or None) == (
            ("1", {"pool": "gpu"}) if task == "train" else (None, None)
        )
        assert base["resources"]["requests"]["memory"] == base["resources"]["limits"]["memory"] == "8Gi"
        # The sidecar hands the report over.
        sidecars = {one["name"] for one in pod["spec"]["containers"]} - {"base"}
        assert sidecars == (set() if task in ("due", "Exports") else {"airflow-xcom-sidecar"})


# Writes the report of a task as `visage node` does; `pushed` comes from the file beside it.
PROGRAM = """#!{python}
import json, pathlib, sys
words = sys.argv[1:]
here = pathlib.Path({folder!r})
with (here / "calls").open("a") as file:
    file.write(json.dumps(words) + "\\n")
if words[0] == "due":
    sys.exit(int((here / "due").read_text()))
if words[0] == "node":
    answer = json.loads((here / "answer.json").read_text()) if "Pusher" in words else {{}}
    gates = [{{"name": "age_mae", "of": "all", "ok": False}}]
    report = {{"pushed": None, "withheld": None, "gates": gates, **answer}}
    pathlib.Path(words[words.index("--report") + 1]).write_text(json.dumps(report))
    without_card = report.get("card_failed") and "--last-try" not in words
    sys.exit(3 if report["withheld"] else 1 if without_card else 0)
"""
PUSHED = {"version": "1764", "uri": "/x", "metrics": {"age_mae": 4.7}, "card": "/x/card.html"}


def test_airflow_2_has_an_event_for_a_new_version_alone(tmp_path: Path) -> None:
    """Airflow 3: `tests/end_to_end/test_airflow.py`."""
    skip_without(AIRFLOW_2)
    dag = write(tmp_path, "airflow.params=[evaluator.age_mae_max]", "airflow.retries=3")
    program = tmp_path / "visage"
    program.write_text(PROGRAM.format(python=sys.executable, folder=str(tmp_path)))
    program.chmod(0o755)
    text = dag.read_text()
    dag.write_text(text.replace(str(Path(sys.executable).parent / "visage"), str(program)))
    # `dags test` does not enter the assets of the DAG.
    airflow_run(tmp_path, "dags", "reserialize", version=AIRFLOW_2).check_returncode()

    def run(**answer: Any) -> int:
        (tmp_path / "answer.json").write_text(json.dumps(answer))
        (tmp_path / "calls").write_text("")
        conf = json.dumps({"evaluator.age_mae_max": 7.5})
        return airflow_run(tmp_path, "dags", "test", DAG, "--conf", conf, version=AIRFLOW_2).returncode

    assert run(pushed=PUSHED) == 0
    assert events_of(tmp_path / "airflow.db") == [PUSHED]
    calls = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    assert [call[1 : call.index("--pipeline")] for call in calls] == [*TASKS.values(), ["export"]]
    for call in calls[:-1]:
        assert call[call.index("--param") + 1] == "evaluator.age_mae_max=7.5"
        assert Path(call[call.index("--pipeline") + 1]) == tmp_path / "dags" / IR
    assert run(pushed=None) == 0
    assert run(withheld="not blessed") == 1
    assert events_of(tmp_path / "airflow.db") == [PUSHED]


# Runs the DAG as `dags test` does, once for each KIND:CODE: a run of that kind, whose `visage due` ends with that code.
RUNS = """
import json, pathlib, sys
from sqlalchemy import event
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag
from airflow.models.dagrun import DagRun
kind = "manual"
event.listen(DagRun, "before_insert", lambda mapper, connection, run: setattr(run, "run_type", kind))
(dag,) = DagBag(sys.argv[1]).dags.values()
here, found = pathlib.Path(sys.argv[1]).parents[1], []
for word in sys.argv[2:]:
    kind, _, code = word.partition(":")
    (here / "due").write_text(code)
    (here / "calls").write_text("")
    run = dag.test()
    states = {one.task_id: getattr(one.state, "value", one.state) for one in run.get_task_instances()}
    calls = [json.loads(line)[0] for line in (here / "calls").read_text().splitlines()]
    found.append([getattr(run.state, "value", run.state), states, calls])
print("ENDED", json.dumps(found))
"""


@pytest.mark.parametrize("version", [AIRFLOW_3, AIRFLOW_2])
def test_a_scheduled_run_without_a_reason_ends_early_and_one_by_hand_never_asks(version: str, tmp_path: Path) -> None:
    skip_without(version)
    dag = write(tmp_path, "retraining.when=[new_data]", "airflow.retries=0")
    program = tmp_path / "visage"
    program.write_text(PROGRAM.format(python=sys.executable, folder=str(tmp_path)))
    program.chmod(0o755)
    dag.write_text(dag.read_text().replace(str(Path(sys.executable).parent / "visage"), str(program)))
    airflow_run(tmp_path, "dags", "reserialize", version=version).check_returncode()
    # Without retries each try is the last, and a missing model card does not hide the push.
    (tmp_path / "answer.json").write_text(json.dumps({"pushed": PUSHED, "card_failed": True}))

    python, dags = airflow_environment(version) / "python", str(tmp_path / "dags")
    ended = subprocess.run(
        [python, "-c", RUNS, dag, "scheduled:5", "scheduled:0", "manual:5", "scheduled:1"],
        env=variables_of_airflow(tmp_path, version, AIRFLOW__CORE__DAGS_FOLDER=dags),
        capture_output=True,
        text=True,
        timeout=HANG_GUARD_SECONDS,
    )

    lines = [line for line in ended.stdout.splitlines() if line.startswith("ENDED ")]
    assert len(lines) == 1, ended.stdout + ended.stderr
    not_due, due, by_hand, failed = json.loads(lines[0].removeprefix("ENDED "))
    all_ran = dict.fromkeys(["due", *TASKS, "Exports"], "success")
    skipped = dict.fromkeys(["due", *TASKS], "skipped")
    assert not_due == ["success", {**skipped, "Exports": "success"}, ["due", "runs"]]
    assert due == ["success", all_ran, ["due", *["node"] * 4, "runs"]]
    assert by_hand == ["success", all_ran, [*["node"] * 4, "runs"]]
    assert (failed[0], failed[1]["due"], failed[1]["push"]) == ("failed", "failed", "upstream_failed")
    assert failed[2] == ["due", "runs"]


def events_of(database: Path) -> list[Any]:
    with closing(sqlite3.connect(database)) as connection:
        return [json.loads(row[0]) for row in connection.execute("SELECT extra FROM dataset_event ORDER BY id")]
