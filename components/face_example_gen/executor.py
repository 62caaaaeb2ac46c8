"""The executor of FaceExampleGen: prepares the archives, runs Beam, and reads back its output."""

import json
from pathlib import Path
from typing import Any

from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto import example_gen_pb2
from tfx.types import Artifact, artifact_utils

from components.face_example_gen.prepare import prepare_sources
from components.face_example_gen.reconcile import clean_and_report, write_report
from components.face_example_gen.settings import FaceExampleGenSettings
from visage.data.accounting import check_nothing_empty
from visage.data.protocols import SPLITS


class Executor(BaseExecutor):
    """Publishes nothing unless every record that was read is accounted for in the output."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the splits and `cleaning_report.json`.

        Raises:
            VisageError: an archive is missing or broken, nothing is left after cleaning, or records are lost.
        """
        settings = FaceExampleGenSettings.model_validate_json(exec_properties["settings"])
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        report_dir = artifact_utils.get_single_instance(output_dict["cleaning_report"]).uri
        sources = prepare_sources(settings, json.loads(exec_properties["archive_digests"]))

        report = clean_and_report(sources, settings, examples.uri, report_dir, self._job())

        check_nothing_empty(report, settings.split)
        write_report(report, Path(report_dir))
        examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
        examples_utils.set_payload_format(examples, example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(examples, "tfrecords_gzip")

    def _job(self) -> tuple[str, str]:
        """Returns the names of the pipeline and of its run; a launcher sets both."""
        context = self._context
        pipeline = context.pipeline_info.id if context and context.pipeline_info else "faces"
        return pipeline, (context.pipeline_run_id if context else None) or "run"
