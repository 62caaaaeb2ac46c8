"""A command that has another name is refused under the old one."""

import pytest
from click.testing import CliRunner

from pipeline.cli.main import main


@pytest.mark.parametrize(
    ("old", "new"), [("data build", "data prepare"), ("data augmented", "data preview-augmentation")]
)
def test_a_command_is_refused_under_its_old_name_and_works_under_the_new_one(old: str, new: str) -> None:
    for words in ([], ["utkface"], ["--help"]):
        ended = CliRunner().invoke(main, [*old.split(), *words])
        assert (ended.exit_code, ended.output) == (1, f"visage: {old}: renamed to {new}\n")
    assert CliRunner().invoke(main, [*new.split(), "--help"]).exit_code == 0


def test_other_unknown_commands_are_clicks_own_affair() -> None:
    ended = CliRunner().invoke(main, ["build"])
    assert ended.exit_code == 2
    assert "No such command 'build'" in ended.output
