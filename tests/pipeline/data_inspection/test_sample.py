"""A sample does not depend on the order of the items."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.data_inspection.sample import Sample


def chosen(keys: list[str], limit: int) -> list[str]:
    sample: Sample[str] = Sample(limit)
    for key in keys:
        sample.add(key, key)
    return sample.items()


@given(st.sets(st.text()), st.integers(1, 8), st.randoms())
def test_the_choice_does_not_depend_on_the_order(keys: set[str], limit: int, random: object) -> None:
    first = chosen(sorted(keys), limit)
    assert first == chosen(sorted(keys, reverse=True), limit)
    assert len(first) == min(limit, len(keys))
    assert set(first) <= keys


def test_a_duplicate_key_is_kept_once() -> None:
    assert chosen(["a", "a", "b", "b"], limit=3) == ["a", "b"]
