"""TFX's Pusher with an executor that publishes a version atomically."""

from tfx.components.pusher import component
from tfx.dsl.components.base import executor_spec

from components.pusher.driver import Driver
from components.pusher.executor import Executor


class Pusher(component.Pusher):
    """Pushes a blessed model to a numbered version under `push_destination.filesystem.base_directory`.

    Its `custom_config` has "compare": whether to refuse a model that was not compared with the served one; and, if the
    version is to be signed, "signing": {"private_key": PATH, "public_key": PATH}; and, if versions are to be copied to
    a bucket, "copy_to": URL.
    """

    DRIVER_CLASS = Driver
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
