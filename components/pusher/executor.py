"""The work of the Pusher: TFX's, but for how the files get there."""

from pathlib import Path
from typing import Any

from tfx.components.pusher import executor
from tfx.proto import pusher_pb2
from tfx.types import Artifact, artifact_utils, standard_component_specs
from tfx.utils import io_utils, proto_utils

from components.pusher.push import newest_version, push


class Executor(executor.Executor):
    """Pushes a blessed model so that a server never sees half of it."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Pushes the model if it is blessed; marks the artifact with `pushed`, `pushed_destination`, `pushed_version`,
        `newly_pushed` (0: the newest version was this very model already).

        Raises:
            VisageError: the destination cannot be written, or the disk is full.
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

        io_utils.copy_dir(model_path, pushed_model.uri)
        version = push(Path(model_path), base_directory)
        pushed_model.set_int_custom_property("newly_pushed", int(int(version.name) > before))
        self._MarkPushed(pushed_model, pushed_destination=str(version), pushed_version=version.name)
