"""Runs TFX's Trainer on `FOLDER/examples` as the chief of the two machines in TF_CONFIG."""

import sys
from pathlib import Path

from tests.helpers.trained_model import run_trainer
from tests.visage.training.devices.two_devices import SETTINGS


def main(folder: Path) -> None:
    """Trains and writes `folder`/model."""
    run_trainer(folder, SETTINGS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
