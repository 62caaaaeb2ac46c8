"""Reads the served version, what is held and what a bucket lacks before the cache lookup; all may have changed."""

import json
from pathlib import Path

from tfx.dsl.components.base import base_driver
from tfx.orchestration.metadata import Metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto import pusher_pb2
from tfx.proto.orchestration.driver_output_pb2 import DriverOutput
from tfx.types import standard_component_specs
from tfx.utils import proto_utils

from visage.saved_model.pushing.bucket_copy import copies_are_due
from visage.saved_model.pushing.holds import hold_state
from visage.saved_model.pushing.push import last_number, version_pushed_by
from visage.saved_model.versions import newest_version


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Adds execution properties, and so keys of the cache, that say when an earlier push may not be reused.

    - `served_version`: a push is cached only while its version is served.
    - `last_version`, if anything was pushed: a push that made a version is not cached, for it raised this number. Where
      the version was removed since, the one before it is served again, as before that push.
    - `held`, if something is: a push that was held is cached only until it is released.
    - `copies_due`, while the bucket of `serving.copy_to` lacks a version: nothing is cached.
    - `goes_on`, in a run that pushed before its process was killed: it reports its own version, which need not be the
      served one any more, so no other run may reuse that.
    """

    def __init__(self, metadata: Metadata) -> None:
        base_driver.BaseDriver.__init__(self, metadata)
        portable_base_driver.BaseDriver.__init__(self, metadata)

    def run(self, execution_info: ExecutionInfo) -> DriverOutput:
        """Returns the properties; the launcher calls this on the machine where the node runs.

        Raises:
            VisageError: the record of what is held is damaged.
        """
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(
            execution_info.exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination
        )
        base_directory = Path(destination.filesystem.base_directory)
        version = newest_version(base_directory)
        output = DriverOutput()
        # If nothing is served, no earlier push is valid, so the value must differ from that of every earlier push.
        served = str(version.number) if version else f"nothing, for {execution_info.pipeline_run_id}"
        output.exec_properties["served_version"].string_value = served
        if (last := last_number(base_directory)) is not None:
            output.exec_properties["last_version"].string_value = str(last)
        if version_pushed_by(base_directory, execution_info.pipeline_run_id):
            output.exec_properties["goes_on"].string_value = execution_info.pipeline_run_id
        if held := hold_state(base_directory):
            output.exec_properties["held"].string_value = held
        custom_config = json.loads(execution_info.exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY])
        if (url := custom_config.get("copy_to")) and copies_are_due(base_directory, url):
            output.exec_properties["copies_due"].string_value = execution_info.pipeline_run_id
        return output
