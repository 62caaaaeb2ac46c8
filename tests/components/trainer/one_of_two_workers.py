"""One of two machines that train together, as TF_CONFIG says; writes its weights to `FOLDER/weights-INDEX.npz`."""

import sys
from pathlib import Path

import numpy as np

from components.trainer.strategy import choose_strategy, is_chief
from tests.components.trainer.two_devices import train_without_dropout


def main(folder: Path) -> None:
    """Trains on the splits below `folder`."""
    strategy = choose_strategy()
    weights = train_without_dropout(folder, strategy)
    np.savez(folder / ("chief.npz" if is_chief(strategy) else "worker.npz"), *weights)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
