"""gRPC answers as tensorflow_model_server's, but for the listed differences."""

from typing import Any

import pytest

from tests.serving.conformance import exceptions
from tests.serving.conformance.contains import missing
from tests.serving.conformance.grpc_cases import CASES, OK, GrpcCase, metadata_request, spec
from tests.serving.conformance.target import Target
from visage.tf_serving_api import messages


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_answer(case: GrpcCase, target: Target) -> None:
    code, text, response = target.call(case)

    problem = _mismatch(code, text, response, case.code, case.expected)

    difference = exceptions.GRPC.get(case.id) if target.is_embedded else None
    if difference is None:
        assert problem is None, f"{problem}; see {case.source}"
    else:
        assert problem is not None, f"it no longer differs: {difference.reason}"
        assert _mismatch(code, text, response, difference.code, difference.expected) is None


def test_each_case_and_each_exception_has_an_id_of_its_own() -> None:
    ids = [case.id for case in CASES]
    assert len(set(ids)) == len(ids)
    assert set(exceptions.GRPC) <= set(ids)


def test_only_the_outputs_of_the_filter_are_in_the_answer(target: Target) -> None:
    _, _, response = target.call(next(case for case in CASES if case.id == "predict, one output"))
    assert set(response.outputs) == {"gender"}


def test_metadata_describes_every_signature(target: Target) -> None:
    case = GrpcCase("", "GetModelMetadata", metadata_request(spec(), "signature_def"), OK, None, "")
    _, _, response = target.call(case)

    packed = response.metadata["signature_def"]
    assert packed.type_url == "type.googleapis.com/tensorflow.serving.SignatureDefMap"
    signatures = messages.SignatureDefMap.FromString(packed.value).signature_def
    assert {"serving_default", "align_and_predict", "evaluate", "echo"} <= set(signatures)
    default = signatures["serving_default"]
    assert default.method_name == "tensorflow/serving/predict"
    assert default.inputs["image_bytes"].dtype == messages.DataType.values_by_name["DT_STRING"].number
    assert [dimension.size for dimension in default.inputs["image_bytes"].tensor_shape.dim] == [-1]
    assert default.inputs["image_bytes"].name.startswith("serving_default_image_bytes")
    assert not default.defaults


def _mismatch(code: int, text: str, response: Any, wanted: int, expected: Any) -> str | None:
    if code != wanted:
        return f"expected code {wanted}, got {code}: {text[:300]!r}"
    return missing(response, expected) if wanted == OK else expected.mismatch(text)
