"""The command `visage`, also as `python -m pipeline`."""

from pipeline.interruption import handle_signals
from pipeline.output.standard_output import checked_output, open_missing_descriptors


def main() -> None:
    """Handles signals first, then imports and runs the command line; ends the process."""
    open_missing_descriptors()
    handle_signals()
    from pipeline.cli.main import main as command_line

    with checked_output():
        command_line(prog_name="visage")


if __name__ == "__main__":
    main()
