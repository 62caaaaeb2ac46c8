"""The memory of a container is the limit of its control group, of version 1 or 2."""

import os
from pathlib import Path

import pytest

from visage.memory import memory_limit

MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("file", ["memory.max", "memory/memory.limit_in_bytes"])
@pytest.mark.parametrize(
    ("text", "expected"), [("65536\n", 65536), ("max\n", MACHINE), ("9223372036854771712\n", MACHINE)]
)
def test_a_containers_limit_is_returned(tmp_path: Path, file: str, text: str, expected: int) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    assert memory_limit(tmp_path) == expected


def test_without_a_limit_the_machines_memory_is_returned(tmp_path: Path) -> None:
    assert memory_limit(tmp_path) == MACHINE
