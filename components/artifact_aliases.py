"""Aliases that let TFX's own executors work in folders whose names look like glob patterns."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tfx.types import Artifact

from visage.folder_alias import folder_alias

_Artifacts = dict[str, list[Artifact]]


class UnderAliases:
    """Mixin of an executor class, placed before TFX's own: `Do` gets artifact URIs without glob characters."""

    def Do(  # noqa: N802 (TFX's name)
        self, input_dict: _Artifacts, output_dict: _Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Calls TFX's executor with plain URIs, as `BaseExecutor.Do` describes it."""
        with plain_uris(input_dict, output_dict):
            super().Do(input_dict, output_dict, exec_properties)  # type: ignore[misc]


@contextmanager
def plain_uris(*groups: _Artifacts) -> Iterator[None]:
    """Gives artifacts URIs without glob characters inside the `with` block and restores their own URIs afterwards.

    Args:
        *groups: artifacts by channel. A custom property that contains an alias contains the artifact's own URI
            afterwards.
    """
    artifacts = [artifact for group in groups for channel in group.values() for artifact in channel]
    own = [artifact.uri for artifact in artifacts]
    with ExitStack() as stack:
        aliases = {uri: stack.enter_context(folder_alias(uri)) for uri in dict.fromkeys(own)}
        for artifact in artifacts:
            artifact.uri = aliases[artifact.uri]
        try:
            yield
        finally:
            uris = {alias: uri for uri, alias in aliases.items()}
            for artifact, uri in zip(artifacts, own, strict=True):
                artifact.uri = uri
                for value in artifact.mlmd_artifact.custom_properties.values():
                    for alias, named in uris.items():
                        # Only text values: an assignment would turn numbers into text.
                        if alias in value.string_value:
                            value.string_value = value.string_value.replace(alias, named)
