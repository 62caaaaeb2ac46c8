"""The configuration of retraining and notifications: what contradicts itself is refused in one line."""

from pathlib import Path

import pytest

from pipeline.config.loader import load_config
from tests.pipeline.config.refusal import DEFAULT, refusal


def test_each_scheduled_run_trains_by_default_and_a_withheld_or_failed_one_is_told() -> None:
    config = load_config(DEFAULT)
    assert (config.retraining.when, config.retraining.asks) == (["schedule"], False)
    assert config.notifications.events == ["withheld", "failed"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["retraining.when=[schedule, drift]"], "retraining.when: schedule trains each time, so that drift would have"),
        (["retraining.when=[drift]"], "retraining: statistics: is missing; drift compares the folder of `visage serve"),
        (["retraining.when=[]"], "retraining.when: must have at least 1 item(s)"),
        (["retraining.when=[new_dta]"], "must be 'schedule', 'new_data' or 'drift'"),
        (["retraining.days=0"], "retraining.days: must be greater than or equal to 1"),
        (["notifications.events=[pushd]"], "must be 'withheld', 'failed', 'pushed' or 'drift'"),
    ],
)
def test_a_contradiction_or_a_typo_is_refused(changes: list[str], message: str) -> None:
    assert message in refusal(*changes)


def test_a_webhook_in_the_configuration_is_refused_without_its_secret() -> None:
    message = refusal("notifications.webhook_file=https://hooks.example.org/services/T0/hunter2")
    assert "notifications.webhook_file: must be the path of a file that holds the address" in message
    assert "hunter2" not in message


def test_the_folders_are_found_from_other_folders() -> None:
    changes = ["retraining.when=[drift]", "retraining.statistics=counts", "notifications.webhook_file=secret"]
    config = load_config(DEFAULT, [*changes, "data.dir=faces"]).with_absolute_outputs()
    here = Path.cwd()
    assert config.retraining.statistics == str(here / "counts")
    assert config.notifications.webhook_file == str(here / "secret")
    assert config.data.dir == str(here / "faces")
