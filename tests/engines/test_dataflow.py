"""Dataflow's job graph, built and validated by Beam as for a submission; no project is contacted."""

from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2 as protos

from components.face_example_gen.beam.transforms import build
from components.face_example_gen.engines.options import engine_options
from components.face_example_gen.settings import BeamSettings
from tests.engines.test_conformance import settings_for
from visage.data.prepared_dataset import PreparedDataset

BUCKET = "gs://some-bucket/visage"
OPTIONS = ["--project=some-project", "--region=europe-west1", f"--temp_location={BUCKET}/tmp", "--dry_run=True"]


def job_graph(folder: Path, *options: str) -> protos.Pipeline:
    """Returns the job that would be submitted."""
    pytest.importorskip("apache_beam.runners.dataflow.internal.apiclient", reason="no apache-beam[gcp] here")
    settings = BeamSettings(engine="dataflow", options=[*OPTIONS, *options], shared_dir=BUCKET)
    pipeline = beam.Pipeline(options=engine_options(settings, str(folder), "visage-faces-run-1"))
    source = PreparedDataset("utkface", (f"{BUCKET}/prepared/utkface",), 1000, 1000, {})
    build(pipeline, [source], settings_for(settings), f"{BUCKET}/e", f"{BUCKET}/d", f"{BUCKET}/e/.candidates", None)
    return pipeline.run().job.proto_pipeline


def docker(graph: protos.Pipeline) -> tuple[str, set[str]]:
    """Returns the workers' container image and the names of the files that are sent to them."""
    (environment,) = graph.components.environments.values()
    assert environment.urn == common_urns.environments.DOCKER.urn
    names = {
        protos.ArtifactStagingToRolePayload.FromString(dependency.role_payload).staged_name
        for dependency in environment.dependencies
    }
    return protos.DockerPayload.FromString(environment.payload).container_image, names


def test_the_whole_job_is_one_graph_that_dataflow_takes(tmp_path: Path) -> None:
    graph = job_graph(tmp_path)
    steps = {transform.unique_name for transform in graph.components.transforms.values()}
    assert steps >= {"files", "find chunks", "spread evenly", "clean and align", "same images", "write"}
    assert all(c.is_bounded for c in graph.components.pcollections.values())


def test_the_package_is_sent_to_beams_own_image(tmp_path: Path) -> None:
    image, files = docker(job_graph(tmp_path))
    assert beam.__version__ in image
    assert "visage_worker-0.1.0-py3-none-any.whl" in files


def test_a_custom_container_image_needs_no_package(tmp_path: Path) -> None:
    image, files = docker(job_graph(tmp_path, "--sdk_container_image=REGISTRY/visage:1"))
    assert image == "REGISTRY/visage:1"
    assert not any(name.endswith((".whl", ".tar.gz")) for name in files)
