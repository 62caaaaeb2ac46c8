"""README's diagram has the same edges as the compiled pipeline."""

import re
from itertools import product

import pytest

from pipeline.config.loader import load_config
from pipeline.node import compile_pipeline, node_ids, upstream_ids
from tests.helpers.project import PROJECT

NODE = re.compile(r"^    (\w+)[\[{(].*<b>(\w+)</b>", re.MULTILINE)
EDGES = re.compile(r"^    ([\w &]+) (-->|-\.->)(?:\|[^|]*\|)? ([\w &]+)$", re.MULTILINE)
# Nodes and edges that exist only if a recipe needs them.
OPTIONAL = ["trainer.weights=blessed", "tuner.search={trainer.learning_rate: [0.001, 0.002]}"]

Edges = set[tuple[str, str]]


def drawn(*arrows: str) -> Edges:
    """The edges between nodes of the pipeline in README's diagram that are drawn with one of `arrows`."""
    diagram = (PROJECT / "README.md").read_text(encoding="utf-8").split("```mermaid")[1].split("```")[0]
    names = dict(NODE.findall(diagram))
    return {
        (names[one], names[other])
        for froms, arrow, tos in EDGES.findall(diagram)
        if arrow in arrows
        for one, other in product(froms.split(" & "), tos.split(" & "))
        if one in names and other in names
    }


def compiled(overrides: list[str]) -> Edges:
    ir = compile_pipeline(load_config(PROJECT / "pipeline_config.yaml", overrides))
    return {(upstream, node) for node in node_ids(ir) for upstream in upstream_ids(ir, node)}


@pytest.mark.parametrize(("arrows", "overrides"), [(("-->",), []), (("-->", "-.->"), OPTIONAL)])
def test_the_diagram_has_the_edges_of_the_compiled_pipeline(arrows: tuple[str, ...], overrides: list[str]) -> None:
    assert drawn(*arrows) == compiled(overrides)
