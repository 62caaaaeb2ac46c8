"""Summarizes the result of a node."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from pipeline.output.cleaning_summary import cleaning_lines, time_line
from pipeline.results import NodeResult
from visage.data_validation.report import read_report
from visage.evaluation.evaluation import EVALUATION_FILE, read_evaluation
from visage.saved_model.metadata import HeadCalibration, read_metadata
from visage.saved_model.suspect_labels import read_suspect_labels, suspects_in_words
from visage.training.search.result import read_best_values, read_results

_MOST_TRIALS = 10


def describe(result: NodeResult) -> str:
    """Returns a summary of `result` for the screen: one or more lines, without a final line break."""
    describer = _DESCRIBERS.get(result.node)
    return describer(result) if describer else ""


def model_was_pushed(pusher: NodeResult) -> bool:
    """Returns whether this run's model is in the serving folder; False: the gate or InfraValidator rejected it."""
    return pusher.output("pushed_model").properties.get("pushed") == 1


def pushed_new_version(pusher: NodeResult) -> bool:
    """Returns whether this execution made the version: neither the cache nor an earlier run's push has it."""
    is_new = pusher.output("pushed_model").properties.get("newly_pushed") == 1
    return not pusher.cached and model_was_pushed(pusher) and is_new


def why_held(pusher: NodeResult) -> str:
    """Returns why a blessed model is held back; '' if it is not."""
    return str(pusher.output("pushed_model").properties.get("held", ""))


def _faces(result: NodeResult) -> str:
    report = json.loads((Path(result.output("cleaning_report").uri) / "cleaning_report.json").read_text())
    times = time_line(report["metrics"])
    return cleaning_lines(report) + (f"\n    an image: {times}" if times else "")


def _validation(result: NodeResult) -> str:
    report = read_report(Path(result.output("anomalies").uri))
    compared = f"compared for drift: {_names(report.drift)} · for skew: {_names(report.skew)}"
    if not report.anomalies:
        return f"no anomalies · {compared}"
    lines = [f"[yellow]anomalies accepted: {len(report.anomalies)}[/] · {compared}", *map(escape, report.anomalies)]
    return "\n    ".join(lines)


def _names(splits: Sequence[str]) -> str:
    return ", ".join(splits) or "none"


def _last_data(result: NodeResult) -> str:
    return "compared with the data that passed last" if result.outputs.get("statistics") else "nothing to compare with"


def _search(result: NodeResult) -> str:
    trials = read_results(result.output("tuner_results").uri)
    rows = [f"{trial.val_loss:.4f}  {_values(trial.values)}" for trial in trials[:_MOST_TRIALS]]
    more = [f"and {len(trials) - len(rows)} more"] if len(trials) > len(rows) else []
    best = f"{_values(read_best_values(result.output('best_hyperparameters').uri))}"
    return "\n    ".join([f"best: {best}", "validation loss of each trial:", *rows, *more])


def _values(values: Mapping[str, Any]) -> str:
    shown = (f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in values.items())
    return escape(", ".join(shown))


def _training(result: NodeResult) -> str:
    model = Path(result.output("model").uri) / "Format-Serving"
    about, suspects = read_metadata(model), read_suspect_labels(model)
    fits = {} if about.calibration is None else {"age": about.calibration.age, "gender": about.calibration.gender}
    temperatures = [f"{head}: {_temperature(fit)}" for head, fit in fits.items() if fit is not None]
    labels = [] if suspects is None else [f"labels: {suspects_in_words(suspects)}"]
    return "\n    ".join([f"{escape(str(about.network))}, {about.parameters:,} parameters", *labels, *temperatures])


def _temperature(fit: HeadCalibration) -> str:
    """Returns a fit, or why there is none, e.g. 'temperature 1.42, NLL 3.9120 to 3.8450 on 190 val records'."""
    if fit.not_fitted is not None or fit.nll_before is None or fit.nll_after is None:
        return escape(f"temperature {fit.temperature:g}, not fitted: {fit.not_fitted}")
    nll = f"NLL {fit.nll_before:.4f} to {fit.nll_after:.4f}"
    return f"temperature {fit.temperature:g}, {nll} on {fit.records:,} val records"


def _start(result: NodeResult) -> str:
    return "the blessed model" if result.outputs.get("model") else "no model has been pushed yet"


def _baseline(result: NodeResult) -> str:
    found = result.outputs.get("model")
    return "compared with the blessed model" if found else "no other blessed model to compare with"


def _blessing(result: NodeResult) -> str:
    return "blessed" if result.output("blessing").properties.get("blessed") == 1 else "[red]not blessed[/]"


def _gates(result: NodeResult) -> str:
    evaluation = read_evaluation(Path(result.output("evaluation").uri) / EVALUATION_FILE)
    if evaluation.blessed or evaluation.waiver is None:
        return _blessing(result)
    if evaluation.waived:
        return f"[yellow]waived[/] by {escape(evaluation.waiver.by)}"
    return f"{_blessing(result)}: {escape(evaluation.waiver.shortfall(evaluation.gates))}"


def _push(result: NodeResult) -> str:
    pushed = result.output("pushed_model").properties
    if held := why_held(result):
        return f"[yellow]not pushed[/]: {escape(held)}{_copied(pushed)}"
    if not model_was_pushed(result):
        return f"[red]not pushed[/]{_copied(pushed)}"
    return f"version {pushed['pushed_version']}{_copied(pushed)}"


def _copied(pushed: Mapping[str, Any]) -> str:
    """Returns what became of the copy in a bucket; '' if none is configured."""
    if failure := pushed.get("copy_failed"):
        return f"; [yellow]not copied[/]: {escape(str(failure))}"
    return f"; copied to {escape(str(pushed['copied_to']))}" if "copied_to" in pushed else ""


def _card(result: NodeResult) -> str:
    return escape(str(Path(result.output("model_card").uri) / "model_card.html"))


_DESCRIBERS = {
    "FaceExampleGen": _faces,
    "ValidatedStatisticsResolver": _last_data,
    "ExampleValidator": _validation,
    "WarmStartModelResolver": _start,
    "Tuner": _search,
    "Trainer": _training,
    "BlessedModelResolver": _baseline,
    "Evaluator": _gates,
    "InfraValidator": _blessing,
    "Pusher": _push,
    "ModelCard": _card,
}
