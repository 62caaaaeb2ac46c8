"""Prints what a model was made from, and which models learned from something."""

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from pipeline.metadata.learned import LearnedModel
from pipeline.metadata.origin import Origin
from pipeline.output.console import Reporter
from pipeline.output.run_details import print_metrics, print_software, print_values
from pipeline.output.runs import local_time, print_waiver, whole_columns
from visage.data.protocols import SPLITS
from visage.networks.trunks import joined
from visage.saved_model.pushing.holds import model_digest


def print_lineage(origin: Origin, reporter: Reporter) -> None:
    """Prints the way from a model back to the archives, a line for each step."""
    training, version, details = origin.training, origin.version, origin.details
    if version:
        pushed = f"version {version.number} ({version.place}), pushed by run {escape(version.run_id)}"
    else:
        pushed = "not pushed"
    reporter.print(f"[bold]{escape(origin.pipeline)}[/]  {pushed}")
    print_waiver(origin.waiver, reporter)
    reporter.print(f"model       {escape(str(origin.folder)) if origin.folder else '[yellow]removed[/]'}")
    if origin.folder:
        reporter.print(f"digest      {model_digest(origin.folder)}")
    run = training.execution
    reporter.print(f"training    {training.id}, run {escape(run.run_id)}, {local_time(run.started)}")
    reporter.print(f"network     {training.settings.get('network', 'unknown')}, {_weights(origin)}")
    if training.teacher:
        reporter.print(f"teacher     {escape(training.teacher)}")
    print_values("files", training.files, reporter)
    if training.examples:
        gone = "" if training.examples.exists else " [yellow](removed)[/]"
        reporter.print(f"examples    {escape(str(training.examples.uri))}{gone}")
    report = training.cleaning_report
    for source in training.sources:
        counts = (report or {}).get("sources", {}).get(source, {})
        splits = " · ".join(f"{split} {count:,}" for split, count in counts.get("by_split", {}).items())
        dropped = sum(counts.get("dropped", {}).values())
        digest = _digest(training.archive_digests, source)
        reporter.print(f"archive     {escape(source)}, {digest}: {splits or 'no counts'}, {dropped:,} dropped")
    print_values("code", details.code, reporter)
    print_metrics(details.metrics, reporter)
    if details.record:
        print_software(details.record, reporter)
    for fact in details.unknown:
        reporter.print(f"[yellow]not recorded[/]: {fact}")


def print_learned(models: Sequence[LearnedModel], reporter: Reporter) -> None:
    """Prints a table of models, with the number of records in each split."""
    table = Table(*whole_columns("pipeline", "training", "run", "versions"), "how", *SPLITS, box=None, pad_edge=False)
    for model in models:
        versions = ", ".join(f"{number} {place}" for number, place in model.versions)
        counts = [str(model.records.get(split, "-")) for split in SPLITS]
        how = _how(model) + ("" if model.on_disk else " (model removed)")
        table.add_row(
            escape(model.pipeline),
            model.training,
            escape(model.run_id),
            versions or "-",
            escape(how),
            *counts,
        )
    reporter.print(table)


def _digest(digests: Mapping[str, str], source: str) -> str:
    """Returns the digest of a source's archive, or of those of its spans, as text."""
    spans = {name[len(source) + 1 :]: digest for name, digest in digests.items() if name.startswith(f"{source}/")}
    if spans:
        return "digests " + ", ".join(f"{escape(span)} {digest}" for span, digest in spans.items())
    return f"digest {digests.get(source, 'unknown')}"


def _how(model: LearnedModel) -> str:
    """Returns how a model learned, e.g. 'may have learned from (archive utkface, people not recorded), through …'."""
    unrecorded = f" ({model.unrecorded})" if model.unrecorded else ""
    if model.through:
        return f"{model.how}{unrecorded}, through {model.through}"
    return f"{model.how}{unrecorded}" + (f" {' training '.join(model.of)}" if model.of else "")


def _weights(origin: Origin) -> str:
    """Returns the start of the training, e.g. 'weights blessed (version 7)'."""
    named = origin.training.settings.get("weights", "unknown")
    named = joined(named) if isinstance(named, dict) else named
    weights = "random weights" if named is None else f"weights {escape(str(named))}"
    return f"{weights} ({origin.start})" if origin.start else weights
