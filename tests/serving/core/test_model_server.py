"""Versions that are pushed, broken, half copied and deleted while requests run; labels; new configurations."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format

from serving.core.errors import Code, ServingError
from serving.core.model_config import ModelConfig, VersionPolicy
from serving.core.model_server import ModelServer
from serving.core.model_spec import ModelSpec
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.serving.conftest import plain_jpeg
from tests.serving.rest.graphs import save_graph
from visage.errors import VisageError
from visage.saved_model.model_session import ModelSession
from visage.tf_serving_api.messages import ModelServerConfig

POLL_SECONDS = 0.02
NEWEST = ModelSpec("visage")
GREY = plain_jpeg(102, 102, 102)


@pytest.fixture
def base_path(tmp_path: Path, saved_model: Path) -> Path:
    shutil.copytree(saved_model, tmp_path / "visage" / "1")
    return tmp_path / "visage"


@asynccontextmanager
async def running(
    *models: ModelConfig, check: Callable[[Path], None] = lambda folder: None
) -> AsyncIterator[ModelServer]:
    server = ModelServer(models, check=check, poll_seconds=POLL_SECONDS)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


async def age(server: ModelServer, spec: ModelSpec = NEWEST) -> float:
    with server.acquire(spec) as servable:
        outputs = await servable.run("serving_default", {"image_bytes": np.array([GREY], object)})
    return float(outputs["age"][0])


def states(server: ModelServer, name: str = "visage") -> dict[int, str]:
    return {status.version: status.state for status in server.status(ModelSpec(name))}


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(POLL_SECONDS)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), HANG_GUARD_SECONDS))


def refused(call: Callable[[], object]) -> tuple[Code, str]:
    with pytest.raises(ServingError) as error:
        call()
    return error.value.code, error.value.message


def acquire(server: ModelServer, spec: ModelSpec) -> None:
    with server.acquire(spec):
        pass


def test_a_new_version_takes_over_while_requests_run(base_path: Path, older_model: Path) -> None:
    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            before = await age(server)
            shutil.copytree(older_model, base_path / "2")
            seen = {before}
            while states(server).get(2) != "AVAILABLE":
                seen.add(await age(server))
                await asyncio.sleep(0)
            assert seen <= {before, await age(server)}
            assert await age(server) == pytest.approx(before + 10)
            await until(lambda: states(server)[1] == "END")
            code, text = refused(lambda: acquire(server, ModelSpec("visage", 1)))
            assert (code, text) == (Code.NOT_FOUND, "Servable not found for request: Specific(visage, 1)")

    run(test)


def test_a_request_keeps_its_version_until_it_is_answered(base_path: Path, older_model: Path) -> None:
    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            with server.acquire(ModelSpec("visage")) as old:
                shutil.copytree(older_model, base_path / "2")
                await until(lambda: states(server).get(2) == "AVAILABLE")
                await asyncio.sleep(3 * POLL_SECONDS)
                assert states(server)[1] == "UNLOADING"
                outputs = await old.run("serving_default", {"image_bytes": np.array([GREY], object)})
                assert len(outputs["age"]) == 1
            await until(lambda: states(server)[1] == "END")

    run(test)


def broken_copy(saved_model: Path, target: Path) -> None:
    """A version whose weights are missing."""
    shutil.copytree(saved_model, target, ignore=shutil.ignore_patterns("variables"))


def damaged_copy(saved_model: Path, target: Path) -> None:
    """A version whose weights are cut short."""
    shutil.copytree(saved_model, target)
    (weights,) = (target / "variables").glob("variables.data*")
    weights.write_bytes(weights.read_bytes()[:-2])


def copy_without_warm_up(saved_model: Path, target: Path) -> None:
    """A version whose warm-up requests are no TFRecords."""
    shutil.copytree(saved_model, target)
    (target / "assets.extra" / "tf_serving_warmup_requests").write_bytes(b"no records at all")


@pytest.mark.parametrize(
    ("copy", "cause"),
    [
        (broken_copy, "the model cannot be loaded"),
        (damaged_copy, "the model cannot be loaded"),
        (copy_without_warm_up, "Please verify your warmup data is in TFRecord format."),
    ],
)
def test_a_broken_version_never_takes_over_until_it_is_mended(
    base_path: Path, older_model: Path, copy: Callable[[Path, Path], None], cause: str
) -> None:
    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            before = await age(server)
            copy(older_model, base_path / "2")
            await until(lambda: states(server).get(2) == "END")
            (status,) = server.status(ModelSpec("visage", 2))
            assert status.code != Code.OK
            assert cause in status.message
            assert status.message.endswith("push it again")
            assert await age(server) == before
            shutil.rmtree(base_path / "2")
            shutil.copytree(older_model, base_path / "2")
            await until(lambda: states(server)[2] == "AVAILABLE")
            assert await age(server) == pytest.approx(before + 10)

    run(test)


def test_a_version_that_is_still_being_copied_waits(base_path: Path, older_model: Path) -> None:
    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            files = sorted((path for path in older_model.rglob("*") if path.is_file()), key=lambda path: path.suffix)
            for file in sorted(files, key=lambda path: path.name != "saved_model.pb"):
                target = base_path / "2" / file.relative_to(older_model)
                target.parent.mkdir(parents=True, exist_ok=True)
                # Each look at the folder finds it larger than the one before.
                for size in range(0, file.stat().st_size + 1, max(1, file.stat().st_size // 3)):
                    target.write_bytes(file.read_bytes()[:size])
                    assert 2 not in states(server)
                    await asyncio.sleep(POLL_SECONDS / 4)
                target.write_bytes(file.read_bytes())
            await until(lambda: states(server).get(2) == "AVAILABLE")

    run(test)


def test_a_version_of_another_network_takes_over_and_refuses_what_it_cannot_take(base_path: Path) -> None:
    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            save_graph(base_path / "2")
            await until(lambda: states(server).get(2) == "AVAILABLE")
            with server.acquire(NEWEST) as servable:
                assert servable.metadata is None
                assert "align_and_predict" not in servable.signatures
                assert (await servable.run("serving_default", {"image_bytes": np.array([b"x"], object)})).keys() == {
                    "name",
                    "same_bytes",
                }

    run(test)


def test_deleting_the_served_version_brings_back_the_one_before_it(base_path: Path, older_model: Path) -> None:
    async def test() -> None:
        shutil.copytree(older_model, base_path / "2")
        async with running(ModelConfig("visage", base_path)) as server:
            newest = await age(server)
            shutil.rmtree(base_path / "2")
            await until(lambda: states(server).get(2) == "END")
            assert await age(server) == pytest.approx(newest - 10)

    run(test)


def test_without_any_version_nothing_is_served_and_without_the_folder_everything_stays(
    base_path: Path, saved_model: Path
) -> None:
    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            base_path.rename(base_path.with_name("away"))
            await asyncio.sleep(5 * POLL_SECONDS)
            assert server.ready
            base_path.with_name("away").rename(base_path)
            shutil.rmtree(base_path / "1")
            await until(lambda: states(server)[1] == "END")
            assert not server.ready
            code, text = refused(lambda: acquire(server, ModelSpec("visage")))
            assert (code, text) == (Code.NOT_FOUND, "Servable not found for request: Latest(visage)")
            shutil.copytree(saved_model, base_path / "3")
            await until(lambda: server.ready)

    run(test)


def test_labels_and_several_versions_at_once(base_path: Path, older_model: Path) -> None:
    async def test() -> None:
        shutil.copytree(older_model, base_path / "2")
        config = ModelConfig("visage", base_path, VersionPolicy(latest=0), {"stable": 1, "canary": 2})
        async with running(config) as server:
            stable, canary = [await age(server, ModelSpec("visage", label=label)) for label in ("stable", "canary")]
            assert canary == pytest.approx(stable + 10)
            assert await age(server, ModelSpec("visage", 1)) == stable
            code, text = refused(lambda: acquire(server, ModelSpec("visage", label="beta")))
            assert (code, text) == (Code.INVALID_ARGUMENT, "Unrecognized servable version label: beta")

    run(test)


def reload_request(*configs: str) -> object:
    return text_format.Parse("model_config_list { " + " ".join(configs) + " }", ModelServerConfig())


def test_a_new_configuration_adds_models_moves_labels_and_removes_models(base_path: Path, older_model: Path) -> None:
    other = base_path.parent / "other"
    shutil.copytree(older_model, other / "5")

    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            await server.reload(
                reload_request(
                    f'config {{ name: "visage" base_path: "{base_path}" version_labels {{ key: "stable" value: 1 }} }}',
                    f'config {{ name: "other" base_path: "{other}" }}',
                )
            )
            stable = await age(server, ModelSpec("visage", label="stable"))
            assert await age(server, ModelSpec("other")) == pytest.approx(stable + 10)
            await server.reload(reload_request(f'config {{ name: "other" base_path: "{other}" }}'))
            assert refused(lambda: acquire(server, ModelSpec("visage")))[0] == Code.NOT_FOUND
            assert server.ready

    run(test)


loaded: list[Path] = []


@pytest.fixture(autouse=True)
def count_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps `loaded`, the folders whose models are in memory."""
    loaded.clear()

    class Counted(ModelSession):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder)
            self.folder = folder
            loaded.append(folder)

        def close(self) -> None:
            super().close()
            loaded.remove(self.folder)

    monkeypatch.setattr("serving.core.version_loader.ModelSession", Counted)


