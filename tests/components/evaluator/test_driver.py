"""The driver of the Evaluator reads the waivers of the candidate, so that the cache misses when they change."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.types.standard_artifacts import Model

from components.evaluator.driver import WAIVERS, Driver
from tests.helpers.tiny_evaluation import make_artifact
from visage.evaluation.waivers import FailedLimit, Waiver, add_waiver

WAIVED = Waiver(
    "/model/8", "Ada", "demo", date(2999, 1, 31), date(2026, 12, 1), (FailedLimit("age_mae_max", "overall"),)
)


def property_of(file: Path | None, model: str) -> list[Waiver]:
    """Returns the waivers that the executor reads."""
    execution = ExecutionInfo(
        input_dict={"model": [make_artifact(Model, Path(model))]}, exec_properties={"waivers": str(file or "")}
    )
    return WAIVERS.validate_json(Driver(None).run(execution).exec_properties["valid_waivers"].string_value)


def test_the_candidate_s_valid_waivers_are_read_with_their_limits(tmp_path: Path) -> None:
    file = tmp_path / "waivers.json"
    assert property_of(file, "/model/8") == []
    add_waiver(file, WAIVED)
    assert property_of(file, "/model/8") == [WAIVED]
    assert property_of(file, "/model/9") == []
    assert property_of(None, "/model/8") == []
    add_waiver(file, replace(WAIVED, until=date(2020, 1, 31)))
    later = replace(WAIVED, by="Bob")
    add_waiver(file, later)
    assert property_of(file, "/model/8") == [WAIVED, later]
