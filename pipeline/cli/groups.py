"""A group of commands that knows renamed commands."""

import click

from pipeline.config.renames import renamed_command
from visage.errors import VisageError


class CommandGroup(click.Group):
    """A group that rejects a command under its old name and names the new one."""

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Returns the command that `args` begin with, as click does.

        Raises:
            VisageError: it was renamed.
        """
        above = [] if context.parent is None else [str(context.info_name)]
        if line := renamed_command(" ".join([*above, args[0]])):
            raise VisageError(line)
        return super().resolve_command(context, args)
