"""The page of any evaluation, however few and odd its records: it renders, and no figure is no number."""

import re
from typing import Any

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.helpers.page_text import Page
from tests.visage.evaluation.some_tables import outputs_of, truths_of
from tests.visage.model_card.some_cards import card_of
from visage.data.labels import GENDERS, RACES, UNKNOWN
from visage.evaluation.evaluate import evaluate
from visage.evaluation.predictions.table import BASELINE, CANDIDATE, ModelOutputs, PredictionTable
from visage.evaluation.settings import EvaluatorSettings
from visage.model_card.render import render

LIMITS = EvaluatorSettings(
    age_mae_max=5,
    gender_accuracy_min=0.9,
    slices=["gender", "age_group", "race", "source"],
    pairs=True,
    min_people=2,
    gap_gates=[{"feature": "gender", "age_mae_gap_max": 1}],
    age_checks=[{"legal_age": 18, "challenge_age": 25, "false_positive_rate_max": 0.05}],
)
_odd = st.sampled_from([float("nan"), float("inf"), float("-inf")])


@st.composite
def models(draw: st.DrawFn, count: int) -> ModelOutputs:
    """A model of ages with or without genders, or of age groups; some of its outputs may be no numbers."""
    ages = st.floats(0, 100, width=32) | (_odd if draw(st.booleans()) else st.nothing())
    males = st.floats(0, 1, width=32) | (_odd if draw(st.booleans()) else st.nothing())
    males_found = draw(st.lists(males, min_size=count, max_size=count)) if draw(st.booleans()) else None
    found = outputs_of(draw(st.lists(ages, min_size=count, max_size=count)), males_found)
    if not draw(st.booleans()):
        return found
    width = draw(st.sampled_from([8, 101]))
    distribution = np.full((count, width), 1 / width, np.float32)
    return ModelOutputs(found.age if width == 101 else None, distribution, None, found.gender_probability)


@st.composite
def tables(draw: st.DrawFn) -> PredictionTable:
    count = draw(st.integers(1, 9))

    def some(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=count, max_size=count))

    truths = truths_of(
        some(st.none() | st.floats(0, 116, width=32)),
        some(st.sampled_from([*GENDERS, UNKNOWN])),
        some(st.sampled_from([*RACES, UNKNOWN])),
        some(st.sampled_from(["ann", "bob", UNKNOWN])),
    )
    roles = [CANDIDATE, *([BASELINE] if draw(st.booleans()) else [])]
    return PredictionTable(truths, {role: draw(models(count)) for role in roles})


@settings(max_examples=20, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(tables())
def test_any_evaluation_has_a_page_without_words_of_python(table: PredictionTable) -> None:
    card = card_of(evaluate(table, LIMITS), recipe=None)
    html = render(card)
    page = Page(html)
    assert page.open_tags == []
    assert page.loaded == []
    assert page.words_for_no_figure() == []
    # Titles have "True ages in the central 50 % ..." and "False positives".
    assert (
        re.findall(
            r"True(?! ages)|False(?! (?:posi|nega)tives)|\{'|\['|Interval\(|(?:nan|inf)%", html.partition("</style>")[2]
        )
        == []
    )
