"""Recognizes, without TensorFlow, models that VisAge exported before its exports could be served."""

from pathlib import Path

from visage.saved_model.versions import SAVED_MODEL

# Those exports track the Keras network as the module's attribute `_network`, so that each variable is saved twice, and
# the loader restores the copies that the signatures do not read. This is the attribute's entry in the object graph of
# saved_model.pb: ObjectReference.local_name, field 2, 8 bytes long.
_TRACKED_NETWORK = b"\x12\x08_network"


def is_older_export(saved_model: Path) -> bool:
    """Returns whether TensorFlow Serving cannot load a SavedModel of VisAge because an earlier version exported it.

    Args:
        saved_model: its folder; False for a folder without a model.
    """
    try:
        return _TRACKED_NETWORK in (saved_model / SAVED_MODEL).read_bytes()
    except OSError:
        return False
