"""Both tasks in one network compared with one network each: the sums of the table, and the refused recipe."""

import io

import pytest
from rich.console import Console

from benchmarks.cost import Cost
from benchmarks.multi_task import Trained, main, table
from tests.helpers.project import PROJECT
from visage.errors import VisageError


def test_the_two_single_networks_are_added_up_and_compared() -> None:
    trained = [
        Trained("age and gender", 60, Cost(10, 15), 7.0, 0.9),
        Trained("age alone", 40, Cost(8, 12), 7.1, None),
        Trained("gender alone", 35, Cost(7, 13), None, 0.91),
    ]
    text = io.StringIO()
    Console(file=text, width=100).print(table(trained))
    rows = [line.split() for line in text.getvalue().splitlines()]
    assert rows[2] == ["age", "alone", "40", "8.0", "12.0", "7.10", "years"]
    assert rows[4] == ["the", "two", "alone", "75", "15.0", "25.0"]
    assert rows[5] == ["both", "against", "the", "two", "0.80", "0.67", "0.60"]


def test_a_recipe_of_one_task_is_an_error_of_one_line() -> None:
    with pytest.raises(VisageError, match=r"cnn_imdb_age.yaml: its network has only one head"):
        main([str(PROJECT / "recipes" / "cnn_imdb_age.yaml")], standalone_mode=False)
