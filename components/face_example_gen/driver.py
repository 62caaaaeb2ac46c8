"""Computes the digests of the archives before the cache lookup, so that new data misses the cache."""

import json
from typing import Any

from tfx.dsl.components.base import base_driver
from tfx.orchestration.metadata import Metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration.driver_output_pb2 import DriverOutput

from components.face_example_gen.prepare import archive_digests
from components.face_example_gen.settings import FaceExampleGenSettings


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Adds the execution property `archive_digests`, which makes the cache miss when the archives change."""

    def __init__(self, metadata: Metadata) -> None:
        base_driver.BaseDriver.__init__(self, metadata)
        portable_base_driver.BaseDriver.__init__(self, metadata)

    def run(self, execution_info: ExecutionInfo) -> DriverOutput:
        """Returns the property; the launcher calls this on the machine where the node runs."""
        properties: dict[str, Any] = execution_info.exec_properties
        settings = FaceExampleGenSettings.model_validate_json(properties["settings"])
        output = DriverOutput()
        output.exec_properties["archive_digests"].string_value = json.dumps(archive_digests(settings))
        return output
