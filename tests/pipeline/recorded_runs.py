"""Writes whole runs of a pipeline, files and metadata, as TFX and our components do, without running anything."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.run_record import RunRecord, RunRecorder
from tests.pipeline.pushed_model import artifact, execution, open_store
from tests.visage.evaluation.some_tables import table_of
from visage.data.age_labels import AgeInterval
from visage.data.records import FaceRecord, to_example
from visage.data.tfrecords import write_record
from visage.evaluation.evaluate import evaluate
from visage.evaluation.evaluation import EVALUATION_FILE, Evaluation, write_evaluation
from visage.evaluation.gates.gate import Gate, blessed
from visage.evaluation.settings import EvaluatorSettings
from visage.evaluation.waivers import Waiver
from visage.saved_model.metadata import ModelMetadata, TrainingProvenance, write_metadata
from visage.saved_model.pushing.push import push

PEOPLE = {"train": ["utkface/1", "utkface/1", "utkface/2"], "val": ["utkface/3"], "test": ["utkface/4"]}


@dataclass
class Recorded:
    """What one run left: the ids of its artifacts, and the version that it pushed, if any."""

    run_id: str
    examples: int
    model: int
    folder: Path
    version: str | None


@dataclass
class RecordedPipeline:
    """A pipeline in `workspace/name`; `store` is the pipeline whose store it writes to."""

    root: Path
    store_of: Path | None = None
    runs: list[Recorded] = field(default_factory=list)

    def run(
        self,
        run_id: str,
        *,
        weights: str = "",
        blessed: int = 1,
        people: Mapping[str, Sequence[str]] = PEOPLE,
        sources: Sequence[str] = ("utkface",),
        data: Recorded | None = None,
        start: Recorded | None = None,
        teacher: Path | None = None,
        configuration: Mapping[str, object] | None = None,
        evaluation: Evaluation | None = None,
        model: Recorded | None = None,
        learned_from: Sequence[TrainingProvenance] = (),
        first_weights: str | dict[str, str] | None = None,
        held: str = "",
        archive_digests: Mapping[str, str] | None = None,
        evaluator: int = mlmd.Execution.COMPLETE,
    ) -> Recorded:
        """Records a run, which is pushed if it is blessed and not held back.

        Args:
            run_id: its name.
            weights: of the model; '': the run's name.
            blessed: 1 or 0.
            people: identities of the records of each split.
            sources: `data.sources`.
            data: a run whose examples it reuses, as from the cache.
            start: a run whose model it started from.
            teacher: folder of the model that taught it.
            configuration: for its run record; None: it has no record.
            evaluation: of its model; None: as TFMA left it, in the model card alone.
            model: a run whose model it reuses, as from the cache.
            learned_from: the trainings of its teacher and its start, as its model records them.
            first_weights: `trainer.weights`, where it starts from no run.
            held: why its model is held back.
            archive_digests: of its data sets; None: one for all.
            evaluator: state of Evaluator.
        """
        number = len(self.runs) + 1
        store = open_store(self.store_of or self.root)
        contexts = {"pipeline": self.root.name, "pipeline_run": run_id}

        def record(
            node: str, given: Mapping[str, int], *made: tuple[str, str, str], **properties: Any
        ) -> dict[str, int]:
            """Records a node that made artifacts of an output name, a type and a folder each."""
            outputs = {name: artifact(store, kind, uri) for name, kind, uri in made}
            return execution(store, node, contexts, given, outputs, **properties)[1]

        if data is None:
            folders = self._write_data(number, people, sources)
            types = ("Examples", "components.CleaningReport")
            made = zip(("examples", "cleaning_report"), types, map(str, folders), strict=True)
            properties = _data(sources)
            if archive_digests is not None:
                properties["archive_digests"] = json.dumps(archive_digests)
            examples = record("FaceExampleGen", {}, *made, **properties)["examples"]
        else:
            examples = data.examples
            cached = {"examples": examples}
            # Of a cached execution, TFX does not record what the driver computed.
            known = {name: value for name, value in _data(sources).items() if name != "archive_digests"}
            execution(store, "FaceExampleGen", contexts, {}, cached, mlmd.Execution.CACHED, **known)
        record("ExampleValidator", {}, ("anomalies", "ExampleAnomalies", ""))
        inputs = {"examples": examples, **({"base_model": start.model} if start else {})}
        recipe = json.dumps(_recipe(run_id, start, teacher, first_weights))
        config = json.dumps({"settings": recipe, "code": "trainingcode", "keras": "3"})
        folder = model.folder if model else self._write_model(number, weights or run_id, learned_from)
        if model is None:
            made_model = record("Trainer", inputs, ("model", "Model", str(folder)), custom_config=config)["model"]
        else:
            made_model = model.model
            cached = {"model": made_model}
            execution(store, "Trainer", contexts, inputs, cached, mlmd.Execution.CACHED, custom_config=config)
        evaluated = {"blessing": artifact(store, "ModelBlessing", blessed=blessed)}
        if evaluation is not None:
            written = self._folder(number, "Evaluator", "evaluation")
            write_evaluation(evaluation, written / EVALUATION_FILE)
            evaluated["evaluation"] = artifact(store, "ModelEvaluation", str(written))
        execution(store, "Evaluator", contexts, {"model": made_model}, evaluated, evaluator, code="evaluatorcode")
        version = push(folder / "Format-Serving", self.base) if blessed and not held else None
        where = {"pushed_version": version.name, "pushed_destination": str(version)} if version else {"held": held}
        pushed = artifact(store, "PushedModel", pushed=int(version is not None), **where)
        execution(store, "Pusher", contexts, {"model": made_model}, {"pushed_model": pushed})
        record(
            "ModelCard", {"model": made_model}, ("model_card", "components.ModelCard", str(self._write_card(number)))
        )
        if configuration is not None:
            packages = {"keras": "3"}
            started = RunRecord(run_id, self.root.name, "2026-01-01", packages=packages, configuration=configuration)
            RunRecorder(self.root, started).finish(0 if blessed else 3)
        done = Recorded(run_id, examples, made_model, folder, version.name if version else None)
        self.runs.append(done)
        return done

    @property
    def base(self) -> Path:
        """Returns the folder of the versions."""
        return self.root / "serving" / "visage"

    def _write_data(
        self, number: int, people: Mapping[str, Sequence[str]], sources: Sequence[str]
    ) -> tuple[Path, Path]:
        examples, report = (self._folder(number, "FaceExampleGen", name) for name in ("examples", "cleaning_report"))
        for split, identities in people.items():
            (examples / f"Split-{split}").mkdir()
            with gzip.open(examples / f"Split-{split}" / "data_tfrecord-0.gz", "wb") as file:
                for key, identity in enumerate(identities):
                    record = FaceRecord(b"image", str(key), AgeInterval.exact(30.0), "female", identity, "utkface")
                    write_record(file, to_example(record))
        counts = {"by_split": {split: len(names) for split, names in people.items()}, "dropped": {"no_face": 2}}
        document = {"total": counts, "sources": dict.fromkeys(sources, counts)}
        (report / "cleaning_report.json").write_text(json.dumps(document))
        return examples, report

    def _write_model(self, number: int, weights: str, learned_from: Sequence[TrainingProvenance]) -> Path:
        folder = self._folder(number, "Trainer", "model")
        serving = folder / "Format-Serving"
        (serving / "variables").mkdir(parents=True)
        (serving / "saved_model.pb").write_text("graph")
        (serving / "variables" / "variables.index").write_text(weights)
        uid = f"{self.root}-{number}"
        own = TrainingProvenance(["utkface"], {}, self.root.name, True, 3, str(number), uid=uid)
        write_metadata(serving, ModelMetadata(network="compact", learned_from=[own, *learned_from]))
        return folder

    def _write_card(self, number: int) -> Path:
        folder = self._folder(number, "ModelCard", "model_card")
        overall = {"feature": "", "value": "", "count": 1, "age_mae": 4.5, "gender_accuracy": 0.9}
        (folder / "model_card.json").write_text(json.dumps({"evaluation": {"overall": overall}}))
        return folder

    def _folder(self, number: int, node: str, output: str) -> Path:
        folder = self.root / "artifacts" / node / output / f"run-{number}"
        folder.mkdir(parents=True)
        return folder


def evaluation_of(*gates: Gate, waiver: Waiver | None = None) -> Evaluation:
    """Makes an evaluation that decided these gates."""
    return replace(_figures(), blessed=blessed(gates), gates=gates, waiver=waiver)


@cache
def _figures() -> Evaluation:
    return evaluate(table_of([30, 40, 50], [31, 42, 50]), EvaluatorSettings(age_mae_max=9, gender_accuracy_min=None))


def _recipe(
    run_id: str, start: Recorded | None, teacher: Path | None, first_weights: str | dict[str, str] | None
) -> dict[str, Any]:
    return {
        "network": "compact",
        "weights": "blessed" if start else first_weights,
        "epochs": len(run_id),
        "distillation": {"teacher": teacher and str(teacher)},
    }


def _data(sources: Sequence[str]) -> dict[str, str]:
    return {
        "settings": json.dumps({"data": {"sources": list(sources)}}),
        "archive_digests": json.dumps(dict.fromkeys(sources, "archivedigest")),
        "code": "datacode",
    }
