"""`visage crossval`: cross-validates a recipe."""

from dataclasses import asdict
from pathlib import Path

import click

from pipeline.cli.common import (
    config_argument,
    data_dir_option,
    json_option,
    new_run_id,
    override_option,
    print_json,
    redirect_framework_output,
)
from visage.errors import VisageError


@click.command()
@config_argument
@click.option("--folds", type=int, help="Parts, each the test split once.  [default: the recipe's, or 5]")
@click.option("--repeats", type=int, default=3, show_default=True, help="Models a fold, with different seeds.")
@override_option
@data_dir_option
@json_option
def crossval(
    config: Path, folds: int | None, repeats: int, overrides: tuple[str, ...], data_dir: Path | None, as_json: bool
) -> None:
    """Cross-validate a recipe: mean and deviation over folds, of single and of bagged models."""
    from pipeline.checks.early_checks import OF_A_RUN, check_early
    from pipeline.config.loader import load_config
    from pipeline.cross_validation.folds import fold_splits
    from pipeline.ready import make_ready_model
    from pipeline.run_lock import hold_run_lock

    settings = load_config(config, overrides, data_dir)
    # A separate pipeline, because each of its models was trained on test data of the others.
    settings = settings.model_copy(update={"name": f"{settings.name}-crossval"})
    splits = fold_splits(settings, folds)
    if repeats < 1:
        raise VisageError(f"--repeats {repeats}: must be 1 or more")
    notes = check_early(settings, OF_A_RUN)
    make_ready_model(settings)
    run_id = new_run_id()
    with hold_run_lock(settings.root), redirect_framework_output(settings.root / "logs" / f"{run_id}.log") as stream:
        from pipeline.output.run_start import start_reporter

        reporter = start_reporter(settings, stream, notes, silent=as_json)

        from pipeline.cross_validation.result import print_result
        from pipeline.cross_validation.run import cross_validate

        result = cross_validate(settings, splits, repeats, run_id, reporter)
        print_result(result, reporter)
        if as_json:
            print_json(asdict(result), stream)
