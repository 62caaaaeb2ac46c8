"""A new network is one entry and its own file: settings accept its name, and it trains."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from visage.networks import NETWORKS
from visage.training.settings import TrainerSettings

pytestmark = pytest.mark.one_stack


def test_a_network_is_one_entry_and_its_own_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.visage.networks.trains_toy", str(tmp_path)]
    trained = subprocess.run(command, capture_output=True, text=True)
    assert trained.returncode == 0, trained.stderr
    assert trained.stdout.split() == ["toy_network"]


@pytest.mark.parametrize("name", NETWORKS)
def test_settings_accept_the_name_of_every_entry(name: str) -> None:
    assert TrainerSettings.model_validate({"network": name, "epochs": 1, "learning_rate": 1}).spec.name == name


def test_settings_refuse_a_name_that_no_entry_has() -> None:
    with pytest.raises(ValidationError, match="'compact'"):
        TrainerSettings.model_validate({"network": "compakt", "epochs": 1, "learning_rate": 1})
