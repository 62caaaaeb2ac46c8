"""The text of the DAG; `test_airflow_parses.py` has what Airflow makes of it."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.loader import load_config
from pipeline.exit_codes import HELD, NOT_BLESSED, NOT_DUE
from pipeline.runners.airflow_dag import dag_text
from pipeline.runners.pods import check_volumes
from pipeline.stages import STAGES
from tests.pipeline.config.refusal import DEFAULT
from visage.errors import VisageError

TASKS = {stage: list(nodes) for stage, nodes in STAGES.items()}
UPSTREAM = {"data": [], "train": ["data"], "judge": ["data", "train"], "push": ["train", "judge"]}
IR = "faces-0123456789ab.ir.json"
POD = "{image: 'registry/visage:1', volumes: [{claim: visage, mount: /mnt/visage}]}"
IN_PODS = ("airflow.operator=kubernetes", f"airflow.kubernetes={POD}", "workspace=/mnt/visage/runs")


def text_of(*changes: str, exports: bool = False) -> str:
    return dag_text(load_config(DEFAULT, list(changes)), TASKS, UPSTREAM, IR, exports=exports)


def arguments_of_dag(text: str) -> dict[str | None, str]:
    """Returns the arguments of `DAG(...)` as text."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    (dag,) = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "DAG")
    return {keyword.arg: ast.unparse(keyword.value) for keyword in dag.keywords}


def constant(text: str, name: str) -> Any:
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise KeyError(name)


@pytest.mark.parametrize("changes", [(), IN_PODS])
def test_it_imports_airflow_and_pythons_own_modules_alone(changes: tuple[str, ...]) -> None:
    tree = ast.parse(text_of(*changes))
    modules = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    # Pendulum is Airflow's library of times.
    others = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    assert others == {"airflow", "pendulum"}


@pytest.mark.parametrize(
    ("changes", "schedule"),
    [
        ([], "None"),
        (["airflow.schedule='@weekly'"], "'@weekly'"),
        (["airflow.assets=['s3://b/faces', 'file:///x']"], "[Asset('s3://b/faces'), Asset('file:///x')]"),
        (
            ["airflow.assets=['s3://b/faces']", "airflow.schedule=30 4 * * *", "airflow.timezone=Europe/Berlin"],
            "AssetOrTimeSchedule(timetable=CronTriggerTimetable('30 4 * * *', timezone='Europe/Berlin'), "
            "assets=[Asset('s3://b/faces')])",
        ),
    ],
)
def test_the_schedule_is_times_or_assets_or_both(changes: list[str], schedule: str) -> None:
    assert arguments_of_dag(text_of(*changes))["schedule"] == schedule


def test_what_is_not_configured_is_left_out() -> None:
    arguments = arguments_of_dag(text_of())
    assert {"dagrun_timeout", "on_failure_callback", "params", None} & arguments.keys() == set()
    assert "execution_timeout" not in arguments["default_args"]


def test_texts_of_the_configuration_stay_texts() -> None:
    odd = 'a "quoted" \\ {{ macro }} \n\'\'\' """'
    config = load_config(DEFAULT, [])
    airflow = config.airflow.model_copy(update={"description": odd, "owner": odd, "doc_md": odd * 20, "tags": [odd]})
    text = dag_text(config.model_copy(update={"airflow": airflow}), TASKS, UPSTREAM, IR, exports=True)
    arguments = arguments_of_dag(text)
    assert ast.literal_eval(arguments["description"]) == odd
    assert ast.literal_eval(arguments["tags"]) == [odd]
    assert ast.literal_eval(arguments["doc_md"]).startswith((odd * 20).strip())


def test_the_exports_follow_the_last_tasks_as_a_teardown() -> None:
    assert "exports.set_upstream([tasks[task] for task in ['push']])" in ast.unparse(ast.parse(text_of(exports=True)))
    assert "exports.as_teardown()" in text_of(exports=True)
    assert "Exports" not in text_of()


def test_a_run_asks_first_where_only_a_reason_lets_it_train() -> None:
    assert "DueOperator" not in text_of()
    assert "--missing-ok" not in text_of(exports=True)
    text = text_of("retraining.when=[new_data]", exports=True)
    assert 'due = DueOperator(task_id="due", command=["due"], skip_on_exit_code=NOT_DUE)' in text
    assert 'if context["dag_run"].run_type == "scheduled":' in text
    assert 'command=["runs", "export", "--missing-ok"]' in text


def test_the_exit_codes_that_skip_a_task_are_those_of_visage() -> None:
    text = text_of("retraining.when=[new_data]")
    assert constant(text, "WITHHELD") == (NOT_BLESSED, HELD)
    assert constant(text, "NOT_DUE") == NOT_DUE


