"""The executor of the Pusher: TFX's, except that the files appear at once."""

import json
from pathlib import Path
from typing import Any

from tfx.components.evaluator.constants import ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY
from tfx.components.pusher import executor
from tfx.proto import pusher_pb2
from tfx.types import Artifact, artifact_utils, standard_component_specs
from tfx.utils import io_utils, proto_utils

from visage.errors import VisageError
from visage.evaluation.metrics import limited_metrics
from visage.files import write_atomically
from visage.saved_model.pushing.holds import PushHeldError, check_not_held
from visage.saved_model.pushing.push import push, same_files
from visage.saved_model.pushing.signing import SigningKeys
from visage.saved_model.versions import VersionFolder, newest_version

# In the artifact, beside the copy of the model.
_SERVED_BEFORE = ".served_before"


class Executor(executor.Executor):
    """Pushes a blessed model so that a server never sees an incomplete version."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Pushes the model if it is blessed.

        Sets the artifact's properties `pushed`, `pushed_destination`, `pushed_version` and `newly_pushed` (0: the
        newest version was this model before this execution); or `held`, the reason why a blessed model is not pushed.
        A process that was killed after its push leaves a note of what was served before, so that the execution that
        goes on pushes nothing again, and knows that the version is its own.

        Raises:
            VisageError: the destination cannot be written, the disk is full, or the model cannot be signed; or the
                model must be compared with the served one and was not, because the record of the served one's origin is
                lost.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed_model = artifact_utils.get_single_instance(output_dict[standard_component_specs.PUSHED_MODEL_KEY])
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed_model)
            return
        model_path = self.GetModelPath(input_dict)
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination)

        base_directory = Path(destination.filesystem.base_directory)
        before = newest_version(base_directory)
        custom_config = json.loads(exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY])
        if before and custom_config["compare"]:
            blessing = artifact_utils.get_single_instance(input_dict[standard_component_specs.MODEL_BLESSING_KEY])
            _check_compared(blessing, Path(model_path), before.path)

        served_already = before is not None and same_files(Path(model_path), before.path)
        try:
            if not served_already:
                check_not_held(Path(model_path), base_directory)
            served_before = _note_served(before, Path(model_path), Path(pushed_model.uri))
            version = push(Path(model_path), base_directory, _keys(custom_config.get("signing")))
        except PushHeldError as held:
            self._MarkNotPushed(pushed_model)
            pushed_model.set_string_custom_property("held", str(held))
            return
        is_new = version.name != served_before
        pushed_model.set_int_custom_property("newly_pushed", int(is_new))
        self._MarkPushed(pushed_model, pushed_destination=str(version), pushed_version=version.name)


def _note_served(before: VersionFolder | None, model: Path, copy: Path) -> str:
    """Copies the model to the artifact, and notes there which version is served before the push.

    Returns:
        The version's name, '' if none is served; of an execution that goes on, as it was at its first attempt.
    """
    note = copy / _SERVED_BEFORE
    # The copy is complete where the note is.
    if not note.exists():
        io_utils.copy_dir(str(model), str(copy))
        write_atomically(note, before.path.name if before else "")
    return note.read_text(encoding="utf-8")


def _keys(signing: dict[str, str] | None) -> SigningKeys | None:
    return SigningKeys(Path(signing["private_key"]), Path(signing["public_key"])) if signing else None


def _check_compared(blessing: Artifact, model: Path, served: Path) -> None:
    if blessing.has_custom_property(ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY) or same_files(model, served):
        return
    limits = (spec.change_limit_name for spec, limits in limited_metrics() if limits.change is not None)
    skip = " ".join(f"--set evaluator.{limit}=null" for limit in limits)
    raise VisageError(
        f"version {served.name} in {served.parent}: its record in ML Metadata is lost, so the new model was not "
        f"compared with it and is not pushed; remove the served versions, or skip the comparison once with {skip}"
    )
