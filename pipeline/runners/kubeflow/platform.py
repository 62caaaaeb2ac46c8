"""Writes what Kubernetes gives the pod of a task: the message KubernetesExecutorConfig of kfp-kubernetes, as JSON.

No package kfp-kubernetes writes it: the one that fits the older stack (1.0.0) knows neither tolerations nor time
limits, while the message is the same for all. A test parses it strictly by the newest kfp-kubernetes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config.kubeflow import KubeflowSettings, PodSettings
from pipeline.config.kubernetes import Toleration, mount_path
from pipeline.config.schema import PipelineConfig
from visage.errors import VisageError


def mounts_of(config: PipelineConfig) -> dict[str, str]:
    """Returns the folders that the pods mount, each with the name of its volume claim.

    Raises:
        VisageError: `kubeflow.data_claim` is set without `data.dir`, two of the folders are the same, or one cannot be
            mounted.
    """
    settings = config.kubeflow
    mounts: dict[str, str] = {}
    if settings.workspace_claim is not None:
        mounts[_mount("workspace", config.root.parent)] = settings.workspace_claim
    if settings.data_claim is not None:
        root = config.face_example_gen_settings().data.root
        if root is None:
            raise VisageError("kubeflow.data_claim: is mounted at data.dir, which is not set; set it, or --data-dir")
        folder = _mount("data.dir", root)
        if folder in mounts:
            raise VisageError(f"kubeflow.data_claim: data.dir is the workspace {folder}; name another folder")
        mounts[folder] = settings.data_claim
    if twice := sorted(mounts.keys() & settings.secret_files.keys()):
        raise VisageError(f"kubeflow.secret_files: a claim is mounted at {twice[0]}, too; name another folder")
    return mounts


def _mount(key: str, folder: Path) -> str:
    try:
        return mount_path(str(folder))
    except ValueError as error:
        raise VisageError(f"{key}: a claim of kubeflow is mounted there, so it {error}") from None


def check_statistics(config: PipelineConfig, mounts: Mapping[str, str]) -> None:
    """Checks that the task that looks for drift has the statistics.

    Args:
        config: the whole run.
        mounts: of `mounts_of`.

    Raises:
        VisageError: no mount holds them.
    """
    settings = config.with_absolute_outputs().retraining
    # Without a claim for the workspace, the cluster mounts folders that we do not know.
    if "drift" not in settings.when or settings.statistics is None or config.kubeflow.workspace_claim is None:
        return
    if not any(Path(settings.statistics).is_relative_to(folder) for folder in mounts):
        raise VisageError(
            f"retraining.statistics: no claim of kubeflow holds {settings.statistics} (mounts: {', '.join(mounts)}); "
            "keep the statistics in a folder of the workspace"
        )


def executor_config(
    settings: KubeflowSettings, pod: PodSettings, mounts: Mapping[str, str], labels: Mapping[str, str]
) -> dict[str, Any]:
    """Returns the configuration of the pod of a task that runs nodes or exports.

    Args:
        settings: of all pods.
        pod: of this one.
        mounts: claims by folder.
        labels: of the pod.
    """
    given = {
        "pvcMount": [{"constant": claim, "mountPath": folder} for folder, claim in mounts.items()],
        "secretAsEnv": [
            {"secretName": value.secret, "keyToEnv": [{"secretKey": value.key, "envVar": variable}]}
            for variable, value in settings.secrets.items()
        ],
        "secretAsVolume": [
            {"secretName": secret, "mountPath": folder} for folder, secret in settings.secret_files.items()
        ],
    }
    return _not_empty(given) | minimal_config(settings, pod, labels)


def minimal_config(settings: KubeflowSettings, pod: PodSettings, labels: Mapping[str, str]) -> dict[str, Any]:
    """Returns the configuration of a pod that gets no folder and no secret; `executor_config` has the arguments."""
    config: dict[str, Any] = {
        "imagePullPolicy": settings.image_pull_policy,
        "imagePullSecret": [{"secretName": name} for name in settings.image_pull_secrets],
        "nodeSelector": {"labels": dict(pod.node_selector)} if pod.node_selector else None,
        "tolerations": [_toleration(one) for one in pod.tolerations],
        # A 64-bit integer, which JSON writes as text.
        "activeDeadlineSeconds": None if pod.timeout_seconds is None else str(pod.timeout_seconds),
        "podMetadata": {"labels": dict(labels)},
    }
    return _not_empty(config)


def _not_empty(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if value}


def _toleration(toleration: Toleration) -> dict[str, Any]:
    found = toleration.to_object()
    # A 64-bit integer, which JSON writes as text.
    return {key: str(value) if key == "tolerationSeconds" else value for key, value in found.items()}
