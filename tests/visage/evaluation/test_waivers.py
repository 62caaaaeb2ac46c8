"""Waivers let one model through for a time."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from visage.errors import VisageError
from visage.evaluation.gates.gate import Gate, Verdict
from visage.evaluation.waivers import (
    FailedLimit,
    Waiver,
    add_waiver,
    failed_limits,
    read_waivers,
    select_waiver,
    valid_waivers,
)

MET = Gate("gender_accuracy_min", "gender_accuracy", "overall", 0.9, "point", "passed", 0.95)
MISSED = Gate("age_mae_max", "age_mae", "overall", 5.0, "point", "failed", 6.0)
OF_WOMEN = replace(MISSED, slice="gender female")
CHANGE = Gate("age_mae_increase_max", "age_mae", "overall", 0.1, "harm", "failed", 0.5, compared_with="baseline")

WAIVER = Waiver("/model/8", "Ada", "demo", date(2026, 12, 31), date(2026, 12, 1), failed_limits([MISSED, CHANGE, MET]))
# As an earlier version wrote it.
OLDER = {"model": "/model/8", "by": "Ada", "reason": "demo", "until": "2026-12-31", "made": "2026-12-01"}


def test_waivers_are_kept_in_their_order(tmp_path: Path) -> None:
    file = tmp_path / "waivers.json"
    assert read_waivers(file) == []
    later = replace(WAIVER, by="Bob")
    add_waiver(file, WAIVER)
    add_waiver(file, later)
    assert read_waivers(file) == [WAIVER, later]


def test_a_waiver_holds_for_its_model_until_its_last_day() -> None:
    assert valid_waivers([WAIVER], "/model/8", date(2026, 12, 31)) == [WAIVER]
    assert valid_waivers([WAIVER], "/model/8", date(2027, 1, 1)) == []
    assert valid_waivers([WAIVER], "/model/9", date(2026, 12, 31)) == []


def test_a_newer_waiver_does_not_hide_an_earlier_one_that_covers_more() -> None:
    of_less = replace(WAIVER, by="Bob", limits=failed_limits([MISSED]))
    assert select_waiver([WAIVER, of_less], [MISSED, CHANGE]) == WAIVER
    assert select_waiver([WAIVER, of_less], [MISSED]) == of_less
    assert select_waiver([WAIVER, of_less], [MISSED, OF_WOMEN]) == of_less
    assert select_waiver([], [MISSED]) is None


def test_a_waiver_covers_the_limits_that_failed_when_it_was_given() -> None:
    assert WAIVER.limits == (
        FailedLimit("age_mae_max", "overall", None, 5.0, 6.0),
        FailedLimit("age_mae_increase_max", "overall", "baseline", 0.1, 0.5),
    )
    assert WAIVER.lets_through([MISSED, CHANGE, MET])
    assert WAIVER.lets_through([MISSED, replace(CHANGE, verdict="passed")])
    assert WAIVER.shortfall([MISSED, CHANGE]) == ""


def test_another_limit_that_fails_later_withholds_the_model_and_is_named() -> None:
    against_another = replace(CHANGE, compared_with="reference")
    gates = [MISSED, OF_WOMEN, against_another]
    assert not WAIVER.lets_through(gates)
    assert WAIVER.shortfall(gates) == (
        "the waiver of Ada does not cover age_mae_max of gender female (6.000, limit at most 5.000), "
        "age_mae_increase_max of overall, against the reference model (0.500, limit at most 0.100)"
    )


BELOW = Gate("gender_accuracy_min", "gender_accuracy", "overall", 0.9, "point", "failed", 0.85, unit="%")
KNOWN_BASELINE = replace(CHANGE, compared_digest="a1")
UNMEASURED = replace(MISSED, measured=None)


@pytest.mark.parametrize(
    ("given", "failure", "covered"),
    [
        (MISSED, replace(MISSED, limit=5.5, measured=5.8), True),
        (MISSED, replace(MISSED, measured=6.00001), True),
        (MISSED, replace(MISSED, measured=6.01), False),
        (MISSED, replace(MISSED, limit=0.5), False),
        (MISSED, UNMEASURED, False),
        (UNMEASURED, UNMEASURED, True),
        (UNMEASURED, MISSED, False),
        (BELOW, replace(BELOW, limit=0.88, measured=0.86), True),
        (BELOW, replace(BELOW, measured=0.84), False),
        (BELOW, replace(BELOW, limit=0.95), False),
        (KNOWN_BASELINE, replace(KNOWN_BASELINE, measured=0.4), True),
        (KNOWN_BASELINE, replace(KNOWN_BASELINE, compared_digest="b2"), False),
        # An earlier version did not record which model it was.
        (CHANGE, KNOWN_BASELINE, True),
    ],
)
def test_a_waiver_covers_no_stricter_limit_no_worse_figure_and_no_other_model(
    given: Gate, failure: Gate, covered: bool
) -> None:
    assert replace(WAIVER, limits=failed_limits([given])).lets_through([failure]) == covered


def test_the_shortfall_names_what_the_waiver_was_given_for() -> None:
    of_years = replace(WAIVER, limits=failed_limits([replace(MISSED, unit="years"), KNOWN_BASELINE]))
    stricter = replace(MISSED, unit="years", limit=0.5)
    assert of_years.shortfall([stricter]) == (
        "the waiver of Ada does not cover age_mae_max of overall (6.00 years, limit at most 0.50 years), "
        "given for 6.00 years, limit at most 5.00 years"
    )
    assert of_years.shortfall([replace(KNOWN_BASELINE, compared_digest="b2")]).endswith(
        "against the baseline model (0.500, limit at most 0.100), given for another baseline model"
    )


def test_a_limit_without_its_figures_is_covered_as_it_was_when_it_was_recorded() -> None:
    older = replace(WAIVER, limits=(FailedLimit("age_mae_max", "overall"),))
    assert older.lets_through([replace(MISSED, limit=0.5, measured=9.0)])
    assert str(older.limits and older.limits[0]) == "age_mae_max of overall"


@pytest.mark.parametrize("verdict", ["passed", "not gated"])
def test_a_waiver_lets_no_model_through_that_fails_no_limit(verdict: Verdict) -> None:
    assert not WAIVER.lets_through([replace(MISSED, verdict=verdict)])


def test_a_waiver_of_an_earlier_version_covers_every_limit(tmp_path: Path) -> None:
    file = tmp_path / "waivers.json"
    file.write_text(json.dumps([OLDER]))
    (older,) = read_waivers(file)
    assert older == replace(WAIVER, limits=None)
    assert older.lets_through([MISSED, OF_WOMEN])
    add_waiver(file, WAIVER)
    assert read_waivers(file) == [older, WAIVER]


@pytest.mark.parametrize("content", [b"", b"{}", b'[{"model": "/model/8"}]'])
def test_a_damaged_file_is_an_error_and_lets_no_model_through(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "waivers.json"
    file.write_bytes(content)
    for call in (lambda: read_waivers(file), lambda: add_waiver(file, WAIVER)):
        with pytest.raises(VisageError, match="is damaged; remove it, and waive again"):
            call()
    assert file.read_bytes() == content
