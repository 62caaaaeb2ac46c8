"""`visage data`, as a user types it, on a few drawn portraits."""

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.face_example_gen.settings import DataSettings, FaceExampleGenSettings
from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from pipeline.metadata.latest_examples import newest_data
from pipeline.node import compile_pipeline, run_node
from pipeline.output.console import Reporter
from pipeline.output.terms import print_terms_once
from tests.end_to_end.visage import visage
from tests.helpers.project import PROJECT
from visage.errors import VisageError
from visage.training.batches import open_split
from visage.training.reports.augmentation_preview import draw_sheet

pytestmark = pytest.mark.one_stack

CROPS = ("--set", "alignment.detector=none", "--set", "data.sources=[utkface]")


def options(workspace: Path, *more: str) -> list[str]:
    return ["--set", f"workspace={workspace}", "--set", "data.sample_portraits.count=30", *CROPS, *more]


def shown(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of the tests of this module."""
    return tmp_path_factory.mktemp("workspace")


def test_a_data_set_is_prepared_once(workspace: Path) -> None:
    first = shown(visage("data", "prepare", "utkface", *options(workspace), "--json"))
    assert first["archive_rows"] == first["records"] + sum(first["skipped"].values()) > 20
    assert not first["was_there"]
    assert Path(first["folder"], "dataset_info.json").is_file()
    again = visage("data", "prepare", "utkface", *options(workspace))
    assert again.returncode == 0
    assert "prepared before" in again.stdout
    assert first["folder"] in again.stdout
    # Nobody's face is drawn: there are no terms to repeat.
    assert "terms" not in again.stdout


def test_a_run_uses_the_prepared_data_set(workspace: Path, tmp_path: Path) -> None:
    from pipeline.data_inspection.prepared import prepare

    shown(visage("data", "prepare", "utkface", *options(workspace), "--json"))
    settings = load_config(PROJECT / "pipeline_config.yaml", options(workspace)[1::2]).face_example_gen_settings()
    (prepared,) = prepare("utkface", settings)
    assert prepared.was_there


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("utkfase", "utkfase: no such source; did you mean utkface? it must be 'utkface', "),
        (
            "labelled_folder/mine",
            "labelled_folder/mine needs the folder that holds mine/: give --data-dir DIR or data.dir\n",
        ),
    ],
)
@pytest.mark.parametrize("command", ["prepare", "inspect"])
def test_an_invalid_source_is_an_error_of_one_line(command: str, source: str, words: str, tmp_path: Path) -> None:
    ended = visage("data", command, source, *options(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"visage: {words}"), ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_source_is_inspected_even_if_no_record_is_left(workspace: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    strict = options(workspace, "--set", "cleaning.min_age=119", "--set", "cleaning.max_age=120")
    found = shown(visage("data", "inspect", "utkface", *strict, "--out", page, "--json"))
    assert found["page"] == str(page)
    assert found["cleaning_report"]["total"]["records_out"] == 0
    assert "a run would stop here" in page.read_text(encoding="utf-8")
    written = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert {"page": str(page), **written} == found


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("*.tfrecord-*", None, "{file}: the prepared file is gone; remove {folder} and run again (log: "),
        ("*.tfrecord-*", b"damaged" * 99, "{file}: the prepared file is damaged; remove {folder} and run again (log: "),
        ("dataset_info.json", None, "{folder}: the prepared data set is damaged; remove that folder and run again"),
    ],
)
def test_missing_or_damaged_prepared_files_are_errors_of_one_line_with_the_fix(
    workspace: Path, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    built = shown(visage("data", "prepare", "utkface", *options(workspace), "--json"))
    shutil.copytree(workspace / "data", tmp_path / "data", ignore=shutil.ignore_patterns("inspections"))
    folder = tmp_path / Path(built["folder"]).relative_to(workspace)
    (file,) = folder.glob(name)
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    ended = visage("data", "inspect", "utkface", *options(tmp_path))
    assert ended.returncode == 1
    message = words.format(file=file, folder=folder)
    assert ended.stderr.startswith(f"visage: {message}"), ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(("command", "ending"), [("inspect", ".html"), ("preview-augmentation", ".png")])
def test_an_output_of_another_format_is_an_error_of_one_line(command: str, ending: str, tmp_path: Path) -> None:
    ended = visage("data", command, *options(tmp_path), "--out", tmp_path / "page.json")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert f"must end in {ending}" in ended.stderr


def test_a_sheet_in_a_missing_folder_is_an_error_before_any_work(tmp_path: Path) -> None:
    ended = visage("data", "preview-augmentation", *options(tmp_path), "--out", tmp_path / "none" / "sheet.png")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert f"the folder {tmp_path / 'none'} does not exist; create it, or name another file" in ended.stderr


def test_terms_are_printed_once_a_workspace(tmp_path: Path) -> None:
    def printed(*datasets: str, archives: str | None = "/archives") -> list[str]:
        data = DataSettings(dir=archives, sources=list(datasets))
        stream = io.StringIO()
        print_terms_once(datasets, FaceExampleGenSettings(data=data, data_root=str(tmp_path)), Reporter(stream))
        return [line.split()[1] for line in stream.getvalue().splitlines()]

    assert printed("utkface", archives=None) == []
    assert printed("utkface") == ["UTKFace:"]
    # Both of Adience's are one data set.
    assert printed("utkface", "adience/faces", "adience/aligned") == ["Adience:"]
    assert printed("utkface", "adience/faces") == []
    # The owner of a folder knows its terms.
    assert printed("labelled_folder/mine") == []


class TestNewestData:
    """What `visage data inspect` without a source and `visage data preview-augmentation` look at."""

    @pytest.fixture(scope="class")
    def config(self, tmp_path_factory: pytest.TempPathFactory) -> PipelineConfig:
        folder = tmp_path_factory.mktemp("runs")
        loose = ("--set", "cleaning.near_duplicate_distance=0")
        return load_config(
            PROJECT / "pipeline_config.yaml",
            [
                *options(folder, *loose)[1::2],
                "data.sample_portraits.count=60",
                "split={train: 0.4, val: 0.3, test: 0.3}",
            ],
        )

    @pytest.fixture(scope="class")
    def first_run(self, config: PipelineConfig) -> tuple[str, str]:
        """The URIs of its examples and its cleaning report."""
        first = run_node(compile_pipeline(config), "FaceExampleGen", "first")
        return first.output("examples").uri, first.output("cleaning_report").uri

    def test_before_the_first_run_the_error_names_the_fix(self, config: PipelineConfig) -> None:
        with pytest.raises(VisageError, match=r"no run of sample-portraits has cleaned its data to the end; run first"):
            newest_data(config)

    def test_an_empty_database_counts_as_no_run(self, config: PipelineConfig) -> None:
        config.root.mkdir(parents=True, exist_ok=True)
        (config.root / "metadata.sqlite").touch()
        with pytest.raises(VisageError, match=r"no run of sample-portraits has cleaned its data to the end; run first"):
            newest_data(config)

    def test_each_command_prints_one_line_and_inspect_names_the_alternative(self, tmp_path: Path) -> None:
        for command, words in (
            ("preview-augmentation", "run first (visage run)\n"),
            ("inspect", "data inspect utkface\n"),
        ):
            ended = visage("data", command, *options(tmp_path))
            assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
            assert ended.stderr.endswith(words)
        assert list(tmp_path.iterdir()) == [], "who only looks leaves nothing"

    def test_the_newest_run_counts_cached_or_not(self, config: PipelineConfig, first_run: tuple[str, str]) -> None:
        data = newest_data(config)
        assert (str(data.examples), str(data.report)) == first_run
        assert data.settings == FaceExampleGenSettings.model_validate(config.face_example_gen_settings())
        assert run_node(compile_pipeline(config), "FaceExampleGen", "second").cached
        assert newest_data(config) == data

    def test_training_crops_are_drawn_the_same_in_every_process(
        self, config: PipelineConfig, first_run: tuple[str, str], tmp_path: Path
    ) -> None:
        turned = ("--set", "trainer.augmentation.rotation=20", "--set", "trainer.augmentation.erasing=0.5")
        where = ("--set", f"workspace={config.workspace}", *turned)
        result = shown(visage("data", "preview-augmentation", *where, "--out", tmp_path / "sheet.png", "--json"))
        assert result["examples"] == first_run[0]
        assert (result["network"], result["augmentation"]["rotation"]) == ("compact", 20)
        augmentation = config.trainer.augmentation.model_copy(update={"rotation": 20.0, "erasing": 0.5})
        settings = config.trainer.model_copy(update={"augmentation": augmentation})
        split = open_split("train", [f"{first_run[0]}/Split-train/*"])
        assert Path(result["sheet"]).read_bytes() == draw_sheet(split, settings)

    def test_a_missing_output_of_the_run_is_an_error_of_one_line(
        self, config: PipelineConfig, first_run: tuple[str, str]
    ) -> None:
        data = newest_data(config)
        shutil.rmtree(data.examples)
        with pytest.raises(VisageError, match=r": gone; run the pipeline again: visage run$"):
            newest_data(config)
