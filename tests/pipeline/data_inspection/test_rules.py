"""Every rule has a description, in FaceExampleGen's order."""

import re

from pipeline.data_inspection.rules import RULES, in_order, meaning
from tests.helpers.project import PROJECT
from visage.data.cleaning import RULES as CLEANING_RULES

DOCS = PROJECT / "docs" / "data.md"


def test_the_rules_on_labels_come_in_their_order() -> None:
    names = [rule.__name__ for rule in CLEANING_RULES]
    assert [name for name in RULES if name in names] == names


def test_the_documentation_names_the_same_rules() -> None:
    rows = [
        line.partition("|")[2].partition("|")[0] for line in DOCS.read_text().splitlines() if line.startswith("| `")
    ]
    documented = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert set(RULES) <= set(documented)


def test_a_rule_without_a_description_comes_last() -> None:
    assert in_order({"of_somebodys_own", "no_face", "low_face_score"}) == [
        "low_face_score",
        "no_face",
        "of_somebodys_own",
    ]
    assert meaning("of_somebodys_own") == ""
