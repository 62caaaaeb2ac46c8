"""A renamed command is an error under its old name."""

import pytest
from click.testing import CliRunner

from pipeline.cli.main import main


@pytest.mark.parametrize(
    ("old", "new"), [("data build", "data prepare"), ("data augmented", "data preview-augmentation")]
)
def test_an_old_command_is_an_error_and_the_new_one_works(old: str, new: str) -> None:
    for words in ([], ["utkface"], ["--help"]):
        ended = CliRunner().invoke(main, [*old.split(), *words])
        assert (ended.exit_code, ended.output) == (1, f"visage: {old}: renamed to {new}\n")
    assert CliRunner().invoke(main, [*new.split(), "--help"]).exit_code == 0


def test_click_reports_other_unknown_commands() -> None:
    ended = CliRunner().invoke(main, ["build"])
    assert ended.exit_code == 2
    assert "No such command 'build'" in ended.output
