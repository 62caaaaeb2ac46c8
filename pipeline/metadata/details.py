"""Collects what is known of one run, and what differs between two."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from pipeline.metadata.lineage import Training, code_of_execution, training_of
from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.records import Run
from pipeline.metadata.resources import NodeUse, resources_of
from pipeline.metadata.run_waiver import RunWaiver, waiver_of
from pipeline.run_record import RunRecord, read_record
from visage.errors import VisageError
from visage.evaluation.evaluation import EVALUATION_FILE, Evaluation, read_evaluation
from visage.evaluation.waivers import WAIVERS_FILE, Waiver, read_waivers

Difference = tuple[Any, Any]


@dataclass(frozen=True)
class RunDetails:
    """One run.

    Attributes:
        run: as ML Metadata has it.
        record: as the run wrote it; None: a run of an older version.
        training: of its model, which may be an earlier run's; None: there was none.
        metrics: on all test records.
        waiver: of its model; None without one.
        resources: what its nodes used, as far as it is recorded.
    """

    run: Run
    record: RunRecord | None
    training: Training | None
    metrics: Mapping[str, float | None]
    waiver: RunWaiver | None
    resources: Sequence[NodeUse] = ()

    @property
    def configuration(self) -> dict[str, Any]:
        """Returns the configuration by whole keys, e.g. 'trainer.epochs'.

        Without a record, ML Metadata has the settings of the trainer and of the data.
        """
        if self.record and self.record.configuration:
            return _flat(self.record.configuration)
        if self.training is None:
            return {}
        return _flat({**self.training.data_settings, "trainer": self.training.settings})

    @property
    def code(self) -> dict[str, str]:
        """Returns the code of the nodes, by node and package: digests of ours, versions of others."""
        found = [code_of_execution(node) for node in self.run.nodes.values()]
        found += [dict(self.training.code)] if self.training else []
        return {name: value for code in found for name, value in code.items()}

    @property
    def archives(self) -> dict[str, str]:
        """Returns the digest of each archive, by data set."""
        return dict(self.training.archive_digests) if self.training else {}

    @property
    def counts(self) -> dict[str, int]:
        """Returns the number of records of each split, by 'source split', and of all of them."""
        report = self.training.cleaning_report if self.training else None
        if report is None:
            return {}
        totals = {f"all {split}": count for split, count in report["total"]["by_split"].items()}
        sources = {
            f"{source} {split}": count
            for source, counts in report["sources"].items()
            for split, count in counts["by_split"].items()
        }
        return {**totals, **sources}

    @property
    def environment(self) -> dict[str, Any]:
        """Returns versions of this project, of Python and of the packages; empty without a record."""
        if self.record is None:
            return {}
        ours = {name: getattr(self.record, name) for name in ("visage", "git_commit", "git_changed", "python", "stack")}
        return {**ours, **self.record.packages}

    @property
    def unknown(self) -> list[str]:
        """Returns what is not recorded of this run."""
        facts = {
            "configuration, packages and git commit (no run record)": self.record is not None,
            "whole configuration (an earlier version compiled the pipeline)": self.record is None
            or self.record.configuration is not None,
            "git commit (no checkout)": self.record is None or self.record.git_commit is not None,
            "counts (no cleaning report)": bool(self.counts),
            "metrics (no evaluation, or one of another version)": bool(self.metrics),
        }
        return [fact for fact, known in facts.items() if not known]

    def to_json(self) -> dict[str, Any]:
        """Returns the run as JSON."""
        run = self.run
        nodes = {
            name: {
                "state": node.state,
                "execution": node.id,
                "started": node.started.isoformat(),
                "seconds": round((node.ended - node.started).total_seconds(), 2),
                "outputs": {key: [str(one.uri) for one in artifacts] for key, artifacts in node.outputs.items()},
            }
            for name, node in run.nodes.items()
        }
        return {
            "run_id": run.run_id,
            "state": run.state,
            "started": run.started.isoformat(),
            "ended": run.ended.isoformat(),
            "blessed": run.blessed,
            "waiver": self.waiver and self.waiver.to_json(),
            "infra_blessed": run.infra_blessed,
            "version": run.version,
            "held": run.held,
            "training": self.training and self.training.id,
            "metrics": dict(self.metrics),
            "counts": self.counts,
            "archives": self.archives,
            "code": self.code,
            "nodes": nodes,
            "resources": [one.to_json() for one in self.resources],
            "record": self.record and asdict(self.record),
            "unknown": self.unknown,
        }


def evaluation_of(run: Run) -> Evaluation | None:
    """Returns the evaluation of a run's model; None: there is none, it is gone, or this version cannot read it."""
    found = run.output("Evaluator", "evaluation")
    if found is None:
        return None
    # Runs are listed and compared for years; one that TFMA, or another version, evaluated must not end that.
    with suppress(VisageError):
        return read_evaluation(found.uri / EVALUATION_FILE)
    return None


def metrics_of(run: Run, evaluation: Evaluation | None) -> Mapping[str, float | None]:
    """Returns the metrics on all test records, by their name; empty where the run has no evaluation that can be read.

    Nothing else knows where they are stored. Runs that evaluated with TFMA have them in the model card alone.

    Args:
        run: the run.
        evaluation: what `evaluation_of` returned.
    """
    if evaluation is not None:
        return evaluation.overall.scores()
    card = run.output("ModelCard", "model_card")
    if card is None:
        return {}
    try:
        overall = json.loads((card.uri / "model_card.json").read_text(encoding="utf-8"))["evaluation"]["overall"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    # `feature` and `value` name the slice.
    return {name: value for name, value in overall.items() if not isinstance(value, str)}


def metrics_and_waiver(run: Run, waivers: Sequence[Waiver]) -> tuple[Mapping[str, float | None], RunWaiver | None]:
    """Returns the metrics of a run's model and its waiver, from one reading of the evaluation.

    Args:
        run: the run.
        waivers: of the pipeline, the oldest first.
    """
    evaluation = evaluation_of(run)
    today = datetime.now(timezone.utc).date()
    return metrics_of(run, evaluation), waiver_of(run, evaluation, waivers, today)


def details_of(metadata: PipelineMetadata, run: Run) -> RunDetails:
    """Returns what is known of a run.

    Raises:
        VisageError: its record or the file of the waivers is damaged.
    """
    training = training_of(metadata, run.output("Trainer", "model"))
    metrics, waiver = metrics_and_waiver(run, read_waivers(metadata.root / WAIVERS_FILE))
    record = read_record(metadata.root, run.run_id)
    return RunDetails(run, record, training, metrics, waiver, resources_of(metadata, run))


def differences(one: RunDetails, other: RunDetails) -> dict[str, dict[str, Difference]]:
    """Returns what differs between two runs: by kind and key, the value of each; None where one has no such key.

    The kinds are 'configuration', 'archives', 'counts', 'code', 'environment', and 'metrics', of which all are there.
    """
    kinds = ("configuration", "archives", "counts", "code", "environment")
    found = {kind: _different(getattr(one, kind), getattr(other, kind)) for kind in kinds}
    metrics = {**one.metrics, **other.metrics}
    return {**found, "metrics": {name: (one.metrics.get(name), other.metrics.get(name)) for name in metrics}}


def _different(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Difference]:
    keys = dict.fromkeys((*one, *other))
    return {key: (one.get(key), other.get(key)) for key in keys if one.get(key) != other.get(key)}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
