"""A killed attempt leaves nothing that makes the next one fail."""

from pathlib import Path

import tensorflow as tf

from visage.faces.settings import AlignmentSettings
from visage.networks import NETWORKS
from visage.saved_model.export import export


def test_leftovers_of_killed_attempts_are_replaced(tmp_path: Path) -> None:
    directory = tmp_path / "Format-Serving"
    for leftover in (directory, tmp_path / "Format-Serving.partial"):
        (leftover / "variables").mkdir(parents=True)
        (leftover / "variables" / "stale").write_text("of the attempt before")

    export(NETWORKS["compact"].build(), NETWORKS["compact"], AlignmentSettings(size=80), str(directory))

    assert [path.name for path in tmp_path.iterdir()] == ["Format-Serving"]
    assert not (directory / "variables" / "stale").exists()
    assert (directory / "assets.extra" / "visage.json").is_file()
    assert "serving_default" in tf.saved_model.load(str(directory)).signatures
