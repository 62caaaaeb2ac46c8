"""TensorFlow Serving's loader, called through the C API, returns values, failures and differences correctly."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from visage.saved_model.cpp_loader.calls import Call, Failure
from visage.saved_model.cpp_loader.loader import call_in_cpp
from visage.saved_model.validation.errors import UnservableError
from visage.saved_model.validation.served import ExpectedPredictions, check_served, read_signatures


class Echo(tf.Module):
    """Returns its inputs and its variable."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = tf.Variable(2.0)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "texts"),
            tf.TensorSpec([None, 2], tf.float32, "numbers"),
            tf.TensorSpec([], tf.int64, "count"),
        ]
    )
    def serving_default(self, texts: tf.Tensor, numbers: tf.Tensor, count: tf.Tensor) -> dict[str, tf.Tensor]:
        positive = tf.debugging.Assert(count >= 0, ["the count is negative"])
        with tf.control_dependencies([positive]):
            return {"texts": tf.identity(texts), "twice": numbers * self.scale, "more": count + 1, "any": count > 0}


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("echo") / "1")
    model = Echo()
    tf.saved_model.save(model, folder, signatures={"serving_default": model.serving_default})
    return folder


def strings(*items: bytes) -> np.ndarray:
    array = np.empty(len(items), object)
    array[:] = items
    return array


def inputs(count: int, *texts: bytes) -> dict[str, np.ndarray]:
    numbers = np.arange(2 * len(texts), dtype=np.float32).reshape(-1, 2)
    return {"texts": strings(*texts), "numbers": numbers, "count": np.array(count)}


def call(folder: str, values: dict[str, np.ndarray]) -> Call:
    signature = read_signatures(folder)["serving_default"]
    return Call(
        {signature.inputs[name].name: value for name, value in values.items()},
        [signature.outputs[name].name for name in ("texts", "twice", "more", "any")],
    )


def test_every_kind_of_value_survives_the_exchange(echo: str) -> None:
    # Short strings lie inside TensorFlow's 24 bytes, long ones elsewhere; a zero byte ends none of them.
    texts = (b"", b"a\0b", b"\xff\xd8\xff" + b"x" * 100_000)
    replies = call_in_cpp(echo, [call(echo, inputs(3, *texts)), call(echo, inputs(0))])
    assert replies.load_failure is None
    full, empty = replies.results
    assert not isinstance(full, Failure)
    assert not isinstance(empty, Failure)
    assert full[0].tolist() == list(texts)
    np.testing.assert_array_equal(full[1], [[0, 2], [4, 6], [8, 10]])
    assert [(value.dtype.name, value.tolist()) for value in full[2:]] == [("int64", 4), ("bool", True)]
    assert [value.shape for value in empty] == [(0,), (0, 2), (), ()]


def test_a_failed_call_has_the_servers_error_and_the_next_one_runs(echo: str) -> None:
    unknown = Call({}, ["no_such:0"])
    failed, missing, succeeded = call_in_cpp(
        echo, [call(echo, inputs(-1, b"a")), unknown, call(echo, inputs(1, b"a"))]
    ).results
    assert isinstance(failed, Failure)
    assert failed.code == "INVALID_ARGUMENT"
    assert "assertion failed: [the count is negative]" in failed.message
    assert missing == Failure("NOT_FOUND", "the graph has no operation no_such")
    assert not isinstance(succeeded, Failure)


def test_a_folder_without_a_model_cannot_be_loaded(tmp_path: Path) -> None:
    replies = call_in_cpp(str(tmp_path), [])
    assert replies.results == []
    assert replies.load_failure is not None
    assert replies.load_failure.code == "NOT_FOUND"
    assert "Could not find SavedModel" in replies.load_failure.message


@pytest.mark.parametrize(
    ("output", "expected", "reason"),
    [
        ("twice", np.array([[0, 2.1]], np.float32), "gives 2.0, Python 2.0999"),
        ("twice", np.array([[0, np.nan]], np.float32), "gives 2.0, Python nan"),
        ("twice", np.array([[0, 2], [4, 6]], np.float32), "gives the shape (1, 2), Python (2, 2)"),
        ("texts", strings(b"b"), "gives b'a', Python b'b'"),
    ],
)
def test_different_predictions_are_named(echo: str, output: str, expected: np.ndarray, reason: str) -> None:
    outputs = {"texts": strings(b"a"), "twice": np.array([[0, 2.0001]], np.float32)}
    check_served(echo, [ExpectedPredictions("serving_default", inputs(1, b"a"), outputs)])
    with pytest.raises(UnservableError) as refused:
        check_served(echo, [ExpectedPredictions("serving_default", inputs(1, b"a"), {**outputs, output: expected})])
    assert str(refused.value).startswith(f"serving_default: output {output}: TensorFlow Serving's loader {reason}")


class Fixed(tf.Module):
    """Predicts the given ages and names."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "ages"), tf.TensorSpec([None], tf.string, "names")])
    def serving_default(self, ages: tf.Tensor, names: tf.Tensor) -> dict[str, tf.Tensor]:
        probabilities = tf.one_hot(tf.cast(tf.round(ages), tf.int32), 101)
        return {"age": ages, "age_probabilities": probabilities, "age_group": names}


def python_predictions(age: float, group: bytes) -> dict[str, np.ndarray]:
    probabilities = np.eye(101, dtype=np.float32)[[round(age)]]
    return {"age": np.array([age], np.float32), "age_probabilities": probabilities, "age_group": strings(group)}


def test_a_group_may_differ_where_the_age_lies_at_its_boundary(tmp_path: Path) -> None:
    model = Fixed()
    tf.saved_model.save(model, str(tmp_path / "1"), signatures={"serving_default": model.serving_default})

    def expected(age: float, group_in_cpp: bytes, group: bytes) -> ExpectedPredictions:
        requested = {"ages": np.array([age], np.float32), "names": strings(group_in_cpp)}
        return ExpectedPredictions("serving_default", requested, python_predictions(age, group))

    at_boundary, of_one_group = expected(35.4999, b"38-43", b"25-32"), expected(30, b"8-13", b"25-32")
    with pytest.raises(UnservableError) as refused:
        check_served(str(tmp_path / "1"), [at_boundary, of_one_group])
    assert str(refused.value).endswith("output age_group: TensorFlow Serving's loader gives b'8-13', Python b'25-32'")