def model(base_path: Path, name: str = "visage") -> str:
    return f'config {{ name: "{name}" base_path: "{base_path}" }}'


def test_a_configuration_that_fails_leaves_models_and_memory_as_they_were(base_path: Path, older_model: Path) -> None:
    other = base_path.with_name("other")
    shutil.copytree(older_model, other / "5")

    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            with pytest.raises(ServingError, match="missing: cannot be listed"):
                await server.reload(reload_request(model(other, "other"), model(base_path.with_name("missing"), "m")))
            assert server.names == ["visage"]
            await until(lambda: [path.parent for path in loaded] == [base_path])

    run(test)


def test_configurations_at_the_same_time_leave_the_models_of_the_last(base_path: Path, older_model: Path) -> None:
    others = [base_path.with_name(name) for name in ("x", "y")]
    for other in others:
        shutil.copytree(older_model, other / "5")

    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            await asyncio.gather(*[server.reload(reload_request(model(other, other.name))) for other in others])
            assert server.names == ["y"]
            await until(lambda: [path.parent for path in loaded] == [others[1]])
            await asyncio.sleep(5 * POLL_SECONDS)
            assert [path.parent for path in loaded] == [others[1]]

    run(test)


def test_a_configuration_whose_sender_gave_up_is_served_all_the_same(base_path: Path, older_model: Path) -> None:
    other = base_path.with_name("other")
    shutil.copytree(older_model, other / "5")

    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(server.reload(reload_request(model(other, "other"))), POLL_SECONDS)
            await until(lambda: server.names == ["other"])
            await until(lambda: [path.parent for path in loaded] == [other])

    run(test)


