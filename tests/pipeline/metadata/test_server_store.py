"""ML Metadata on real servers of MariaDB and PostgreSQL, which these tests start."""

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.config.loader import load_config
from pipeline.config.metadata import MetadataSettings
from pipeline.metadata import server_store
from pipeline.metadata.address import URL_VARIABLE
from pipeline.metadata.connection import CheckedMetadata
from pipeline.metadata.location import StoreLocation
from pipeline.metadata.opened import check_login, open_store
from pipeline.metadata.prune import plan_prune, remove
from pipeline.metadata.reader import PipelineMetadata
from tests.helpers.database_server import DATABASE, PASSWORD_IN_URL, DatabaseServer
from tests.helpers.mariadb import running_mariadb
from tests.helpers.postgresql import running_postgresql
from tests.helpers.project import PROJECT
from tests.pipeline.recorded_runs import RecordedPipeline
from visage.errors import VisageError

pytestmark = [pytest.mark.slow, pytest.mark.one_stack]

STRINGS = [
    "",
    'it\'s "quoted" 100% $1 ?',
    r'{"settings": "{\"a\": \"C:\\\\x\"}"}',
    "\\",
    "\ue000b\\\ue000e\ue000",
    "é日本😀",
    "lines\nand\ttabs",
    "long " * 20_000,
    # Does not get shorter where PostgreSQL compresses it; four bytes each.
    "".join(chr(0x10000 + number * 7919 % 50_000) for number in range(5_000)),
]
Other = Callable[..., StoreLocation]


