"""A duplicate key is an error; a key that overrides an inherited one is not."""

import pytest
import yaml

from pipeline.config.yaml import read_yaml


@pytest.mark.parametrize("text", ["a: 1\nb: 2\na: 3\n", "below: {a: 1,\n b: 2,\n a: 1}", "- {a: 1,\n  'a': 2}"])
def test_a_duplicate_key_is_an_error_at_any_depth(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match="the key 'a' is written twice, first in line 1"):
        read_yaml(text)


def test_the_same_key_in_two_mappings_and_the_override_of_an_inherited_one_are_fine() -> None:
    text = "one: &one {a: 1, b: 1}\ntwo: &two {<<: *one, a: 2}\nthree: {<<: *two, a: 3}\n"
    assert read_yaml(text) == {"one": {"a": 1, "b": 1}, "two": {"a": 2, "b": 1}, "three": {"a": 3, "b": 1}}
