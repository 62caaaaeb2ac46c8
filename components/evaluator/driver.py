"""Reads the candidate's waivers before the cache lookup: one may have been given, or have ended, since the last run."""

from datetime import datetime, timezone
from pathlib import Path

from pydantic import TypeAdapter
from tfx.dsl.components.base import base_driver
from tfx.orchestration.metadata import Metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration.driver_output_pb2 import DriverOutput
from tfx.types import artifact_utils

from visage.evaluation.waivers import Waiver, read_waivers, valid_waivers

WAIVERS = TypeAdapter(list[Waiver])


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Adds the execution property `valid_waivers`: those of the candidate as JSON, the oldest first."""

    def __init__(self, metadata: Metadata) -> None:
        base_driver.BaseDriver.__init__(self, metadata)
        portable_base_driver.BaseDriver.__init__(self, metadata)

    def run(self, execution_info: ExecutionInfo) -> DriverOutput:
        """Returns the property; the launcher calls this on the machine where the node runs."""
        file = execution_info.exec_properties["waivers"]
        model = artifact_utils.get_single_uri(execution_info.input_dict["model"])
        today = datetime.now(timezone.utc).date()
        found = valid_waivers(read_waivers(Path(file)), model, today) if file else []
        output = DriverOutput()
        output.exec_properties["valid_waivers"].string_value = WAIVERS.dump_json(found).decode()
        return output
