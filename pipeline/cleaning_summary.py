"""What cleaning left, in a few lines."""

from collections.abc import Mapping
from typing import Any


def cleaning_lines(total: Mapping[str, Any]) -> str:
    """One line or more on the `total` of a cleaning report, without a line's end at the end."""
    splits = " · ".join(f"{split} {count:,}" for split, count in total["by_split"].items())
    lines = [f"{total['archive_rows']:,} rows → {total['records_out']:,} faces ({splits})"]
    if total["skipped"]:
        lines.append(f"    not read: {counts_in_words(total['skipped'])}")
    if total["dropped"]:
        lines.append(f"    dropped:  {counts_in_words(total['dropped'])}")
    return "\n".join(lines)


def time_line(metrics: Mapping[str, Any]) -> str:
    """What a picture took on average, of a cleaning report's `metrics`: 'decode 2.1 ms · detect 14.0 ms'.

    Empty where the engine told no times.
    """
    steps = metrics.get("milliseconds", {})
    return " · ".join(f"{step} {times['mean']:.1f} ms" for step, times in steps.items())


def counts_in_words(counts: Mapping[str, int]) -> str:
    """'no_face 12 · second_face 3', the most frequent first."""
    return " · ".join(f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))
