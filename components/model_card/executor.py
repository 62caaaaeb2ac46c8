"""The executor of the ModelCard: collects the figures and writes the page and the JSON."""

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tfx.components.util import model_utils
from tfx.dsl.components.base import base_executor
from tfx.types import Artifact, artifact_utils
from tfx.utils import path_utils

from components.model_card.card import make_card
from components.model_card.statistics import read_statistics
from visage.evaluation.evaluation import EVALUATION_FILE, read_evaluation
from visage.files import write_atomically
from visage.model_card.render import render
from visage.saved_model.metadata import read_metadata
from visage.training.overrides import with_values
from visage.training.search.result import read_best_values
from visage.training.settings import TrainerSettings

PAGE = "model_card.html"
FIGURES = "model_card.json"


class Executor(base_executor.BaseExecutor):
    """Writes a card for every model, blessed or not."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Reads every input artifact and writes the two files of the output `model_card`."""
        self._log_startup(input_dict, output_dict, exec_properties)
        given = {name: artifact_utils.get_single_instance(artifacts) for name, artifacts in input_dict.items()}
        statistics = given["statistics"]
        best_values = read_best_values(given["best_values"].uri) if "best_values" in given else {}
        card = make_card(
            made_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            cleaning_report=_read_json(Path(given["cleaning_report"].uri) / "cleaning_report.json"),
            statistics=read_statistics(statistics.uri, artifact_utils.decode_split_names(statistics.split_names)),
            metadata=read_metadata(Path(path_utils.serving_model_path(given["model"].uri))),
            recipe=with_values(TrainerSettings.model_validate_json(exec_properties["settings"]), best_values),
            searched=best_values,
            evaluation=read_evaluation(Path(given["evaluation"].uri) / EVALUATION_FILE),
            blessed=model_utils.is_model_blessed(given["blessing"]),
            infra_blessed=model_utils.is_infra_validated(given["infra_blessing"]),
        )
        folder = Path(artifact_utils.get_single_uri(output_dict["model_card"]))
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / FIGURES, json.dumps(card, indent=2, allow_nan=False) + "\n")
        write_atomically(folder / PAGE, render(card))


def _read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))
