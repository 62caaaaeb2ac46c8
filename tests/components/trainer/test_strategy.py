"""Several devices, or several machines, train the model that one would."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.errors import VisageError
from components.trainer.strategy import choose_strategy, is_chief
from tests.components.trainer.two_devices import write_splits


def test_two_devices_train_the_model_that_one_does(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.components.trainer.two_devices", str(tmp_path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    distances = json.loads(output.splitlines()[-1])
    assert distances["moved"] > 0.01
    assert distances["apart"] < 1e-6


@pytest.mark.slow
def test_two_machines_train_one_model_and_one_of_them_writes(tmp_path: Path) -> None:
    write_splits(tmp_path)
    cluster = {"worker": [f"127.0.0.1:{_free_port()}" for _ in range(2)]}
    command = [sys.executable, "-m", "tests.components.trainer.one_of_two_workers", str(tmp_path)]
    workers = []
    for index in range(2):
        config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        environment = {**os.environ, "TF_CONFIG": config, "CUDA_VISIBLE_DEVICES": "-1"}
        workers.append(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL))
    try:
        assert [worker.wait(timeout=240) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.kill()
    with np.load(tmp_path / "chief.npz") as chief, np.load(tmp_path / "worker.npz") as worker:
        for name in chief:
            np.testing.assert_array_equal(chief[name], worker[name])
    assert len(list((tmp_path / "log" / "train").iterdir())) == 1


def test_one_machine_without_gpus_trains_on_its_cpu_and_writes() -> None:
    assert choose_strategy() is tf.distribute.get_strategy()
    assert is_chief(choose_strategy())


@pytest.mark.parametrize("config", ["worker=2", "[]", '{"cluster": {"worker": 2}}'])
def test_a_cluster_that_is_none_is_one_line(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(VisageError, match="TF_CONFIG: must be JSON such as"):
        choose_strategy()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