@pytest.fixture(scope="module", params=["mysql", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    running = {"mysql": running_mariadb, "postgresql": running_postgresql}[request.param]
    with running(tmp_path_factory.mktemp("log")) as started:
        yield started


@pytest.fixture(scope="module")
def kind(server: DatabaseServer) -> str:
    return server.url().partition(":")[0]


_numbers = itertools.count()


@pytest.fixture
def database(server: DatabaseServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database of this test alone, to which the environment leads."""
    name = f"{DATABASE}_{next(_numbers)}"
    server.create_database(name)
    monkeypatch.setenv(URL_VARIABLE, server.url(database=name))
    return name


@pytest.fixture
def location(kind: str, database: str, tmp_path: Path) -> StoreLocation:
    found = StoreLocation(tmp_path / "faces", MetadataSettings(store=kind))
    found.prepare()
    return found


def put(store: MetadataStore, text: str) -> mlmd.Execution:
    """Writes an execution that holds a text in every place, and reads it again."""
    kind = mlmd.ExecutionType(name="Trainer", properties={"text": mlmd.STRING})
    one = mlmd.Execution(type_id=store.put_execution_type(kind))
    one.properties["text"].string_value = text
    one.custom_properties["text"].string_value = text
    # ML Metadata makes one text of it, which is not divided.
    one.custom_properties["struct"].struct_value["list"] = [text[:100], {"text": text[:100]}]
    (number,) = store.put_executions([one])
    (found,) = store.get_executions_by_id([number])
    return found


def test_every_string_is_read_as_it_was_written(location: StoreLocation) -> None:
    store = open_store(location, "write")
    for text in STRINGS:
        found = put(store, text)
        assert found.properties["text"].string_value == text
        assert found.custom_properties["text"].string_value == text
        assert next(iter(found.custom_properties["struct"].struct_value["list"])) == text[:100]
    uris = {number: f"/a\\{number}" for number in range(2)}
    kind = store.put_artifact_type(mlmd.ArtifactType(name="Model"))
    store.put_artifacts([mlmd.Artifact(type_id=kind, uri=uri) for uri in uris.values()])
    (found_by_uri,) = store.get_artifacts_by_uri(uris[1])
    assert found_by_uri.uri == uris[1]


def test_each_pipeline_sees_its_own_runs_alone_even_with_equal_run_ids(location: StoreLocation) -> None:
    other = StoreLocation(location.root.with_name("others"), location.settings)
    other.prepare()
    ours, theirs = RecordedPipeline(location.root), RecordedPipeline(other.root)
    made, _ = ours.run("same"), theirs.run("same", blessed=0)
    ours.run("Same", data=made)
    one, again = PipelineMetadata(location.root).runs
    (their_run,) = PipelineMetadata(other.root).runs
    assert (one.run_id, again.run_id, their_run.run_id) == ("same", "Same", "same")
    assert one.version == made.version
    assert their_run.version is None
    assert set(one.nodes) == {"FaceExampleGen", "ExampleValidator", "Trainer", "Evaluator", "Pusher", "ModelCard"}
    assert not {found.id for found in PipelineMetadata(location.root).artifacts} & {
        found.id for found in PipelineMetadata(other.root).artifacts
    }
    check_login(location)


def test_prune_marks_what_it_removes_on_the_server(location: StoreLocation, kind: str) -> None:
    pipeline = RecordedPipeline(location.root)
    first = pipeline.run("first", blessed=0)
    pipeline.run("second")
    overrides = [f"workspace={location.root.parent}", "name=faces", f"metadata.store={kind}"]
    config = load_config(PROJECT / "pipeline_config.yaml", overrides)
    metadata = PipelineMetadata.of(config)
    remove(metadata, plan_prune(metadata, config, keep=1))
    assert not first.folder.exists()
    assert [run.output("Trainer", "model").live for run in PipelineMetadata.of(config).runs] == [False, True]  # type: ignore[union-attr]


def test_a_pipeline_of_this_name_of_another_folder_is_refused(location: StoreLocation, tmp_path: Path) -> None:
    RecordedPipeline(location.root).run("first", blessed=0)
    store = open_store(location, "read")
    model = store.get_artifacts_by_context(store.get_context_by_type_and_name("pipeline", "faces").id)
    assert model
    elsewhere = StoreLocation(tmp_path / "elsewhere" / "faces", location.settings)
    elsewhere.prepare()
    line = (
        rf"the store has a pipeline faces whose outputs are elsewhere \({tmp_path}/faces/artifacts/.*name the pipeline"
    )
    with pytest.raises(VisageError, match=line), CheckedMetadata(elsewhere):
        pass


def test_a_server_that_ends_while_it_is_used_is_one_line_each_time_and_the_next_handle_works(
    server: DatabaseServer, location: StoreLocation
) -> None:
    metadata = CheckedMetadata(location)
    with metadata as handle:
        put(handle.store, "before")
        server.kill()
        # ML Metadata's own MySQL client ends the process by a segmentation fault at the third call.
        for _ in range(2):
            with pytest.raises(VisageError, match=r"^[^\n]*: the metadata server failed while it was used \([^\n]*$"):
                handle.store.get_executions()
        begin = time.monotonic()
        with pytest.raises(VisageError, match="the metadata server does not answer"):
            open_store(location, "write")
        assert time.monotonic() - begin < 60
        server.start()
        with pytest.raises(VisageError, match="failed while it was used"):
            handle.store.get_executions()
    with metadata as handle:
        assert put(handle.store, "after").properties["text"].string_value == "after"
        assert len(handle.store.get_executions()) == 2


def test_two_processes_make_the_tables_at_once(location: StoreLocation, server: DatabaseServer, database: str) -> None:
    start = time.time() + 5
    code = f"""
import sys, time
from pathlib import Path
from pipeline.config.metadata import MetadataSettings
from pipeline.metadata.location import StoreLocation
from pipeline.metadata.opened import open_store
location = StoreLocation(Path({str(location.root)!r}), MetadataSettings(store={location.settings.store!r}))
time.sleep(max(0, {start} - time.time()))
print(len(open_store(location, "write").get_executions()))
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        output, errors = process.communicate()
        assert (process.returncode, output) == (0, "0\n"), errors
    assert server.sql("SELECT COUNT(*) FROM MLMDEnv", database) == "1\n"
    assert server.sql("SELECT COUNT(*) FROM Type", database) == "9\n"


def problem(location: StoreLocation) -> str:
    with pytest.raises(VisageError) as error:
        open_store(location, "write")
    text = str(error.value)
    assert "\n" not in text
    assert "wrong-password" not in text
    return text


def test_wrong_logins_and_databases_are_one_line_each(
    server: DatabaseServer, location: StoreLocation, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {
        "visage": [(f":{PASSWORD_IN_URL}", ":wrong-password"), (f":{PASSWORD_IN_URL}", "")],
        "nobody": [(f"{kind}://visage", f"{kind}://nobody")],
    }
    for user, changes in wrong.items():
        for change in changes:
            monkeypatch.setenv(URL_VARIABLE, server.url().replace(*change))
            assert f"the metadata server refuses the login of {user}; correct" in problem(location)
    monkeypatch.setenv(URL_VARIABLE, server.url(database="visage_none"))
    assert "there is no database visage_none; create it (docs/metadata.md)" in problem(location)


def test_tables_of_another_version_and_incomplete_ones_are_one_line_each(
    server: DatabaseServer, database: str, location: StoreLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(location, "write")
    server.sql("UPDATE MLMDEnv SET schema_version = 99", database)
    assert "its tables are of version 99, this ML Metadata knows 10; install the VisAge" in problem(location)
    server.sql("UPDATE MLMDEnv SET schema_version = 9", database)
    assert "its tables are of an older version of ML Metadata (" in problem(location)
    monkeypatch.setattr(server_store, "_TABLES_SECONDS", 1.0)
    server.sql("UPDATE MLMDEnv SET schema_version = 10; DROP TABLE Event", database)
    assert "its tables are incomplete (" in problem(location)


def test_a_database_that_takes_names_of_different_case_for_one_is_refused(
    server: DatabaseServer, location: StoreLocation, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind != "mysql":
        pytest.skip("PostgreSQL tells case apart")
    server.sql("CREATE DATABASE visage_ci CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    monkeypatch.setenv(URL_VARIABLE, server.url(database="visage_ci"))
    assert "create it with COLLATE utf8mb4_bin (docs/metadata.md)" in problem(location)


def test_the_password_is_in_no_log(location: StoreLocation, caplog: Any) -> None:
    from absl import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.DEBUG)
    try:
        with caplog.at_level("DEBUG"):
            open_store(location, "write")
    finally:
        logging.set_verbosity(before)
    assert "s3cret" not in caplog.text


def test_a_password_with_blanks_quotes_and_backslashes_logs_in(
    server: DatabaseServer, location: StoreLocation, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind != "postgresql":
        pytest.skip("MySQL's client takes the password as it is")
    password = "'two' words \\ SECRET='"
    in_sql = password.replace("'", "''")
    server.sql(f"CREATE ROLE awkward SUPERUSER LOGIN PASSWORD '{in_sql}'")
    login = f"awkward:{quote(password, safe='')}"
    monkeypatch.setenv(URL_VARIABLE, server.url().replace(f"visage:{PASSWORD_IN_URL}", login))
    assert open_store(location, "write").get_executions() == []
