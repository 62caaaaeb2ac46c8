"""The tables of legal ages in a terminal."""

import io

import numpy as np

from pipeline.output.console import Reporter
from pipeline.output.legal_age_tables import print_legal_ages
from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.evaluation.slices import slices_of
from visage.evaluation.thresholds import check_legal_ages

# A hundred children who look young, and a hundred adults, of whom 30 women look young as well.
TRUTHS = truths_of([10.0] * 100 + [40.0] * 100, ["female", "male"] * 100)
ESTIMATED = outputs_of([5.0] * 100 + [*[10.0, 50.0] * 30, *[50.0] * 40])


def printed(*rows: int) -> list[str]:
    truths, outputs = TRUTHS.take(np.arange(*rows)), ESTIMATED.take(np.arange(*rows))
    clusters = np.arange(len(truths))
    stream = io.StringIO()
    print_legal_ages(
        check_legal_ages(truths, outputs, slices_of(truths, clusters, ["gender"]), clusters), Reporter(stream)
    )
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def test_a_legal_age_has_its_challenge_ages_and_the_rates_of_groups() -> None:
    lines = printed(0, 200)
    assert lines[1] == "legal age false positives at most challenge age safe false positives false negatives"
    assert lines[2] == "13 5 % 13 13 0.0 % (0.0 to 3.7) 30.0 % (21.9 to 39.6)"
    assert lines[3] == "13 1 % 13 \u2013 0.0 % (0.0 to 3.7) 30.0 % (21.9 to 39.6)"
    assert lines[11] == "legal age challenge age group false positives false negatives"
    assert lines[12] == "13 13 gender female 0.0 % (0.0 to 7.1) 60.0 % (46.2 to 72.4)"
    assert lines[13] == "13 13 gender male 0.0 % (0.0 to 7.1) 0.0 % (0.0 to 7.1)"


def test_without_a_person_below_the_legal_ages_nothing_is_printed() -> None:
    assert printed(100, 200) == []
