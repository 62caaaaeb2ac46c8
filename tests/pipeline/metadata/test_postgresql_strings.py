"""What is written for PostgreSQL has no backslash and no long property, and is read as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ml_metadata.proto import metadata_store_pb2 as mlmd
from ml_metadata.proto import metadata_store_service_pb2 as service

from pipeline.metadata.postgresql_strings import decode, encoded

# Many of the characters that have a meaning.
TEXTS = st.lists(st.sampled_from(["\\", "\ue000", "\ue001", "b", "e", "é", "x" * 500, "𐀀" * 300]), max_size=12).map(
    "".join
)


def request(text: str) -> service.PutExecutionRequest:
    put = service.PutExecutionRequest()
    put.execution.properties["settings"].string_value = text
    put.execution.custom_properties["settings"].string_value = text
    put.execution.custom_properties["a 1 b"].string_value = text
    put.execution.custom_properties["number"].int_value = 3
    pair = put.artifact_event_pairs.add()
    pair.artifact.uri = text[:100]
    pair.artifact.custom_properties["struct"].struct_value["list"] = [text, {"text": text}]
    put.contexts.add(name=text[:100]).properties["text"].string_value = text
    return put


@given(TEXTS)
def test_a_message_is_read_as_it_was_written(text: str) -> None:
    given_request, before = request(text), request(text)
    stored = encoded(given_request)
    assert given_request == before
    values = [*stored.execution.properties.values(), *stored.execution.custom_properties.values()]
    texts = [value.string_value for value in values]
    assert all(len(text.encode()) <= 2_400 for text in texts)
    assert not any(
        "\\" in text for text in [*texts, stored.artifact_event_pairs[0].artifact.uri, stored.contexts[0].name]
    )
    read = type(stored).FromString(stored.SerializeToString())
    decode(read)
    assert read == before


def test_short_messages_without_a_backslash_are_not_copied() -> None:
    put = request("plain")
    assert encoded(put) is put


@pytest.mark.parametrize("length", [599, 600, 601, 1200, 1201])
def test_a_value_is_split_at_six_hundred_characters(length: int) -> None:
    put = service.PutExecutionsRequest(executions=[mlmd.Execution()])
    put.executions[0].custom_properties["text"].string_value = "x" * length
    assert len(encoded(put).executions[0].custom_properties) == -(-length // 600)


def test_types_have_properties_of_another_kind_and_are_left() -> None:
    kind = mlmd.ExecutionType(name="\\" * 700, properties={"text": mlmd.STRING})
    put = service.PutExecutionTypeRequest(execution_type=kind)
    read = type(put).FromString(encoded(put).SerializeToString())
    decode(read)
    assert read == put