def test_mails_come_after_the_functions_of_the_configuration() -> None:
    text = text_of("airflow.email=[ml@example.org]", "airflow.on_task_failure=[a.b]")
    assert '"on_failure_callback": [callback_1, MAIL]' in text
    assert "SmtpNotifier" not in text_of()


def test_params_hold_what_was_compiled() -> None:
    changes = ["airflow.params=[evaluator.age_mae_max, validation.anomalies]", "evaluator.age_mae_max=7"]
    assert constant(text_of(*changes), "PARAMS") == {"evaluator.age_mae_max": 7.0, "validation.anomalies": "stop"}


def test_the_training_has_a_pod_of_its_own_where_it_differs() -> None:
    pods = constant(text_of(*IN_PODS), "PODS")
    assert pods.keys() == {"default"}
    pods = constant(text_of(*IN_PODS, "airflow.kubernetes.train_nodes={gpus: 2}"), "PODS")
    assert pods.keys() == {"default", "train"}
    resources = [pods[name]["spec"]["containers"][0].get("resources") for name in pods]
    assert resources == [None, {"requests": {"nvidia.com/gpu": "2"}, "limits": {"nvidia.com/gpu": "2"}}]


def test_a_pod_has_no_rights_and_its_memory_is_its_limit() -> None:
    pod = constant(text_of(*IN_PODS, "airflow.kubernetes.nodes={cpu: 2, memory: 8Gi}"), "PODS")["default"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"] == {"runAsNonRoot": True}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert container["resources"] == {"requests": {"cpu": "2", "memory": "8Gi"}, "limits": {"memory": "8Gi"}}
    pod = constant(text_of(*IN_PODS, "airflow.kubernetes.service_account=visage"), "PODS")["default"]["spec"]
    assert (pod["serviceAccountName"], "automountServiceAccountToken" in pod) == ("visage", False)


def test_a_pod_tolerates_taints_as_kubernetes_writes_them() -> None:
    taint = "{key: gpu, operator: Exists, effect: NoExecute, seconds: 60}"
    pods = constant(text_of(*IN_PODS, f"airflow.kubernetes.nodes.tolerations=[{taint}]"), "PODS")
    (toleration,) = pods["default"]["spec"]["tolerations"]
    assert toleration == {"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["workspace=/srv/visage"], "no volume holds workspace /srv/visage (mounts: /mnt/visage)"),
        (["workspace=/mnt/visage2"], "no volume holds workspace /mnt/visage2"),
        (["data.dir=/faces"], "no volume holds data.dir /faces (mounts: /mnt/visage)"),
        (
            ["retraining.when=[drift]", "retraining.statistics=/statistics"],
            "no volume holds retraining.statistics /statistics (mounts: /mnt/visage)",
        ),
        (
            ["airflow.kubernetes.volumes=[{claim: a, mount: /mnt, read_only: true}]"],
            "airflow.kubernetes.volumes: /mnt holds the workspace and is read_only; set it to false",
        ),
    ],
)
def test_pods_without_a_volume_for_the_workspace_are_refused(changes: list[str], message: str) -> None:
    config = load_config(DEFAULT, [*IN_PODS, *changes])
    with pytest.raises(VisageError) as error:
        check_volumes(config, config.airflow.kubernetes, "airflow.kubernetes")
    assert message in str(error.value)


def test_the_text_is_as_ruff_formats_it(tmp_path: Path) -> None:
    """People read and review it."""
    many = [
        "airflow.schedule='@daily'", "airflow.assets=['s3://b/faces']", "airflow.run_minutes=60",
        "airflow.task_minutes=9",
        "airflow.pool=gpu", "airflow.queue=big",
        "airflow.on_run_failure=[alerts.page]", "airflow.on_task_failure=[a.b]",
        "airflow.deadline={minutes: 5, callback: alerts.late}",
        "airflow.params=[evaluator.age_mae_max, validation.anomalies]",
        "airflow.email=[ml@example.org]",
    ]  # fmt: skip
    asks = ["retraining.when=[new_data]"]
    for number, changes in enumerate([[], many, [*IN_PODS, *many], asks, [*many, *asks], [*IN_PODS, *many, *asks]]):
        (tmp_path / f"dag{number}.py").write_text(text_of(*changes, exports=bool(changes)))
    options = ["--isolated", "--line-length", "120"]
    checked = subprocess.run([sys.executable, "-m", "ruff", "check", *options, "--select", "E,F,W,I,B", tmp_path])
    formatted = subprocess.run([sys.executable, "-m", "ruff", "format", *options, "--diff", tmp_path])
    assert (checked.returncode, formatted.returncode) == (0, 0)
