"""TFX nodes of the pipeline, one folder each; most of their work is done by the library `visage`."""

from typing import Any


def __getattr__(name: str) -> Any:
    # ML Metadata imports an artifact type by its TYPE_NAME. Imported lazily, so that `components` does not import TFX.
    if name in ("CleaningReport", "ModelCard"):
        from components import artifacts

        return getattr(artifacts, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
