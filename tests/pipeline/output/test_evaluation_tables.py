"""What `visage evaluate` prints; `tests/pipeline/cli/commands/test_evaluate.py` has whole calls of it."""

import io

from pipeline.output.console import Reporter
from pipeline.output.evaluation_tables import print_published
from visage.model_card.published import CAPTION, PublishedRow

ROW = PublishedRow(
    system="a network [large]",
    recipe="cnn_utkface",
    data="UTKFace",
    metric="age_mae",
    title="Mean absolute error of the age",
    published="4.65 years",
    own="4.44 years (4.30 to 4.58)",
    source="a paper",
)


def printed(*rows: PublishedRow) -> str:
    shown = io.StringIO()
    print_published(rows, Reporter(shown))
    return shown.getvalue()


def test_published_figures_stand_beside_the_measured_ones_as_context() -> None:
    lines = printed(ROW).splitlines()
    assert "4.65 years" in lines[2]
    assert "4.44 years" in lines[2]
    assert "[large]" in printed(ROW)
    assert lines[-1] == CAPTION


def test_without_rows_nothing_is_printed() -> None:
    assert printed() == ""
