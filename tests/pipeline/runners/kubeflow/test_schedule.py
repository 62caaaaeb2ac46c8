"""Five fields of cron become Kubeflow's six, or are refused in one line."""

import pytest

from pipeline.runners.kubeflow.schedule import kubeflow_cron
from visage.errors import VisageError


@pytest.mark.parametrize(
    ("text", "cron"),
    [
        ("@hourly", "0 0 * * * *"),
        ("@weekly", "0 0 0 * * 0"),
        ("@quarterly", "0 0 0 1 */3 *"),
        ("*/4 * * * *", "0 */4 * * * *"),
        (" 30 4 * * MON-FRI ", "0 30 4 * * mon-fri"),
        ("0 4 1,15 jan-mar *", "0 0 4 1,15 jan-mar *"),
        ("0 4 * * 7", "0 0 4 * * 0"),
        ("0 4 * * 5-7", "0 0 4 * * 5,6,0"),
        ("0 4 * * 1-7/2", "0 0 4 * * 1,3,5,0"),
        ("0 4 * * fri-7", "0 0 4 * * 5,6,0"),
        ("0 4 * * mon-7/3,sun", "0 0 4 * * 1,4,0,sun"),
        ("0 4 * * 0-7", "0 0 4 * * 0,1,2,3,4,5,6"),
    ],
)
def test_a_schedule_gets_its_seconds(text: str, cron: str) -> None:
    assert kubeflow_cron(text) == cron


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("every monday", "has 2 fields, not 5"),
        ("0 24 * * *", "has '24' as the hour"),
        ("@once", "Kubeflow has no such schedule"),
        ("0 4 l * *", "Kubeflow's cron has no l"),
        ("0 4 * * 5#2", "Kubeflow's cron has no 5#2"),
        ("0 4 * * fri-mon", "no range that ends before it begins (fri-mon)"),
        ("0 22-4 * * *", "no range that ends before it begins (22-4)"),
    ],
)
def test_what_kubeflow_does_not_know_is_one_line(text: str, line: str) -> None:
    with pytest.raises(VisageError) as refused:
        kubeflow_cron(text)
    assert line in str(refused.value)
    assert str(refused.value).startswith("--recurring ")
