"""Describes the flow of the records from the archive to the splits."""

from collections.abc import Mapping
from typing import Any

from pipeline.data_inspection.rules import in_order, meaning


def flow_of(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the cleaning report as steps in their order.

    Returns: steps with `name`, `kind` ('rows', 'skipped', 'records', 'dropped', 'kept' or 'split'), `meaning`, how many
        records the step concerns (`count` over all sources, `by_source`), and how many are `left` after it.
    """
    parts = {**report["sources"], "": report["total"]}
    left = report["total"]["archive_rows"]
    steps = [_step("archive rows", "rows", "", {key: part["archive_rows"] for key, part in parts.items()}, left)]
    for reason in sorted(report["total"]["skipped"]):
        counts = {key: part["skipped"].get(reason, 0) for key, part in parts.items()}
        left -= counts[""]
        examples = [part[reason] for part in report.get("skipped_examples", {}).values() if reason in part]
        what = f"not read, e.g. {examples[0]}" if examples else "not read"
        steps.append(_step(reason, "skipped", what, counts, left))
    steps.append(_step("records read", "records", "", {key: part["records_in"] for key, part in parts.items()}, left))
    for rule in in_order(set(report["total"]["dropped"])):
        counts = {key: part["dropped"].get(rule, 0) for key, part in parts.items()}
        left -= counts[""]
        steps.append(_step(rule, "dropped", meaning(rule), counts, left))
    steps.append(_step("faces kept", "kept", "", {key: part["records_out"] for key, part in parts.items()}, left))
    for split in report["total"]["by_split"]:
        counts = {key: part["by_split"].get(split, 0) for key, part in parts.items()}
        steps.append(_step(split, "split", "", counts, counts[""]))
    return [step for step in steps if step["count"] or step["kind"] not in ("skipped", "dropped")]


def _step(name: str, kind: str, what: str, counts: Mapping[str, int], left: int) -> dict[str, Any]:
    by_source = {source: count for source, count in counts.items() if source}
    return {
        "name": name,
        "kind": kind,
        "meaning": what,
        "count": counts[""],
        "by_source": by_source,
        "left": left,
    }
