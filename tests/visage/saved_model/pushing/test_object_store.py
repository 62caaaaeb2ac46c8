"""The copy in a bucket through s3fs, against moto's server; the processes have no credentials but the environment's."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.object_store import ObjectStore, running_object_store
from tests.visage.saved_model.pushing.test_bucket_copy import complete, make_version
from visage.saved_model.pushing.rollback import roll_back

pytestmark = [pytest.mark.slow, pytest.mark.services]

UPDATE = """
import os, sys
from pathlib import Path
from s3fs import S3FileSystem
from visage.errors import VisageError
from visage.saved_model.pushing.bucket_copy import check_bucket_installed, update_bucket

base, url, killed_at = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
check_bucket_installed(url)
count, copy = 0, S3FileSystem._cp_file

async def counted(self, *arguments, **named):
    global count
    await copy(self, *arguments, **named)
    count += 1
    if count == killed_at:
        os.kill(os.getpid(), 9)

S3FileSystem._cp_file = counted
try:
    print(update_bucket(base, url))
except VisageError as error:
    sys.exit(str(error))
"""
LOOK = """
import json, sys
from s3fs import S3FileSystem

files = S3FileSystem()
print(json.dumps({path: files.cat_file(path).decode() for path in files.find(sys.argv[1])}))
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with running_object_store(tmp_path_factory.mktemp("moto")) as store:
        yield store


def objects(store: ObjectStore, bucket: str) -> dict[str, str]:
    ended = store.run(LOOK, bucket)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, str] = json.loads(ended.stdout)
    return {path.removeprefix(f"{bucket}/faces/"): text for path, text in found.items()}


def below(found: dict[str, str], folder: str) -> dict[str, str]:
    return {name.removeprefix(folder): text for name, text in found.items() if name.startswith(folder)}


def test_a_copy_that_is_killed_cannot_be_loaded_and_the_next_call_completes_it(
    store: ObjectStore, tmp_path: Path
) -> None:
    store.make_bucket("models")
    base, url = tmp_path / "faces", "s3://models/faces"
    make_version(base, 17)
    killed = store.run(UPDATE, str(base), url, "3")
    assert killed.returncode == -9
    found = objects(store, "models")
    assert len(below(found, "17/")) == 3
    assert "17/saved_model.pb" not in found
    assert "models.config" not in found
    assert below(found, ".copying/17/") == complete(17)

    done = store.run(UPDATE, str(base), url, "0")
    assert (done.returncode, done.stdout) == (0, f"{url}/17\n"), done.stderr
    found = objects(store, "models")
    assert below(found, "17/") == complete(17)
    assert below(found, ".copying/") == {}
    assert f'base_path: "{url}"' in found["models.config"]
    assert "versions: 17 " in found["models.config"]

    make_version(base, 18)
    assert store.run(UPDATE, str(base), url, "0").returncode == 0
    roll_back(base, "17", "worse")
    assert store.run(UPDATE, str(base), url, "0").returncode == 0
    found = objects(store, "models")
    assert {name.partition("/")[0] for name in found} == {"17", "models.config"}
    assert "versions: 17 " in found["models.config"]


def test_a_bucket_that_does_not_exist_is_an_error_of_one_line(store: ObjectStore, tmp_path: Path) -> None:
    make_version(tmp_path / "faces", 17)
    ended = store.run(UPDATE, str(tmp_path / "faces"), "s3://nowhere/faces", "0")
    assert ended.returncode == 1
    (line,) = ended.stderr.strip().splitlines()
    assert line.startswith("s3://nowhere/faces: cannot copy the version there: ")
    assert line.endswith("; the next run tries again")
