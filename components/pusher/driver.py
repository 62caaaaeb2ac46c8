"""Reads the served version before the cache lookup: it may have been replaced by a later push, or removed."""

from pathlib import Path

from tfx.dsl.components.base import base_driver
from tfx.orchestration.metadata import Metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto import pusher_pb2
from tfx.proto.orchestration.driver_output_pb2 import DriverOutput
from tfx.types import standard_component_specs
from tfx.utils import proto_utils

from visage.saved_model.versions import newest_version


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Adds the execution property `served_version`, so that a push is cached only while its version is served."""

    def __init__(self, metadata: Metadata) -> None:
        base_driver.BaseDriver.__init__(self, metadata)
        portable_base_driver.BaseDriver.__init__(self, metadata)

    def run(self, execution_info: ExecutionInfo) -> DriverOutput:
        """Returns the property; the launcher calls this on the machine where the node runs."""
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(
            execution_info.exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination
        )
        version = newest_version(Path(destination.filesystem.base_directory))
        output = DriverOutput()
        # If nothing is served, no earlier push is valid, so the value must differ from that of every earlier push.
        served = str(version.number) if version else f"nothing, for {execution_info.pipeline_run_id}"
        output.exec_properties["served_version"].string_value = served
        return output
