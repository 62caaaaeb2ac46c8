"""Makes model cards of drawn evaluations."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from tests.visage.evaluation.some_tables import truths_of
from visage.data.labels import RACES
from visage.evaluation.evaluate import evaluate
from visage.evaluation.evaluation import Evaluation
from visage.evaluation.label_noise import CopyLabels, LabelPair, label_noise
from visage.evaluation.predictions.table import BASELINE, CANDIDATE, ModelOutputs, PredictionTable
from visage.evaluation.settings import EvaluatorSettings
from visage.model_card.content import Latency, ModelSize, make_card
from visage.model_card.lineage import Lineage
from visage.model_card.splits import AgeBucket, SplitStatistics
from visage.saved_model.metadata import ModelMetadata, TrainingProvenance
from visage.saved_model.training_history import PhaseHistory
from visage.training.settings import TrainerSettings

RECORDS = 240
RECIPE = TrainerSettings(network="compact", epochs=3, learning_rate=0.002)
OWN = TrainingProvenance(["utkface"], {"method": "holdout"}, "faces", False, 1265, "8", "random")
METADATA = ModelMetadata("compact", 80, 3, False, {"detector": "none", "size": 80}, 935_654, [OWN])
SETTINGS = EvaluatorSettings(
    age_mae_max=8,
    gender_accuracy_min=0.99,
    slices=["gender", "age_group", "race", "source"],
    pairs=True,
    gap_gates=[{"feature": "race", "age_mae_gap_max": 2}],
    age_checks=[{"legal_age": 18, "challenge_age": 25, "false_positive_rate_max": 0.05}],
)
CLEANED = {
    "archive_rows": 300,
    "skipped": {"picture_missing": 4},
    "records_in": 296,
    "dropped": {"no_face": 5, "duplicate_picture": 1},
    "records_out": 290,
    "by_split": {"train": 40, "val": 10, "test": RECORDS},
}
REPORT = {
    "sources": {"utkface": CLEANED},
    "total": CLEANED,
    "label_noise": {
        "identical": label_noise(
            [LabelPair(str(n), CopyLabels(30, "male"), CopyLabels(34, "male")) for n in range(20)]
        ),
        "near": label_noise([]),
    },
    "failures_to_process": {
        "gender": {"female": {"records": 150, "failed": 3}, "male": {"records": 145, "failed": 2}},
        "race": {"asian": {"records": 3, "failed": 0}},
    },
}
SPLITS = {
    split: SplitStatistics(100, 4, [AgeBucket(0, 10, 6), AgeBucket(10, 90, 90)], {"gender": {"female": 60, "male": 40}})
    for split in ("train", "val", "test")
}


def drawn_table(baseline: bool = True) -> PredictionTable:
    """Makes the predictions of a model with ages, their distribution and genders, and of one before it."""
    random = np.random.default_rng(5)
    ages = np.sort(random.uniform(1, 90, RECORDS)).astype(np.float32)
    # The last of the races has too few people.
    races = [RACES[-1] if number < 7 else RACES[number % (len(RACES) - 1)] for number in range(RECORDS)]
    truths = truths_of(ages.tolist(), races=races)
    quality = {name: random.uniform(1, 200, RECORDS).astype(np.float32) for name in ("face_size", "blur", "light")}
    truths = replace(truths, quality={**quality, "roll": random.normal(0, 9, RECORDS).astype(np.float32)})
    roles = [CANDIDATE, *([BASELINE] if baseline else [])]
    return PredictionTable(truths, {role: _outputs(ages, truths.gender, random) for role in roles})


def _outputs(ages: np.ndarray, genders: np.ndarray, random: np.random.Generator) -> ModelOutputs:
    predicted = np.clip(ages + random.normal(0, 6, len(ages)), 0, 100).astype(np.float32)
    distribution = np.exp(-(((np.arange(101) - predicted[:, None]) / 6) ** 2) / 2).astype(np.float32)
    male = np.clip((genders == "male") * 0.8 + random.uniform(-0.2, 0.4, len(ages)), 0.01, 0.99)
    return ModelOutputs(
        age=predicted,
        age_probabilities=distribution / distribution.sum(axis=1, keepdims=True),
        gender_probability=male.astype(np.float32),
    )


@cache
def drawn_evaluation() -> Evaluation:
    """Evaluates `drawn_table`."""
    return evaluate(drawn_table(), SETTINGS)


def card_of(evaluation: Evaluation, **changes: Any) -> dict[str, Any]:
    """Makes a whole card, as it is read from its file."""
    known: dict[str, Any] = {
        "made_at": "2026-11-28T12:00:00+00:00",
        "evaluation": evaluation,
        "metadata": METADATA,
        "blessed": evaluation.blessed,
        "infra_blessed": True,
        "cleaning_report": REPORT,
        "statistics": SPLITS,
        "recipe": RECIPE,
        "history": [
            PhaseHistory("train", [{"loss": 2 - n / 9, "val_loss": 3 - n / 9, "learning_rate": 1e-3} for n in range(5)])
        ],
        "size": ModelSize(3_000_000, 2_500_000),
        "latency": Latency(12.3, "2 CPU cores"),
        "lineage": Lineage(
            run="run-7", code="c0de", data={"train": "1111"}, model="2222", packages={"keras": "3.12.0"}
        ),
        "resources": [
            {
                "node": "FaceExampleGen",
                "cached": True,
                "seconds": 20.04,
                "cpu_seconds": 31.5,
                "memory_bytes": 300 * 2**20,
                "child_memory_bytes": 309 * 2**20,
                "output_bytes": 4_000_000,
            },
            {
                "node": "Trainer",
                "cached": False,
                "seconds": 1234.56,
                "cpu_seconds": 2345.67,
                "memory_bytes": 1374 * 2**20,
                "child_memory_bytes": None,
                "output_bytes": 3_000_000,
            },
        ],
        **changes,
    }
    return json.loads(json.dumps(make_card(**known), allow_nan=False))
