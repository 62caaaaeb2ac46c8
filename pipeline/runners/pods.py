"""Writes the pod of a task as Kubernetes's own object."""

from pathlib import Path
from typing import Any

from pipeline.config.pods import NodeSettings, PodSettings
from pipeline.config.schema import PipelineConfig
from visage.errors import VisageError

BASE = "base"
"""Name of the container that runs the task; KubernetesPodOperator's own."""
_TMP = "tmp"


def pod_of(pod: PodSettings, nodes: NodeSettings, command: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Returns a pod (`v1`) whose container runs a command; its root file system is read-only, and it is not root.

    Args:
        pod: of the configuration, with an image.
        nodes: what it takes of a node, and of which.
        command: the program, whose arguments the scheduler adds.
        env: variables besides those of `pod`.
    """
    container = {
        "name": BASE,
        "image": pod.image,
        "imagePullPolicy": pod.image_pull_policy,
        "command": [command],
        "env": [
            *({"name": name, "value": value} for name, value in {**(env or {}), **pod.env}.items()),
            *(
                {"name": one.env, "valueFrom": {"secretKeyRef": {"name": one.secret, "key": one.key}}}
                for one in pod.secrets
            ),
        ],
        "envFrom": [
            *({"secretRef": {"name": name}} for name in pod.env_from_secrets),
            *({"configMapRef": {"name": name}} for name in pod.env_from_config_maps),
        ],
        "resources": _resources(nodes),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [
            {"name": _TMP, "mountPath": "/tmp"},
            *(
                {
                    "name": _volume(pod, volume.claim),
                    "mountPath": volume.mount,
                    "subPath": volume.sub_path,
                    "readOnly": volume.read_only or None,
                }
                for volume in pod.volumes
            ),
        ],
    }
    claims = dict.fromkeys(volume.claim for volume in pod.volumes)
    spec = {
        "containers": [container],
        "restartPolicy": "Never",
        "serviceAccountName": pod.service_account,
        "automountServiceAccountToken": None if pod.service_account else False,
        "imagePullSecrets": [{"name": name} for name in pod.image_pull_secrets],
        "securityContext": {"runAsNonRoot": True, "fsGroup": pod.fs_group},
        "nodeSelector": nodes.node_selector,
        "tolerations": [one.to_object() for one in nodes.tolerations],
        "volumes": [
            {"name": _TMP, "emptyDir": {}},
            *({"name": _volume(pod, claim), "persistentVolumeClaim": {"claimName": claim}} for claim in claims),
        ],
    }
    metadata = {"namespace": pod.namespace, "labels": {"app.kubernetes.io/name": "visage"}}
    found: dict[str, Any] = _without_empty({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    return found


def check_volumes(config: PipelineConfig, pod: PodSettings, where: str) -> None:
    """Checks that the pods of all tasks share the folders of the run.

    Args:
        config: the whole run.
        pod: its pods.
        where: the key of `pod`, e.g. 'airflow.kubernetes'.

    Raises:
        VisageError: the workspace, the data or the statistics lie on no volume.
    """
    folders = {"workspace": str(Path(config.workspace).resolve())}
    if config.data.root is not None:
        folders["data.dir"] = str(config.data.root.resolve())
    if "drift" in config.retraining.when and config.retraining.statistics is not None:
        folders["retraining.statistics"] = str(Path(config.retraining.statistics).resolve())
    for key, folder in folders.items():
        volume = pod.holding(folder)
        mounts = ", ".join(one.mount for one in pod.volumes) or "none"
        if volume is None:
            raise VisageError(
                f"{where}.volumes: no volume holds {key} {folder} (mounts: {mounts}); mount a claim there, or set "
                f"{key} to a folder of a mount"
            )
        if key == "workspace" and volume.read_only:
            raise VisageError(f"{where}.volumes: {volume.mount} holds the workspace and is read_only; set it to false")


def _volume(pod: PodSettings, claim: str) -> str:
    """Returns the name of a claim's volume in the pod, where names are short."""
    return f"volume-{list(dict.fromkeys(volume.claim for volume in pod.volumes)).index(claim)}"


def _resources(nodes: NodeSettings) -> dict[str, Any]:
    gpus = {nodes.gpu: str(nodes.gpus)} if nodes.gpus else {}
    return {
        "requests": {"cpu": nodes.cpu, "memory": nodes.memory, **gpus},
        "limits": {"cpu": nodes.cpu_limit, "memory": nodes.memory, **gpus},
    }


def _without_empty(value: Any) -> Any:
    """Returns a value without what is None or empty; an empty `emptyDir` is one."""
    if isinstance(value, dict):
        below = {key: _without_empty(one) for key, one in value.items()}
        return {key: one for key, one in below.items() if key == "emptyDir" or one not in (None, {}, [])}
    return [_without_empty(one) for one in value] if isinstance(value, list) else value
