"""Several devices, or several machines, train the same model as one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.ports import free_ports
from tests.visage.training.devices.two_devices import write_splits
from visage.errors import VisageError
from visage.training.devices import choose_strategy, is_chief


def test_two_devices_train_the_model_that_one_does(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.visage.training.devices.two_devices", str(tmp_path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = json.loads(output.splitlines()[-1])
    assert found["moved"] > 0.01
    assert found["apart"] < 1e-6
    assert found["refusal"].startswith(
        "trainer.gradient_accumulation_steps: 2 parts of a batch are for one device; here are 2"
    )


@pytest.mark.slow
def test_two_machines_train_the_model_that_one_does(tmp_path: Path) -> None:
    write_splits(tmp_path / "examples")
    with free_ports(2) as ports:
        _train_on_two_machines(tmp_path, ports)
    assert (tmp_path / "model" / "Format-Serving" / "saved_model.pb").is_file()
    assert list((tmp_path / "checkpoints").iterdir()) == []
    assert len(list((tmp_path / "model_run" / "train").iterdir())) == 1


def _train_on_two_machines(folder: Path, ports: list[int]) -> None:
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    roles = ["tests.visage.training.devices.chief_of_two", folder], ["visage.training.worker", folder / "checkpoints"]
    machines = []
    for index, (module, argument) in enumerate(roles):
        config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        environment = {**os.environ, "TF_CONFIG": config, "CUDA_VISIBLE_DEVICES": "-1"}
        command = [sys.executable, "-m", str(module), str(argument)]
        machines.append(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL))
    try:
        assert [machine.wait(timeout=HANG_GUARD_SECONDS) for machine in machines] == [0, 0]
    finally:
        for machine in machines:
            machine.kill()


def test_one_machine_without_gpus_trains_on_its_cpu_and_writes() -> None:
    assert choose_strategy() is tf.distribute.get_strategy()
    assert is_chief(choose_strategy())


@pytest.mark.parametrize("config", ["worker=2", "[]", '{"cluster": {"worker": 2}}'])
def test_an_invalid_cluster_is_an_error_of_one_line(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(VisageError, match="TF_CONFIG: must be JSON such as"):
        choose_strategy()


def test_connecting_machines_too_late_is_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    tf.constant(1)
    cluster = {"worker": ["127.0.0.1:1", "127.0.0.1:2"]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 0}}))
    with pytest.raises(VisageError, match="run the Trainer in a process of its own"):
        choose_strategy()
