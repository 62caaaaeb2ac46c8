"""The summary of a finished node."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipeline.output.node_summary import describe
from pipeline.results import NodeResult, Output
from tests.pipeline.recorded_runs import evaluation_of
from visage.data_validation.report import ValidationReport
from visage.evaluation.evaluation import EVALUATION_FILE, write_evaluation
from visage.evaluation.gates.gate import Gate
from visage.evaluation.waivers import Waiver, failed_limits
from visage.saved_model.metadata import Calibration, HeadCalibration, ModelMetadata, write_metadata
from visage.saved_model.suspect_labels import write_suspect_labels


def validated(folder: Path, *anomalies: str) -> str:
    ValidationReport(anomalies, drift=["train"], skew=[]).write(folder)
    return describe(NodeResult("ExampleValidator", cached=False, outputs={"anomalies": (Output(str(folder), {}),)}))


def test_passed_data_show_their_references(tmp_path: Path) -> None:
    assert validated(tmp_path) == "no anomalies · compared for drift: train · for skew: none"


def test_a_search_shows_the_best_values_and_each_trial(tmp_path: Path) -> None:
    rows = [{"trial_id": "0", "score": 3.25, "trainer.learning_rate": 0.00125, "trainer.optimizer": '"adam"'}]
    rows += [{"trial_id": str(number), "score": 4.0, "trainer.learning_rate": 0.5} for number in range(1, 12)]
    (tmp_path / "tuner_results.json").write_text(json.dumps(rows))
    best = {"trainer.learning_rate": 0.00125, "trainer.optimizer": '"adam"'}
    (tmp_path / "best_hyperparameters.txt").write_text(json.dumps({"space": [], "values": best}))
    here = (Output(str(tmp_path), {}),)
    shown = describe(NodeResult("Tuner", cached=False, outputs={"best_hyperparameters": here, "tuner_results": here}))
    assert shown.splitlines() == [
        "best: trainer.learning_rate 0.00125, trainer.optimizer adam",
        "    validation loss of each trial:",
        "    3.2500  trainer.learning_rate 0.00125, trainer.optimizer adam",
        *["    4.0000  trainer.learning_rate 0.5"] * 9,
        "    and 2 more",
    ]


def test_a_training_shows_the_temperatures_and_why_there_is_none(tmp_path: Path) -> None:
    model = tmp_path / "Format-Serving"
    model.mkdir()
    age = HeadCalibration(1.42, records=1900, nll_before=3.912, nll_after=3.845)
    gender = HeadCalibration(records=7, nll_before=0.1, nll_after=0.1, not_fitted="7 val records")
    for calibration in (None, Calibration(age, gender)):
        write_metadata(model, ModelMetadata("compact", parameters=231_270, calibration=calibration))
        shown = describe(NodeResult("Trainer", cached=False, outputs={"model": (Output(str(tmp_path), {}),)}))
        assert shown.splitlines() == [
            "compact, 231,270 parameters",
            *(["    age: temperature 1.42, NLL 3.9120 to 3.8450 on 1,900 val records"] if calibration else []),
            *(["    gender: temperature 1, not fitted: 7 val records"] if calibration else []),
        ]


def test_a_training_shows_how_many_labels_look_wrong_and_what_became_of_them(tmp_path: Path) -> None:
    model = tmp_path / "Format-Serving"
    model.mkdir()
    write_metadata(model, ModelMetadata("visage", parameters=5_000_000))
    judged = {"action": "downweight", "age": {"judged": 13106, "suspect": 131}, "gender": {"judged": 0, "suspect": 0}}
    write_suspect_labels(model, judged)
    shown = describe(NodeResult("Trainer", cached=False, outputs={"model": (Output(str(tmp_path), {}),)}))
    assert shown.splitlines()[1:] == ["    labels: 131 of 13,106 ages of train look wrong: downweighted"]


def test_a_candidate_that_is_the_blessed_model_has_no_baseline() -> None:
    shown = describe(NodeResult("BlessedModelResolver", cached=False, outputs={"model": ()}))
    assert shown == "no other blessed model to compare with"


def test_accepted_anomalies_are_shown_in_full(tmp_path: Path) -> None:
    shown = validated(tmp_path, "age: NaN (in train)", "gender: femail [50%] (in val)")
    assert shown.splitlines() == [
        "[yellow]anomalies accepted: 2[/] · compared for drift: train · for skew: none",
        "    age: NaN (in train)",
        "    gender: femail [50%] (in val)",
    ]


def test_a_model_that_a_waiver_lets_through_is_not_called_blessed(tmp_path: Path) -> None:
    missed = Gate("age_mae_max", "age_mae", "overall", 5.0, "point", "failed", 6.0)
    waiver = Waiver("/model/8", "Ada", "demo", date(2026, 12, 31), date(2026, 12, 1), failed_limits([missed]))

    def evaluated(*gates: Gate, blessed: int) -> str:
        write_evaluation(evaluation_of(*gates, waiver=waiver), tmp_path / EVALUATION_FILE)
        outputs = {"evaluation": (Output(str(tmp_path), {}),), "blessing": (Output("", {"blessed": blessed}),)}
        return describe(NodeResult("Evaluator", cached=False, outputs=outputs))

    assert evaluated(replace(missed, verdict="passed"), blessed=1) == "blessed"
    assert evaluated(missed, blessed=1) == "[yellow]waived[/] by Ada"
    assert evaluated(missed, replace(missed, slice="gender male"), blessed=0) == (
        "[red]not blessed[/]: the waiver of Ada does not cover age_mae_max of gender male (6.000, limit at most 5.000)"
    )
