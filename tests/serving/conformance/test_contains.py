"""What is 0 or empty in an expected message is compared, too."""

import numpy as np
import pytest

from tests.serving.conformance.contains import missing
from tests.serving.conformance.grpc_cases import answer, classification, regression, spec, tensor


def test_messages_that_are_not_set_may_be_anything() -> None:
    assert missing(spec("m", version=3), spec("m")) is None
    assert missing(answer({"a": tensor([1]), "b": tensor([2])}, spec()), answer({"a": tensor([1])}, spec())) is None


@pytest.mark.parametrize(
    ("found", "wanted", "problem"),
    [
        (regression(spec(), 2.5), regression(spec(), 0.0), ".result.regressions[0].value: 2.5, not 0.0"),
        (regression(spec(), 2.5), regression(spec()), None),
        (classification(spec(), [("a", 1)]), classification(spec(), [("", 1)]),
         ".result.classifications[0].classes[0].label: 'a', not ''"),
        (classification(spec(), [("a", 1)]), classification(spec(), []),
         ".result.classifications[0].classes: 1 values, not 0"),
        (answer({"a": tensor([1.5])}, spec()), answer({"a": tensor([], np.float64)}, spec()),
         ".outputs[a].tensor_shape.dim[0].size: 1, not 0"),
        (answer({}, spec()), answer({"a": tensor([1.5])}, spec()), ".outputs: no a"),
        (answer({}, spec("m", "s")), answer({}, spec("m")), ".model_spec.signature_name: 's', not ''"),
    ],
)  # fmt: skip
def test_zeros_empty_texts_and_empty_lists_are_compared(found: object, wanted: object, problem: str | None) -> None:
    assert missing(found, wanted) == problem
