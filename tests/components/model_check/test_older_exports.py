"""Models exported before they could be served are known by their graph."""

from pathlib import Path

from components.model_check.older_exports import is_older_export
from components.trainer.export import export
from components.trainer.models import NETWORKS
from tests.components.conftest import ALIGNMENT
from tests.components.model_check.old_export import export_as_once

SPEC = NETWORKS["compact"]


def test_an_older_export_is_told_from_one_of_today(tmp_path: Path) -> None:
    network = SPEC.build()
    export(network, SPEC, ALIGNMENT, str(tmp_path / "2"))
    export_as_once(network, SPEC, ALIGNMENT, tmp_path / "1")
    assert [is_older_export(tmp_path / name) for name in ("1", "2", "3")] == [True, False, False]
