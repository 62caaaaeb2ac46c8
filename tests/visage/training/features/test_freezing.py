"""Frozen layers stay as they are, and a network is cut behind them into two that are still one."""

import keras
import numpy as np
import pytest

from visage.errors import VisageError
from visage.networks import NETWORKS
from visage.training.features.freezing import freeze, split_at_frozen, unfreeze

# The 27 convolutions of HSE's face network, and its dense layers of 256 features, 100 ages and the gender.
OF_FACERES = 3_196_032 + 262_400 + 25_700 + 257


def small() -> keras.Model:
    """Builds a network of two convolutions, both connected to the head, with batch normalization between them."""
    layers = keras.layers
    pixels = keras.Input((8, 8, 3), name="pixels")
    first = layers.Conv2D(4, 3, name="trunk_conv_1")(pixels)
    x = layers.BatchNormalization(name="trunk_norm")(first)
    second = layers.Conv2D(5, 3, activation="relu", name="trunk_conv_2")(x)
    pooled = layers.GlobalAveragePooling2D(name="pooled")(first)
    x = layers.Concatenate()([pooled, layers.Flatten()(second)])
    x = layers.Dropout(0.5)(x)
    return keras.Model(pixels, {"age": layers.Dense(3, name="age")(x)}, name="small")


def frozen_names(network: keras.Model) -> list[str]:
    return [layer.name for layer in network.layers if layer.weights and not layer.trainable]


@pytest.mark.parametrize(
    ("frozen", "names"),
    [
        (None, []),
        (2, ["trunk_conv_1"]),
        (-1, ["trunk_conv_1", "trunk_norm", "trunk_conv_2"]),
        ("trunk_", ["trunk_conv_1", "trunk_norm", "trunk_conv_2"]),
        ("trunk_conv", ["trunk_conv_1", "trunk_conv_2"]),
    ],
)
def test_layers_are_frozen_by_count_or_by_name(frozen: int | str | None, names: list[str]) -> None:
    network = small()
    freeze(network, frozen)
    assert frozen_names(network) == names


def test_layers_of_several_names_are_frozen() -> None:
    network = small()
    freeze(network, ("trunk_norm", "trunk_conv_2"))
    assert frozen_names(network) == ["trunk_norm", "trunk_conv_2"]


@pytest.mark.parametrize("frozen", [0, 1, "conv", ("trunk_", "conv")])
def test_the_error_of_freezing_nothing_names_the_layers(frozen: int | str | tuple[str, ...]) -> None:
    with pytest.raises(VisageError, match=r"selects no layer with weights; small has trunk_conv_1, trunk_norm, .*age"):
        freeze(small(), frozen)


def test_to_freeze_everything_is_refused() -> None:
    with pytest.raises(VisageError, match="leaves nothing of small to train"):
        freeze(small(), 99)


@pytest.mark.parametrize(
    ("frozen", "width"),
    [
        # The pooled first convolution, and the second one's 4 x 4 x 5.
        ("trunk_", 4 + 80),
        # After the first convolution everything but its pooling is learned: 4, and 6 x 6 x 4.
        ("trunk_conv_1", 4 + 144),
    ],
)
def test_trunk_and_head_together_are_the_network(frozen: str, width: int) -> None:
    network = small()
    freeze(network, frozen)
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3)).astype(np.float32)

    parts = split_at_frozen(network)

    assert parts is not None
    trunk, head = parts
    features = trunk(pixels)
    assert features.shape == (2, width)
    np.testing.assert_allclose(head(features)["age"], network(pixels)["age"], rtol=1e-5)


def test_training_the_head_trains_the_network_and_leaves_the_trunk() -> None:
    network = small()
    freeze(network, "trunk_")
    before = {weight.path: weight.numpy() for weight in network.weights}
    parts = split_at_frozen(network)
    assert parts is not None

    parts[1].compile("sgd", loss="mse")
    parts[1].fit(np.ones((4, 84)), {"age": np.ones((4, 3))}, verbose=0)

    changed = [weight.path for weight in network.weights if not np.array_equal(weight.numpy(), before[weight.path])]
    assert changed == ["age/kernel", "age/bias"]


def test_in_half_precision_the_loss_of_a_head_is_scaled_as_the_networks_would_be() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        network = small()
    finally:
        keras.config.set_dtype_policy("float32")
    freeze(network, "trunk_")
    parts = split_at_frozen(network)
    assert parts is not None
    parts[1].compile("sgd", loss="mse")
    assert isinstance(parts[1].optimizer, keras.optimizers.LossScaleOptimizer)


def test_unfrozen_layers_learn_the_slower_the_earlier_they_are() -> None:
    network = small()
    freeze(network, "trunk_conv")
    fractions = unfreeze(network, layer_decay=0.5)
    assert frozen_names(network) == []
    assert fractions == {
        "trunk_conv_2/kernel": 0.5,
        "trunk_conv_2/bias": 0.5,
        "trunk_conv_1/kernel": 0.25,
        "trunk_conv_1/bias": 0.25,
    }


def test_the_layers_of_two_trunks_learn_by_their_depth_in_their_own_trunk() -> None:
    layers = keras.layers
    pixels = keras.Input((8, 8, 3), name="pixels")
    dlib = layers.Conv2D(4, 3, name="dlib_conv_2")(layers.Conv2D(4, 3, name="dlib_conv_1")(pixels))
    faceres = layers.Conv2D(4, 3, name="faceres_conv_1")(pixels)
    pooled = [layers.GlobalAveragePooling2D()(trunk) for trunk in (dlib, faceres)]
    network = keras.Model(pixels, layers.Dense(3, name="age")(layers.Concatenate()(pooled)))
    freeze(network, ("dlib_", "faceres_"))
    fractions = unfreeze(network, layer_decay=0.5)
    assert {path: fraction for path, fraction in fractions.items() if path.endswith("kernel")} == {
        "dlib_conv_2/kernel": 0.5,
        "dlib_conv_1/kernel": 0.25,
        "faceres_conv_1/kernel": 0.5,
    }


@pytest.mark.parametrize("frozen", [None, "trunk_conv_2"])
def test_a_trainable_layer_before_the_frozen_ones_leaves_no_trunk(frozen: str | None) -> None:
    network = small()
    freeze(network, frozen)
    assert split_at_frozen(network) is None


def test_visage_is_cut_behind_its_taps() -> None:
    network = NETWORKS["visage"].build()
    freeze(network, "dlib_")
    parts = split_at_frozen(network)
    assert parts is not None
    trunk, head = parts
    assert trunk.count_params() == 5_607_488
    assert trunk.output_shape == (None, 32 + 64 + 128 + 256 + 256 + 128 + 4 * 4 * 256)
    assert head.count_params() + trunk.count_params() == network.count_params()


def test_visage_duo_is_cut_behind_the_taps_of_both_trunks() -> None:
    network = NETWORKS["visage_duo"].build()
    freeze(network, ("dlib_", "faceres_"))
    parts = split_at_frozen(network)
    assert parts is not None
    trunk, head = parts
    assert trunk.count_params() == 5_607_488 + OF_FACERES
    widths = [network.get_layer(f"levels_of_{name}").output.shape[1] for name in ("dlib", "faceres")]
    assert trunk.output_shape == (None, sum(widths))
    assert head.count_params() + trunk.count_params() == network.count_params()
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 150, 150, 3)).astype(np.float32)
    np.testing.assert_allclose(head(trunk(pixels))["age"], network(pixels)["age"], rtol=1e-3, atol=1e-5)
