"""The table describes each data set correctly."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tfds_builders.archive_state import state_of_archive
from tfds_builders.file_digests import FileDigests
from visage.data.datasets import DATASETS, dataset_spec, published_sources
from visage.data.datasets.spec import DatasetSpec


@pytest.fixture(params=DATASETS)
def spec(request: pytest.FixtureRequest) -> DatasetSpec:
    return DATASETS[request.param]


def test_each_has_a_builder_where_tfds_looks_for_it(spec: DatasetSpec) -> None:
    folder = spec.package.rpartition(".")[2]
    assert find_spec(f"{spec.package}.{folder}_dataset_builder")


def test_the_state_of_each_archive_names_its_tables(spec: DatasetSpec, tmp_path: Path) -> None:
    assert spec.files is not None
    state = "\n".join(state_of_archive(tmp_path, spec.name, FileDigests(spec.name)))
    assert all(name in state for name in (f"{spec.files.root}.tar.gz", *spec.files.tables))


def test_the_terms_of_each_fit_one_line_with_their_address(spec: DatasetSpec) -> None:
    assert "non-commercial" in spec.terms
    assert "https://" in spec.terms
    assert "\n" not in spec.terms


def test_a_labelled_folder_is_a_data_set_of_its_owner() -> None:
    team = dataset_spec("labelled_folder/team")
    assert (team.source, team.package, team.terms) == ("team", "tfds_builders.labelled_folder", "")


def test_both_ways_in_which_adience_is_published_are_one_source() -> None:
    assert published_sources().count("adience") == 1


def test_the_settings_import_neither_protobuf_nor_anything_heavier() -> None:
    program = (
        "import sys, pipeline.config.loader, pipeline.checks.early_checks\n"
        "print([name for name in ('google.protobuf', 'numpy', 'PIL', 'tensorflow') if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"
