"""What a node used is recorded with its execution, shown with its run, and no part of a cache key."""

import io
from pathlib import Path

from pipeline.metadata.details import details_of
from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.resources import resources_of
from pipeline.node import run_node
from pipeline.output.console import Reporter
from pipeline.output.run_details import print_resources
from tests.pipeline.toy_pipeline import counted


def test_each_node_has_its_own_figures_and_a_cached_one_those_of_its_maker(tmp_path: Path) -> None:
    ir = counted(tmp_path)
    started: list[int] = []
    first = [run_node(ir, node, "1", started.append) for node in ("Counted", "Reader")]
    assert started == [result.execution for result in first] == [1, 2]
    slow, quick = (result.use for result in first)
    assert slow is not None
    assert quick is not None
    # It sleeps half a second, and writes 7 bytes.
    assert slow.seconds >= 0.5 > slow.cpu_seconds
    assert quick.seconds < slow.seconds
    assert (slow.output_bytes, quick.output_bytes) == (7, 7)

    # As a scheduler does that starts it again.
    assert run_node(ir, "Counted", "1", started.append) == first[0]
    cached = [run_node(ir, node, "2", started.append) for node in ("Counted", "Reader")]
    assert [(result.cached, result.execution, result.use) for result in cached] == [(True, 3, None), (True, 4, None)]
    assert started == [1, 2]

    metadata = PipelineMetadata(tmp_path, "toy")
    shown = {run_id: resources_of(metadata, metadata.run(run_id)) for run_id in ("1", "2")}
    for run_id, is_cached in (("1", False), ("2", True)):
        assert [(one.node, one.use) for one in shown[run_id]] == [("Counted", slow), ("Reader", quick)]
        assert [one.cached for one in shown[run_id]] == [is_cached] * 2
    assert [one.node for one in resources_of(metadata, metadata.run("1"), ["Reader"])] == ["Reader"]


def test_a_run_shows_them(tmp_path: Path) -> None:
    ir = counted(tmp_path)
    for run_id in ("1", "2"):
        run_node(ir, "Counted", run_id)
    metadata = PipelineMetadata(tmp_path, "toy")
    details = details_of(metadata, metadata.run("2"))
    (figures,) = details.to_json()["resources"]
    assert (figures["node"], figures["cached"], figures["output_bytes"]) == ("Counted", True, 7)
    stream = io.StringIO()
    print_resources(details.resources, Reporter(stream))
    _, heading, row = stream.getvalue().splitlines()
    assert heading.split() == ["used", "by", "time", "CPU", "memory", "a", "child's", "outputs"]
    assert row.startswith("Counted")
    assert row.endswith("0.0 MiB  an earlier run; from the cache")


def test_a_failed_attempt_leaves_the_figures_to_the_next(tmp_path: Path) -> None:
    ir, failing = counted(tmp_path), tmp_path / "counter.fails"
    failing.touch()
    started: list[int] = []
    for _ in range(2):
        try:
            run_node(ir, "Counted", "1", started.append)
        except Exception:
            failing.unlink()
    # TFX goes on with the execution that failed.
    assert len(set(started)) == 1
    (one,) = PipelineMetadata(tmp_path, "toy").executions
    assert one.state == "complete"
    assert len(resources_of(PipelineMetadata(tmp_path, "toy"), PipelineMetadata(tmp_path, "toy").run("1"))) == 1
