"""The executor of the Pusher: TFX's, except that the files appear at once."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfx.components.evaluator.constants import ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY
from tfx.components.pusher import executor
from tfx.proto import pusher_pb2
from tfx.types import Artifact, artifact_utils, standard_component_specs
from tfx.utils import io_utils, path_utils, proto_utils

from visage.errors import VisageError
from visage.evaluation.metrics import limited_metrics
from visage.saved_model.pushing.bucket_copy import update_bucket
from visage.saved_model.pushing.holds import PushHeldError, model_digest
from visage.saved_model.pushing.push import push, was_pushed_by
from visage.saved_model.pushing.signing import SigningKeys


class Executor(executor.Executor):
    """Pushes a blessed model so that a server never sees an incomplete version."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Pushes the model if it is blessed; then copies what a bucket lacks, if one is configured.

        Sets the artifact's properties `pushed`, `pushed_destination`, `pushed_version` and `newly_pushed` (0: another
        run pushed this version); or `held`, the reason why a blessed model is not pushed.
        With a bucket also `copied_to`, the newest version's address there, or `copy_failed`, the reason why it is not
        there: a push is valid without its copy, and the next run copies it.

        Beside the versions stands which run pushed each, so that an execution that goes on after its process was killed
        pushes nothing again, and knows that the version is its own.

        Raises:
            VisageError: the destination cannot be written, the disk is full, or the model cannot be signed; or the
                model must be compared with the served one and was not, because another run pushed that one meanwhile, a
                person rolled back or released versions, or the record of its origin is lost.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed_model = artifact_utils.get_single_instance(output_dict[standard_component_specs.PUSHED_MODEL_KEY])
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination)
        base_directory = Path(destination.filesystem.base_directory)
        custom_config = json.loads(exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY])
        if self.CheckBlessing(input_dict):
            self._push(input_dict, pushed_model, base_directory, custom_config)
        else:
            self._MarkNotPushed(pushed_model)
        url = custom_config.get("copy_to")
        if url and base_directory.is_dir():
            _copy(base_directory, url, pushed_model)

    def _push(
        self,
        input_dict: dict[str, list[Artifact]],
        pushed_model: Artifact,
        base_directory: Path,
        custom_config: dict[str, Any],
    ) -> None:
        model, copy, run_id = Path(self.GetModelPath(input_dict)), Path(pushed_model.uri), self._context.pipeline_run_id
        # Before the push, because the disk may be full.
        io_utils.copy_dir(str(model), str(copy))
        try:
            version = push(
                model,
                base_directory,
                _keys(custom_config.get("signing")),
                run_id=run_id,
                check_replaceable=_comparison_check(input_dict, model, custom_config["compare"]),
            )
        except PushHeldError as held:
            shutil.rmtree(copy)
            copy.mkdir()
            self._MarkNotPushed(pushed_model)
            pushed_model.set_string_custom_property("held", str(held))
            return
        pushed_model.set_int_custom_property("newly_pushed", int(was_pushed_by(version, run_id)))
        self._MarkPushed(pushed_model, pushed_destination=str(version), pushed_version=version.name)


def _copy(base_directory: Path, url: str, pushed_model: Artifact) -> None:
    try:
        copied = update_bucket(base_directory, url)
    except VisageError as error:
        logging.warning("%s", error)
        pushed_model.set_string_custom_property("copy_failed", str(error))
    else:
        if copied is not None:
            pushed_model.set_string_custom_property("copied_to", copied)


def _keys(signing: dict[str, str] | None) -> SigningKeys | None:
    return SigningKeys(Path(signing["private_key"]), Path(signing["public_key"])) if signing else None


def _comparison_check(input_dict: dict[str, list[Artifact]], model: Path, compare: bool) -> Callable[[Path], None]:
    """Returns a function that raises an error unless the blessing is of a comparison with the served version."""

    def check(served: Path) -> None:
        if not compare:
            return
        blessing = artifact_utils.get_single_instance(input_dict[standard_component_specs.MODEL_BLESSING_KEY])
        baseline = blessing.get_string_custom_property(ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY)
        # The baseline is the model that was pushed, the version a copy of it; a model needs no comparison with itself.
        compared = [model, *([Path(path_utils.serving_model_path(baseline))] if baseline else [])]
        if model_digest(served) not in map(model_digest, compared):
            raise VisageError(_not_compared(served))

    return check


def _not_compared(served: Path) -> str:
    limits = (spec.change_limit_name for spec, limits in limited_metrics() if limits.change is not None)
    skip = " ".join(f"--set evaluator.{limit}=null" for limit in limits)
    return (
        f"version {served.name} in {served.parent}: is served now, and the new model was not compared with it, so it "
        "is not pushed; start a new run, which compares the two; if that ends like this, too, the version's record "
        f"in ML Metadata is lost: remove the version, or skip the comparison once with {skip}"
    )
