"""The command `visage`, also as `python -m pipeline`."""

from pipeline.interruption import handle_signals


def main() -> None:
    """Handles signals first, then imports and runs the command line; ends the process."""
    handle_signals()
    from pipeline.cli import main as command_line

    command_line(prog_name="visage")


if __name__ == "__main__":
    main()
