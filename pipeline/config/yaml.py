"""Reads YAML and rejects duplicate keys, of which PyYAML silently keeps the last one."""

from typing import Any

import yaml

from visage.errors import quoted


def read_yaml(text: str) -> Any:
    """Returns the value of a YAML text.

    Raises:
        yaml.YAMLError: it is no YAML, or a mapping in it has a key twice.
    """
    return yaml.load(text, _UniqueKeyLoader)


class _UniqueKeyLoader(yaml.SafeLoader):
    # Before merge keys (`<<`) are resolved: after it, a key that overrides an inherited one would be a duplicate.
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
