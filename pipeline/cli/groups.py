"""Groups of commands."""

import click

from pipeline.config.renames import renamed_command
from visage.errors import VisageError


class CommandGroup(click.Group):
    """A group that names the new name of a command that has another one since the last release."""

    def resolve_command(
        self, context: click.Context, words: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Returns the command that `words` begin with, as click does.

        Raises:
            VisageError: it has another name now.
        """
        above = [] if context.parent is None else [str(context.info_name)]
        if line := renamed_command(" ".join([*above, words[0]])):
            raise VisageError(line)
        return super().resolve_command(context, words)
