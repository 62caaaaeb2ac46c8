"""An error's text is shortened to the cause, without the lines that TensorFlow adds."""

import pytest
import tensorflow as tf

from visage.tensorflow_messages import first_cause


def test_the_cause_of_a_graph_error_is_returned_without_its_graph() -> None:
    @tf.function
    def decode(jpeg: tf.Tensor) -> tf.Tensor:
        return tf.io.decode_jpeg(jpeg)

    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        decode(tf.constant(b"no picture"))
    assert "\n" in str(caught.value)
    assert "Unknown image file format" in first_cause(caught.value)
    assert "\n" not in first_cause(caught.value)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "Graph execution error:\n\nDetected at node X defined at\n  File a.py, line 3\nit broke\n[[{{node X}}]]",
            "it broke",
        ),
        ("one plain line", "one plain line"),
        ("", "ValueError"),
        ("[[{{node X}}]]", "ValueError"),
    ],
)
def test_lines_about_the_graph_are_skipped(text: str, cause: str) -> None:
    assert first_cause(ValueError(text)) == cause
