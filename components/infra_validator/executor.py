"""The executor of InfraValidator: blesses a model that can be served; records for any other why it cannot."""

from __future__ import annotations

from typing import Any

from absl import logging
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.artifact_aliases import plain_uris
from visage import progress
from visage.saved_model.validation.checks import check, this_machine
from visage.saved_model.validation.errors import UnservableError


class Executor(base_executor.BaseExecutor):
    """Executor of InfraValidator."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the blessing or its refusal; a model that cannot be served raises no exception.

        Args:
            input_dict: `model`, one Model artifact.
            output_dict: `blessing`, one InfraBlessing artifact. Sets its custom properties `blessed` (1 or 0), where
                that is 0 `reason`, and where it is 1 the `milliseconds` of one image and `measured_on`; writes
                INFRA_BLESSED or INFRA_NOT_BLESSED into its folder, as TFX does.
            exec_properties: none.
        """
        model = artifact_utils.get_single_instance(input_dict["model"])
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        progress.report("replay the warm-up requests", 0, 1)
        # TensorFlow finds the files of the variables by a glob pattern.
        with plain_uris(input_dict, output_dict):
            try:
                milliseconds = check(path_utils.serving_model_path(model.uri))
            except UnservableError as error:
                logging.warning("The model at %s cannot be served: %s", model.uri, error)
                blessing.set_string_custom_property("reason", str(error))
                _mark(blessing, blessed=False)
            else:
                if milliseconds is not None:
                    blessing.set_float_custom_property("milliseconds", milliseconds)
                    blessing.set_string_custom_property("measured_on", this_machine())
                _mark(blessing, blessed=True)
        progress.report("replay the warm-up requests", 1, 1)


def _mark(blessing: types.Artifact, blessed: bool) -> None:
    name = "INFRA_BLESSED" if blessed else "INFRA_NOT_BLESSED"
    fileio.makedirs(blessing.uri)
    with fileio.open(f"{blessing.uri}/{name}", "w") as file:
        file.write("")
    blessing.set_int_custom_property("blessed", int(blessed))
