"""YAML in which no key is written twice; PyYAML alone would keep the last one and drop the others without a word."""

from typing import Any

import yaml

from visage.errors import quoted


def read_yaml(text: str) -> Any:
    """The value that a YAML text holds.

    Raises:
        yaml.YAMLError: it is no YAML, or a mapping in it has a key twice.
    """
    return yaml.load(text, _UniqueKeyLoader)


class _UniqueKeyLoader(yaml.SafeLoader):
    # Looked at as written: once merge keys (`<<`) are resolved, a key that overrides an inherited one is there twice.
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        mapping = super().compose_mapping_node(anchor)
        first_lines: dict[tuple[str, str], int] = {}
        for key in (key for key, _ in mapping.value if isinstance(key, yaml.ScalarNode)):
            same = (key.tag, key.value)
            if same in first_lines:
                problem = f"the key {quoted(key.value)} is written twice, first in line {first_lines[same]}"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            first_lines[same] = key.start_mark.line + 1
        return mapping
