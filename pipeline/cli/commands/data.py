"""`visage data`: prepares a data set, shows where its records went, and draws augmented images."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.common import (
    DEFAULT_CONFIG,
    PathOfThisMachine,
    config_argument,
    data_dir_option,
    json_option,
    override_option,
    print_json,
    redirect_framework_output,
)
from pipeline.cli.groups import CommandGroup
from pipeline.output.output_file import check_output_of
from visage.errors import VisageError, shortened
from visage.names import did_you_mean

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig
    from pipeline.data_inspection.collect import CleanedData
    from pipeline.data_inspection.prepared import Prepared
    from pipeline.output.console import Reporter

_PAGE = "data_inspection.html"
_SHEET = "augmented.png"

_config_option = click.option(
    "--config", type=PathOfThisMachine(), default=DEFAULT_CONFIG, show_default=True, help="Configuration file."
)


@click.group(cls=CommandGroup)
def data() -> None:
    """Prepare data sets, and show where their records went."""


@data.command()
@click.argument("source")
@data_dir_option
@_config_option
@override_option
@json_option
def prepare(source: str, data_dir: Path | None, config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Prepare one data set for `visage run`."""
    from pipeline.checks.early_checks import OF_A_SOURCE, check_early
    from pipeline.config.loader import load_config

    found = _with_source(load_config(config, overrides, data_dir, source), source)
    check_early(found, OF_A_SOURCE, source)
    settings = found.face_example_gen_settings()
    with redirect_framework_output(_log(found, "data-prepare")) as stream:
        from pipeline.data_inspection.prepared import prepare as prepare_source
        from pipeline.output.console import Reporter
        from pipeline.output.terms import print_terms_once

        reporter = Reporter(stream, silent=as_json)
        if not as_json:
            print_terms_once([source], settings, reporter)
        with reporter.stage(source):
            parts = prepare_source(source, settings)
        for prepared in parts:
            _print_prepared(prepared, reporter)
        if as_json:
            print_json(_figures_of_parts(source, parts), stream)