def test_a_cause_that_may_pass_is_tried_again(
    base_path: Path, older_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.core.served_model._SECONDS_BETWEEN_TRIES", POLL_SECONDS)
    tries: list[int] = []

    def too_many_files(folder: Path) -> None:
        if folder.name == "2":
            tries.append(1)
            if len(tries) < 3:
                raise OSError(24, "Too many open files")

    async def test() -> None:
        async with running(ModelConfig("visage", base_path), check=too_many_files) as server:
            shutil.copytree(older_model, base_path / "2")
            await until(lambda: states(server).get(2) == "AVAILABLE")
        assert not loaded

    run(test)


def test_requests_for_different_outputs_share_a_queue(base_path: Path) -> None:
    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            with server.acquire(NEWEST) as servable:
                images = {"image_bytes": np.array([GREY], object)}
                for wanted in (["age"], ["gender", "age"], ["age", "gender"]):
                    assert list(await servable.run("serving_default", images, wanted)) == wanted
                assert len(servable._batchers) == 1

    run(test)


def test_a_wrong_configuration_changes_nothing(base_path: Path) -> None:
    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            for config, text in (
                (
                    f'config {{ name: "visage" base_path: "{base_path}" version_labels {{ key: "x" value: 9 }} }}',
                    "Request to assign label to version 9 of model visage, which is not currently available for "
                    "inference",
                ),
                ('config { name: "m" base_path: "m" }', "Expected model m to have an absolute path or URI"),
            ):
                with pytest.raises(ServingError) as error:
                    await server.reload(reload_request(config))
                assert error.value.message.startswith(text)
                assert await age(server)

    run(test)


def test_a_version_that_may_not_be_served_is_refused(base_path: Path, older_model: Path) -> None:
    def refuse_two(folder: Path) -> None:
        if folder.name == "2":
            raise VisageError(f"{folder}: refused by key.pub; push it again")

    async def test() -> None:
        async with running(ModelConfig("visage", base_path), check=refuse_two) as server:
            shutil.copytree(older_model, base_path / "2")
            await until(lambda: states(server).get(2) == "END")
            assert states(server)[1] == "AVAILABLE"

    run(test)


@pytest.mark.parametrize("prepared", [(), ("1",)])
def test_without_a_version_that_can_be_loaded_the_server_does_not_start(
    tmp_path: Path, prepared: Iterable[str]
) -> None:
    for number in prepared:
        (tmp_path / "visage" / number).mkdir(parents=True)
        (tmp_path / "visage" / number / "saved_model.pb").write_bytes(b"damaged")

    async def test() -> None:
        server = ModelServer([ModelConfig("visage", tmp_path / "visage")], poll_seconds=POLL_SECONDS)
        with pytest.raises(ServingError) as error:
            await server.start()
        assert str(tmp_path / "visage") in error.value.message
        with suppress(ServingError):
            await server.close()

    run(test)


def test_a_request_of_many_rows_is_run_in_parts(base_path: Path) -> None:
    async def test() -> None:
        async with running(ModelConfig("visage", base_path)) as server:
            with server.acquire(ModelSpec("visage")) as servable:
                images = np.array([GREY] * 100, object)
                outputs = await servable.run("serving_default", {"image_bytes": images})
                assert outputs["age_probabilities"].shape == (100, 101)
                with pytest.raises(ServingError, match="Unknown image file format"):
                    await servable.run("serving_default", {"image_bytes": np.array([GREY, b"text"], object)})

    run(test)
