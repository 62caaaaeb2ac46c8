"""Models exported before they could be served are recognized by their graph."""

from pathlib import Path

from tests.helpers.trained_model import ALIGNMENT
from tests.visage.saved_model.older_export import export_as_once
from visage.networks import NETWORKS
from visage.saved_model.export import export
from visage.saved_model.older_exports import is_older_export

SPEC = NETWORKS["compact"]


def test_an_older_export_is_recognized(tmp_path: Path) -> None:
    network = SPEC.build()
    export(network, SPEC, ALIGNMENT, str(tmp_path / "2"))
    export_as_once(network, SPEC, ALIGNMENT, tmp_path / "1")
    assert [is_older_export(tmp_path / name) for name in ("1", "2", "3")] == [True, False, False]
