"""What a piece of work used is its own, not that of the work before it in the same process."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.project import PROJECT
from visage import resource_use
from visage.resource_use import ResourceMeter, ResourceUse

MIB = 2**20


def fill(mebibytes: int) -> None:
    # Ones, because Linux gives no memory to zeros.
    bytearray(b"1") * (mebibytes * MIB)


def test_the_peak_of_the_memory_is_that_of_the_work() -> None:
    idle = ResourceMeter().read().memory_bytes
    meter = ResourceMeter()
    fill(200)
    large = meter.read().memory_bytes
    after = ResourceMeter().read().memory_bytes
    assert idle is not None
    assert large is not None
    assert after is not None
    assert large - idle > 190 * MIB
    assert after - idle < 100 * MIB


def test_without_a_reset_only_a_new_peak_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fill(200)
    monkeypatch.setattr(resource_use, "_RESET", tmp_path / "none" / "clear_refs")
    meter = ResourceMeter()
    fill(20)
    assert meter.read().memory_bytes is None
    fill(400)
    known = meter.read().memory_bytes
    assert known is not None
    assert known > 400 * MIB


def test_processor_time_of_a_child_counts_and_sleep_does_not() -> None:
    meter = ResourceMeter()
    time.sleep(0.3)
    asleep = meter.read()
    assert asleep.seconds >= 0.3
    assert asleep.cpu_seconds < 0.3
    busy = "import time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    assert meter.read().cpu_seconds >= 0.5


PARENT = """
import json, subprocess, sys
from visage.resource_use import ResourceMeter
found = []
for mebibytes in (1, 300, 1):
    meter = ResourceMeter()
    subprocess.run([sys.executable, "-c", f"bytearray(b'1') * ({mebibytes} * 2**20)"], check=True)
    found.append(meter.read().child_memory_bytes)
print(json.dumps(found))
"""


def test_the_memory_of_a_child_is_known_where_it_is_the_largest() -> None:
    # In a small process of its own: a child begins with the memory of its parent.
    ended = subprocess.run([sys.executable, "-c", PARENT], cwd=PROJECT, capture_output=True, text=True, check=True)
    small, large, small_again = json.loads(ended.stdout)
    assert large > 300 * MIB
    assert (small, small_again) == (None, None)


def test_outputs_are_files_and_whole_folders(tmp_path: Path) -> None:
    (tmp_path / "folder" / "below").mkdir(parents=True)
    (tmp_path / "folder" / "below" / "one").write_bytes(bytes(1000))
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "file")
    (tmp_path / "file").write_bytes(bytes(24))
    outputs = [tmp_path / "folder", tmp_path / "file", tmp_path / "none"]
    assert ResourceMeter().read(outputs).output_bytes == 1024


def test_the_text_leaves_out_what_is_not_known_and_reads_later_versions() -> None:
    use = ResourceUse(1.5, 0.25, child_memory_bytes=3)
    assert use.to_text() == '{"seconds": 1.5, "cpu_seconds": 0.25, "child_memory_bytes": 3}'
    assert ResourceUse.from_text(use.to_text()) == use
    assert ResourceUse.from_text('{"seconds": 1, "cpu_seconds": 2, "news": 3}') == ResourceUse(1, 2)
    assert [ResourceUse.from_text(text) for text in ("", "{", "[]", "3", "{}")] == [None] * 5
