"""Summarizes a cleaning report in a few lines."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.markup import escape

from visage.evaluation.label_noise import sentences

_MOST_EXAMPLES = 5


def cleaning_lines(report: Mapping[str, Any]) -> str:
    """Returns one or more lines on a cleaning report, in Rich's markup, without a final line break."""
    total = report["total"]
    splits = " · ".join(f"{split} {count:,}" for split, count in total["by_split"].items())
    lines = [f"{total['archive_rows']:,} rows → {total['records_out']:,} faces ({splits})"]
    sources, examples = report["sources"], report.get("skipped_examples", {})
    for dataset, part in sources.items():
        of = f" of {dataset}" if len(sources) > 1 else ""
        lines += skipped_lines(part["skipped"], examples.get(dataset, {}), of)
    if total["dropped"]:
        lines.append(f"    dropped:  {counts_in_words(total['dropped'])}")
    lines += [f"    copies:   {escape(text)}" for text in sentences(report)]
    metrics = report.get("metrics", {})
    if reused := metrics.get("reused"):
        lines.append(f"    reused:   {reused:,} of {metrics['pictures']:,} images are known from an earlier run")
    if repaired := metrics.get("repaired"):
        lines.append(f"    repaired: {counts_in_words(repaired)}")
    return "\n".join(lines)


def skipped_lines(skipped: Mapping[str, int], examples: Mapping[str, str], of: str = "") -> Iterator[str]:
    """Yields lines on the rows that a builder skipped, in Rich's markup: the counts, then an example of each reason.

    Args:
        skipped: rows by reason.
        examples: by reason.
        of: the data set, as text after "not read".
    """
    if not skipped:
        return
    yield f"    not read{escape(of)}: {counts_in_words(skipped)}"
    for reason in _commonest(skipped)[:_MOST_EXAMPLES]:
        if reason in examples:
            yield f"        {reason}, e.g. {escape(examples[reason])}"


def time_line(metrics: Mapping[str, Any]) -> str:
    """Returns the mean times an image of a cleaning report's `metrics`, e.g. 'decode 2.1 ms · detect 14.0 ms'.

    Empty if the engine reports no times.
    """
    steps = metrics.get("milliseconds", {})
    return " · ".join(f"{step} {times['mean']:.1f} ms" for step, times in steps.items())


def counts_in_words(counts: Mapping[str, int]) -> str:
    """Returns counts as text, the most frequent first, e.g. 'no_face 12 · second_face 3'."""
    return " · ".join(f"{name} {counts[name]:,}" for name in _commonest(counts))


def _commonest(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda name: -counts[name])
