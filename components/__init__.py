"""The pipeline's components, one folder each; `faces` is a library that knows none of them."""

from typing import Any


def __getattr__(name: str) -> Any:
    # TFX imports an artifact type by its TYPE_NAME; lazily, so that `visage.faces` does not bring TFX with it.
    if name in ("CleaningReport", "ModelCard"):
        from components import artifacts

        return getattr(artifacts, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
