"""The statistics and distances of `visage.monitoring` are those of TensorFlow Data Validation itself."""

from pathlib import Path

import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList as Statistics

from tests.visage.monitoring.drawn_counts import drawn_counts
from visage.monitoring.counts import Counts
from visage.monitoring.distance import distance
from visage.monitoring.features import FEATURES, JENSEN_SHANNON
from visage.monitoring.files import write_counts
from visage.monitoring.messages import to_message

SERVED = drawn_counts(400, older=7, men=0.7, refused=25)
BASELINE = drawn_counts(1000, seed=9)
COMPARED = [name for name in FEATURES if SERVED.of(name).count and BASELINE.of(name).count]


def alone(counts: Counts, name: str) -> Statistics:
    """The data set of a feature, which TFDV takes for all examples."""
    message = to_message(counts)
    wanted = "requests" if FEATURES[name].is_per_request else "faces"
    found = Statistics(datasets=[dataset for dataset in message.datasets if dataset.name == wanted])
    found.datasets[0].name = "All Examples"
    return found


def measured_by_tfdv(name: str) -> float:
    schema = schema_pb2.Schema()
    feature = schema.feature.add(name=name)
    feature.type = schema_pb2.FLOAT if FEATURES[name].is_number else schema_pb2.BYTES
    if FEATURES[name].measure == JENSEN_SHANNON:
        feature.drift_comparator.jensen_shannon_divergence.threshold = 1e-9
    else:
        feature.drift_comparator.infinity_norm.threshold = 1e-9
    anomalies = tfdv.validate_statistics(alone(SERVED, name), schema, previous_statistics=alone(BASELINE, name))
    (info,) = anomalies.drift_skew_info
    (measurement,) = info.drift_measurements
    return measurement.value


def test_every_feature_that_requests_have_is_compared() -> None:
    assert {"age", "age_group", "age_span", "gender", "blur", "outcome"} <= set(COMPARED)


@pytest.mark.parametrize("name", COMPARED)
def test_the_distance_is_that_of_tfdv(name: str) -> None:
    assert distance(SERVED.of(name), BASELINE.of(name)) == pytest.approx(measured_by_tfdv(name), abs=1e-9)


def test_tfdv_reads_the_files(tmp_path: Path) -> None:
    write_counts(tmp_path / "requests.tfrecord", SERVED)
    read = tfdv.load_statistics(str(tmp_path / "requests.tfrecord"))
    assert read == to_message(SERVED)
    assert tfdv.get_slice_stats(read, "faces").datasets[0].num_examples == 400
    assert tfdv.get_slice_stats(read, "requests").datasets[0].num_examples == 425


def test_tfdv_infers_the_schema_of_the_files() -> None:
    schema = tfdv.infer_schema(alone(SERVED, "age"), infer_feature_shape=False)
    assert {feature.name for feature in schema.feature} == {
        name for name in COMPARED if not FEATURES[name].is_per_request
    }
