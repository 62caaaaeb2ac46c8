"""Registers the toy network and trains one step, in a separate process, because settings read the registry once."""

import sys
from pathlib import Path

from visage.networks import NETWORKS, NetworkSpec

NETWORKS["toy_network"] = NetworkSpec("tests.visage.networks.toy_network", 32, 3, "regression", "binary")


def main(folder: Path) -> None:
    """Trains on drawn crops, which it writes below `folder`; prints the network's name."""
    from tests.helpers.drawn_crops import people, write_split
    from visage.training.batches import open_split
    from visage.training.settings import TrainerSettings
    from visage.training.train import train

    split = open_split("train", [str(write_split(folder, "train", people(4, seed=1)))])
    settings = TrainerSettings(network="toy_network", epochs=1, learning_rate=1e-6)
    print(train(split, split, settings, None).name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
