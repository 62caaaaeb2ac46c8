"""The schema accepts a configuration's own sources, and no others."""

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from pipeline.pipeline import SCHEMA
from visage.data.age_labels import AgeInterval
from visage.data.records import FaceRecord, to_example
from visage.data_validation.source_domain import with_sources

TEXT = SCHEMA.read_text(encoding="utf-8")


def parsed(text: str) -> schema_pb2.Schema:
    return text_format.Parse(text, schema_pb2.Schema())


def test_the_names_of_labelled_folders_are_sources() -> None:
    extended = parsed(with_sources(TEXT, ["team", "crew"]))
    (domain,) = (domain for domain in extended.string_domain if domain.name == "source")
    assert list(domain.value) == ["utkface", "adience", "imdb", "wiki", "team", "crew"]
    extended.string_domain.remove(domain)
    assert extended == parsed(TEXT)


def test_statistics_of_a_labelled_folder_are_no_anomaly_where_it_is_configured() -> None:
    record = FaceRecord(
        b"jpeg", "key", AgeInterval.exact(30.0), "male", "labelled_folder/team/ada", "team", image_digest="0" * 32
    )
    batch = ExamplesToRecordBatchDecoder().DecodeBatch([to_example(record)])
    statistics = stats_impl.generate_statistics_in_memory(batch)

    def anomalies(text: str) -> list[str]:
        return list(tfdv.validate_statistics(statistics, parsed(text)).anomaly_info)

    assert anomalies(with_sources(TEXT, [])) == ["source"]
    assert anomalies(with_sources(TEXT, ["crew"])) == ["source"]
    assert anomalies(with_sources(TEXT, ["team"])) == []