@data.command()
@click.argument("source", required=False)
@data_dir_option
@_config_option
@override_option
@click.option("--out", type=PathOfThisMachine(), help="The page to write (.html); a .json comes beside it.")
@json_option
def inspect(
    source: str | None,
    data_dir: Path | None,
    config: Path,
    overrides: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Show where every record went, as one HTML page and as JSON.

    With SOURCE, prepare and clean that data set alone by the configuration's rules. Without it, show the newest run.
    """
    from pipeline.checks.early_checks import OF_A_SOURCE, check_early, check_runs
    from pipeline.checks.extras import check_detector
    from pipeline.config.loader import load_config

    found = load_config(config, overrides, data_dir, source)
    if out is not None:
        check_output_of(config, found, out, [".html"], beside=[out.with_suffix(".json")])
    found = _with_source(found, source) if source else found
    if source:
        check_detector(found)
        check_early(found, OF_A_SOURCE, source)
    else:
        check_runs(found)
    with redirect_framework_output(
        _log(found, "data-inspect") if source else _log_of_runs(found, "data-inspect")
    ) as stream:
        from rich.markup import escape

        from pipeline.data_inspection.ages import ages_line
        from pipeline.data_inspection.collect import collect
        from pipeline.data_inspection.render import figures, render
        from pipeline.data_inspection.suspects import newest_table
        from pipeline.output.cleaning_summary import cleaning_lines
        from pipeline.output.console import Reporter
        from pipeline.output.terms import terms_of
        from visage.files import write_atomically

        reporter = Reporter(stream, silent=as_json)
        title = source or found.name
        with reporter.stage(title):
            cleaned, page = _cleaned(found, source, reporter, as_json)
            inspection = collect(
                cleaned,
                title=title,
                terms=terms_of([source] if source else cleaned.settings.data.sources, cleaned.settings),
                made_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                suspects=newest_table(found),
            )
        page = (out or page).resolve()
        written = figures(inspection)
        write_atomically(page, render(inspection))
        write_atomically(page.with_suffix(".json"), json.dumps(written, indent=1, allow_nan=False) + "\n")
        if inspection["drawn"]:
            reporter.print("drawn portraits, not photos of people")
        reporter.print(f"[bold]{title}[/]  {cleaning_lines(inspection['cleaning_report'])}")
        reporter.print(f"ages  {ages_line(inspection['ages'])}")
        if inspection["suspects"]:
            shown = inspection["suspects"]
            reporter.print(f"    labels:   {escape(shown['in_words'])} (training {escape(shown['training'])})")
        reporter.print(f"page  {escape(str(page))}")
        reporter.print(f"json  {escape(str(page.with_suffix('.json')))}")
        if as_json:
            print_json({"page": str(page), **written}, stream)


@data.command("preview-augmentation")
@config_argument
@data_dir_option
@override_option
@click.option("--out", type=PathOfThisMachine(), help="The image to write (.png).")
@json_option
def preview_augmentation(
    config: Path, data_dir: Path | None, overrides: tuple[str, ...], out: Path | None, as_json: bool
) -> None:
    """Draw training crops of the newest run, each unchanged and augmented, as the network gets them."""
    from pipeline.checks.early_checks import check_runs
    from pipeline.config.loader import load_config

    found = load_config(config, overrides, data_dir)
    if out is not None:
        check_output_of(config, found, out, [".png"])
    check_runs(found)
    with redirect_framework_output(_log_of_runs(found, "data-preview-augmentation")) as stream:
        from rich.markup import escape

        from pipeline.metadata.latest_examples import newest_data
        from pipeline.output.console import Reporter

        examples = newest_data(found).examples
        sheet = (out or found.root / _SHEET).resolve()
        reporter = Reporter(stream, silent=as_json)
        with reporter.stage(found.name):
            from visage.files import write_atomically
            from visage.training.batches import open_split
            from visage.training.reports.augmentation_preview import draw_sheet

            split = open_split("train", [str(examples / "Split-train" / "*")])
            write_atomically(sheet, draw_sheet(split, found.trainer))
        augmentation = found.trainer.augmentation
        reporter.print(f"[bold]{found.name}[/]  {found.trainer.network}: {_in_words(augmentation.changes)}")
        reporter.print(f"sheet {escape(str(sheet))}")
        if as_json:
            figures = {
                "network": found.trainer.network,
                "examples": str(examples),
                "augmentation": augmentation.model_dump(),
            }
            print_json({"sheet": str(sheet), **figures}, stream)


def _in_words(changes: Mapping[str, bool | float]) -> str:
    """Returns the changes as text, e.g. 'flip, shift 0.05'."""
    return ", ".join(key if value is True else f"{key} {value:g}" for key, value in changes.items()) or "not augmented"


def _cleaned(
    config: "PipelineConfig", source: str | None, reporter: "Reporter", as_json: bool
) -> tuple["CleanedData", Path]:
    """Returns the cleaned data to show, and the default path of its page."""
    if source is None:
        from pipeline.metadata.latest_examples import NoDataYetError, newest_data

        try:
            return newest_data(config), config.root / _PAGE
        except NoDataYetError as error:
            look = f"or look at one source: visage data inspect {config.data.sources[0]}"
            raise VisageError(f"{error}, {look}") from None
    from pipeline.data_inspection.clean import clean
    from pipeline.output.terms import print_terms_once

    settings = config.face_example_gen_settings()
    if not as_json:
        print_terms_once([source], settings, reporter)
    cleaned = clean(source, settings)
    return cleaned, cleaned.report.parent / _PAGE


def _with_source(config: "PipelineConfig", source: str) -> "PipelineConfig":
    """Returns the configuration, with `source` as its only source if it has other ones.

    A source of the configuration is prepared in the folder that a run of the whole configuration uses.
    """
    from pydantic import ValidationError

    from components.face_example_gen.settings import DataSettings
    from visage.data.datasets import DATASETS
    from visage.settings import plain_message

    if source in config.data.sources:
        return config
    try:
        data = DataSettings.model_validate({**config.data.model_dump(), "sources": [source]})
    except ValidationError as error:
        detail = error.errors()[0]
        message = plain_message(detail)
        if detail["loc"][:1] != ("sources",):
            raise VisageError(message) from None
        hint = did_you_mean(source, DATASETS)
        raise VisageError(f"{shortened(source)}: no such source; {hint + ' ' if hint else ''}it {message}") from None
    return config.model_copy(update={"data": data})


def _log(config: "PipelineConfig", command: str) -> Path:
    return config.root / "logs" / f"{command}-{datetime.now():%Y%m%d-%H%M%S-%f}.log"


def _log_of_runs(config: "PipelineConfig", command: str) -> Path | None:
    """Returns the log's path; None where nothing has run yet, so that a command that only reads makes no folder."""
    return _log(config, command) if config.root.is_dir() else None


def _figures_of_parts(source: str, parts: "Sequence[Prepared]") -> Mapping[str, Any]:
    """Returns the figures of a data set; of spans, those of each by its name."""
    spans = {prepared.source.span: _prepared_figures(prepared) for prepared in parts}
    return spans.get("", {"source": source, "spans": spans})


def _prepared_figures(prepared: "Prepared") -> Mapping[str, Any]:
    source = prepared.source
    return {
        "source": source.dataset,
        "folder": str(prepared.folder),
        "archive_rows": source.archive_rows,
        "records": source.records,
        "skipped": dict(source.skipped),
        "skipped_rows": str(source.skipped_rows),
        "skipped_examples": dict(source.examples),
        "was_there": prepared.was_there,
        "seconds": round(prepared.seconds, 2),
    }


def _print_prepared(prepared: "Prepared", reporter: "Reporter") -> None:
    from rich.markup import escape

    from pipeline.output.cleaning_summary import skipped_lines

    source = prepared.source
    reporter.print(f"[bold]{source.name}[/]  {source.archive_rows:,} rows → {source.records:,} records")
    for line in skipped_lines(source.skipped, source.examples):
        reporter.print(line)
    if source.skipped:
        reporter.print(f"        all of them: {escape(str(source.skipped_rows))}")
    if prepared.was_there:
        reporter.print("prepared before")
    else:
        rate = source.archive_rows / max(prepared.seconds, 1e-3)
        reporter.print(f"prepared in {prepared.seconds:.1f} s, {rate:,.0f} rows/s")
    reporter.print(f"in    {escape(str(prepared.folder))}")
