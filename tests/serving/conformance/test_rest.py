"""REST answers as tensorflow_model_server's, but for the listed differences."""

import pytest

from tests.serving.conformance import exceptions
from tests.serving.conformance.expected import Expected
from tests.serving.conformance.rest_cases import CASES, RestCase
from tests.serving.conformance.target import Target


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_answer(case: RestCase, target: Target) -> None:
    code, text = target.request(case)

    problem = _mismatch(code, text, case.code, case.expected)

    difference = exceptions.REST.get(case.id) if target.is_embedded else None
    if difference is None:
        assert problem is None, f"{problem}; see {case.source}"
    else:
        assert problem is not None, f"it no longer differs: {difference.reason}"
        assert _mismatch(code, text, difference.code, difference.expected) is None


def test_each_case_and_each_exception_has_an_id_of_its_own() -> None:
    ids = [case.id for case in CASES]
    assert len(set(ids)) == len(ids)
    assert set(exceptions.REST) <= set(ids)


def _mismatch(code: int, text: str, wanted: int, expected: Expected) -> str | None:
    if code != wanted:
        return f"expected status {wanted}, got {code}: {text[:300]!r}"
    return expected.mismatch(text)
