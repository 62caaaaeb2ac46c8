"""The rule that selects the model to compare a candidate with or to start a training from."""

from pathlib import Path

import ml_metadata as mlmd
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.dsl.io import fileio
from tfx.types import Artifact

from components.resolvers.lineage import inputs_of_producers
from visage.saved_model.pushing.holds import is_held
from visage.saved_model.versions import version_number

MODEL = "model"
PUSHED_MODEL = "pushed_model"
CANDIDATE = "candidate"


class BlessedModelStrategy(ResolverStrategy):
    """Selects the model of the served version; if nothing is served, the last pushed one; never the candidate itself.

    A model is pushed only if both the Evaluator and InfraValidator bless it. The candidate is left out because a run
    that repeats an earlier one takes its model from the cache: compared with itself, it would be evaluated and pushed
    again. A version that was rolled back does not count, and one that was removed only if no other is left: Pusher
    refuses a model that was not compared with the served one.
    """

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> dict[str, list[Artifact]]:
        """Resolves to one `model` with its `pushed_model`, or to neither; the `candidate` is returned unchanged.

        Args:
            store: ML Metadata, which records the model of each push.
            input_dict: every `model` and `pushed_model` of this pipeline so far, and this run's `candidate` if any.
        """
        candidates = {artifact.id for artifact in input_dict.get(CANDIDATE, [])}
        models = {artifact.id: artifact for artifact in input_dict[MODEL] if artifact.id not in candidates}
        for pushed in sorted(input_dict[PUSHED_MODEL], key=_precedence, reverse=True):
            if pushed.get_int_custom_property("pushed") != 1 or _is_rolled_back(pushed):
                continue
            for push in inputs_of_producers(store, [pushed.id]).values():
                for model_id in push.get(MODEL, []):
                    if model_id in models and fileio.exists(models[model_id].uri):
                        return {**input_dict, MODEL: [models[model_id]], PUSHED_MODEL: [pushed]}
        return {**input_dict, MODEL: [], PUSHED_MODEL: []}


def _precedence(pushed: Artifact) -> tuple[int, int]:
    """Returns the sort key of a push: the highest version in service last, as a server chooses it, then the newest."""
    destination = Path(pushed.get_string_custom_property("pushed_destination"))
    number = version_number(destination)
    return (number if number is not None and destination.is_dir() else -1, pushed.id)


def _is_rolled_back(pushed: Artifact) -> bool:
    destination = pushed.get_string_custom_property("pushed_destination")
    return bool(destination) and is_held(Path(destination))
