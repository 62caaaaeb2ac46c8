"""The digest of a source's archives changes with everything that the source reads, and with nothing else."""

import os
from pathlib import Path

import pytest

from components.face_example_gen.prepare import archive_digest
from components.face_example_gen.settings import DataSettings, LabelledFolderSettings
from components.face_example_gen.spans import SourcePart
from tests.components.face_example_gen.archives import NO_FOLDER, digest_of_archives, drawn, folder_of
from visage.errors import VisageError


class TestArchiveDigest:
    def test_it_stays_while_nothing_changes(self, archives: Path) -> None:
        before = digest_of_archives(folder_of(archives))
        (archives / "UTKFace" / "1_0_0_20170109150557335.jpg.chip.jpg").read_bytes()
        assert digest_of_archives(folder_of(archives)) == before

    @pytest.mark.parametrize("name", ["team/labels.csv", "team/labels.parquet"])
    def test_a_table_with_other_contents_of_the_same_size_and_time_changes_it(self, tmp_path: Path, name: str) -> None:
        data = DataSettings(dir=str(tmp_path), sources=["labelled_folder/team"])
        states = [state_of(data, tmp_path / name, content) for content in (b"a,f", b"a,m", b"a,f")]
        assert states[0] == states[2] != states[1]

    @pytest.mark.parametrize(
        ("dataset", "name"),
        [
            ("adience/faces", "adience/fold_3_data.txt"),
            ("imdb_wiki/wiki", "imdb_wiki/wiki.mat"),
            ("imdb_wiki/wiki", "wiki_crop/wiki.mat"),
        ],
    )
    def test_a_changed_table_of_a_published_data_set_changes_it(self, tmp_path: Path, dataset: str, name: str) -> None:
        data = DataSettings(dir=str(tmp_path), sources=[dataset])
        states = [state_of(data, tmp_path / name, content) for content in (b"a,f", b"a,m", b"a,f")]
        assert states[0] == states[2] != states[1]

    @pytest.mark.parametrize("where", [0, 4_999_999, 9_999_999])
    def test_each_byte_of_a_large_archive_counts(self, tmp_path: Path, where: int) -> None:
        data = DataSettings(dir=str(tmp_path), sources=["utkface"])
        content = bytearray(10_000_000)
        before = state_of(data, tmp_path / "UTKFace.tar.gz", bytes(content))
        content[where] = 1
        assert state_of(data, tmp_path / "UTKFace.tar.gz", bytes(content)) != before

    @pytest.mark.parametrize("name", ["UTKFace.tar.gz", "UTKFace/2_0_0_20170109150557335.jpg.chip.jpg"])
    def test_a_new_time_or_a_new_copy_of_the_same_bytes_leaves_it(self, archives: Path, name: str) -> None:
        file = archives / name
        file.write_bytes(b"two")
        before = digest_of_archives(folder_of(archives))
        os.utime(file, (1, 1))
        assert digest_of_archives(folder_of(archives)) == before
        file.unlink()
        file.write_bytes(b"two")
        assert digest_of_archives(folder_of(archives)) == before

    def test_it_is_the_same_with_and_without_remembered_digests(
        self, archives: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data, data_root = folder_of(archives), tmp_path / "data"
        # Files that have just been written are not remembered.
        monkeypatch.setattr("tfds_builders.file_digests._TRUSTED_AFTER_NS", 0)
        assert digest_of_archives(data) == digest_of_archives(data, data_root) == digest_of_archives(data, data_root)
        assert len(list((data_root / "digests").iterdir())) == 1

    def test_file_names_that_are_not_utf8_count(self, archives: Path) -> None:
        before = digest_of_archives(folder_of(archives))
        Path(os.fsdecode(os.fsencode(archives / "UTKFace") + b"/r\xe9sum\xe9\n.jpg")).touch()
        assert digest_of_archives(folder_of(archives)) != before

    def test_a_new_file_changes_it(self, archives: Path) -> None:
        before = digest_of_archives(folder_of(archives))
        (archives / "UTKFace" / "2_0_0_20170109150557335.jpg.chip.jpg").write_bytes(b"two")
        assert digest_of_archives(folder_of(archives)) != before

    def test_a_lost_file_changes_it(self, archives: Path) -> None:
        before = digest_of_archives(folder_of(archives))
        next((archives / "UTKFace").iterdir()).unlink()
        assert digest_of_archives(folder_of(archives)) != before

    def test_a_file_of_the_same_size_and_time_with_other_contents_changes_it(self, archives: Path) -> None:
        file = next((archives / "UTKFace").iterdir())
        before = digest_of_archives(folder_of(archives))
        modified_ns = file.stat().st_mtime_ns
        file.write_bytes(b"two")
        os.utime(file, ns=(modified_ns, modified_ns))
        assert digest_of_archives(folder_of(archives)) != before

    def test_a_renamed_file_changes_it(self, archives: Path) -> None:
        file = next((archives / "UTKFace").iterdir())
        before = digest_of_archives(folder_of(archives))
        file.rename(file.with_name("9_0_0_20170109150557335.jpg.chip.jpg"))
        assert digest_of_archives(folder_of(archives)) != before

    @pytest.mark.parametrize(
        "name", ["runs/log.txt", "notes.txt", "UTKFace.zip", "fold_0_data.txt", "adience/faces/a.jpg"]
    )
    def test_files_that_the_sources_do_not_read_leave_it(self, archives: Path, name: str) -> None:
        before = digest_of_archives(folder_of(archives))
        (archives / name).parent.mkdir(parents=True, exist_ok=True)
        (archives / name).write_bytes(b"something")
        assert digest_of_archives(folder_of(archives)) == before

    @pytest.mark.parametrize(
        ("dataset", "names"),
        [
            ("utkface", ["UTKFace.tar", "UTKFace.tar.gz", "UTKFace/deeper/a.jpg"]),
            ("adience/faces", ["adience/fold_3_data.txt", "fold_3_data.txt", "adience/faces.tar.gz", "faces/a/b.jpg"]),
            ("adience/aligned", ["adience/aligned/a/b.jpg", "aligned.tar"]),
            ("imdb_wiki/wiki", ["imdb_wiki/wiki_crop.tar", "wiki_crop/17/a.jpg", "imdb_wiki/wiki.mat", "wiki.mat"]),
            ("imdb_wiki/imdb", ["imdb_wiki/imdb_crop/imdb.mat", "imdb_crop.tar"]),
        ],
    )
    def test_each_file_that_a_source_may_read_changes_it(self, dataset: str, names: list[str], tmp_path: Path) -> None:
        data = DataSettings(dir=str(tmp_path), sources=[dataset])
        seen = {digest_of_archives(data)}
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"something")
            seen.add(digest_of_archives(data))
        assert len(seen) == 1 + len(names)

    def test_each_file_of_a_labelled_folder_changes_it(self, tmp_path: Path) -> None:
        data = DataSettings(dir=str(tmp_path), sources=["labelled_folder/team"])
        seen = {digest_of_archives(data)}
        for name in ("labels.csv", "a.jpg", "deeper/b.png"):
            (tmp_path / "team" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "team" / name).write_bytes(b"something")
            seen.add(digest_of_archives(data))
        assert len(seen) == 4
        (tmp_path / "crew").mkdir()
        (tmp_path / "crew" / "labels.csv").write_bytes(b"something")
        assert digest_of_archives(data) in seen

    def test_a_labelled_folder_that_is_a_link_is_followed(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "archives").mkdir()
        (tmp_path / "archives" / "team").symlink_to(tmp_path / "elsewhere")
        data = DataSettings(dir=str(tmp_path / "archives"), sources=["labelled_folder/team"])
        before = digest_of_archives(data)
        (tmp_path / "elsewhere" / "labels.csv").write_bytes(b"something")
        assert digest_of_archives(data) != before

    def test_the_layout_of_a_labelled_folder_changes_it(self, tmp_path: Path) -> None:
        def read(**folders: LabelledFolderSettings) -> str:
            sources = ["labelled_folder/team"]
            return digest_of_archives(DataSettings(dir=str(tmp_path), sources=sources, labelled_folders=folders))

        renamed = LabelledFolderSettings(columns={"age": "years"})
        assert read(team=renamed) != read() == read(team=LabelledFolderSettings()) == read(crew=renamed)

    def test_another_version_of_the_builders_changes_it(self, archives: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = digest_of_archives(folder_of(archives)), digest_of_archives(drawn())
        monkeypatch.setattr("components.face_example_gen.prepare.source_digest", lambda *packages: "another")
        after = digest_of_archives(folder_of(archives)), digest_of_archives(drawn())
        assert before[0] != after[0]
        assert before[1] != after[1]

    def test_drawn_portraits_with_other_settings_have_another_digest(self) -> None:
        assert digest_of_archives(drawn()) == digest_of_archives(drawn())
        both = drawn().model_copy(update={"sources": ["utkface", "adience/faces"]})
        assert len({digest_of_archives(data) for data in (drawn(), drawn(count=31), drawn(seed=2), both)}) == 4

    def test_another_source_beside_it_leaves_it_so_that_it_need_not_be_prepared_again(self, archives: Path) -> None:
        both = folder_of(archives).model_copy(update={"sources": ["adience/faces", "utkface"]})
        assert archive_digest(both, SourcePart("utkface"), NO_FOLDER) == digest_of_archives(folder_of(archives))

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(VisageError, match=rf"^data\.dir: {tmp_path}/none does not exist; "):
            digest_of_archives(folder_of(tmp_path / "none"))


def state_of(data: DataSettings, file: Path, content: bytes) -> str:
    """Returns the digest with this file, whose time is always the same."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    os.utime(file, ns=(0, 0))
    return digest_of_archives(data)
