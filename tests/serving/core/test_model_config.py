"""TensorFlow Serving's text files."""

from pathlib import Path

import pytest

from serving.core.model_config import (
    ModelConfig,
    VersionPolicy,
    read_batch_limits,
    read_models_config,
    read_monitoring_config,
)
from visage.errors import VisageError

pytestmark = pytest.mark.one_stack


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models.config"


def test_models_with_policies_and_labels(file: Path) -> None:
    file.write_text(
        """
        model_config_list {
          config {
            name: "visage" base_path: "/models/visage" model_platform: "tensorflow"
            model_version_policy { specific { versions: 3 versions: 5 } }
            version_labels { key: "stable" value: 3 }
            version_labels { key: "canary" value: 5 }
          }
          config { name: "all" base_path: "/models/all" model_version_policy { all {} } }
          config { name: "two" base_path: "/models/two" model_version_policy { latest { num_versions: 2 } } }
        }
        """
    )
    visage, all_versions, two = read_models_config(file)
    assert visage == ModelConfig(
        "visage",
        Path("/models/visage"),
        VersionPolicy(specific=frozenset({3, 5})),
        {"stable": 3, "canary": 5},
    )
    assert visage.policy.chosen([2, 3, 4, 5, 6]) == [5, 3]
    assert all_versions.policy.chosen([1, 2, 3]) == [3, 2, 1]
    assert two.policy.chosen([1, 2, 3]) == [3, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'config { name: "m" base_path: "models/m" }',
            "Expected model m to have an absolute path or URI; got base_path()=models/m",
        ),
        (
            'config { name: "m" base_path: "/m" } config { name: "m" base_path: "/n" }',
            "Illegal to list model m multiple times in config list",
        ),
        ('config { nam: "m" }', 'has no field named "nam"'),
        ('config { name: "m" base_path: "/m"', "correct the line"),
    ],
)
def test_a_mistake_is_one_line_with_the_file(file: Path, text: str, message: str) -> None:
    file.write_text(f"model_config_list {{ {text} }}")
    with pytest.raises(VisageError) as error:
        read_models_config(file)
    assert str(error.value).startswith(f"{file}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_one_line(file: Path) -> None:
    with pytest.raises(VisageError, match=r"models\.config: cannot be read \(No such file or directory\); name"):
        read_models_config(file)


def test_batching_and_monitoring_files(file: Path) -> None:
    file.write_text("max_batch_size { value: 64 } num_batch_threads { value: 3 } allowed_batch_sizes: 64")
    limits = read_batch_limits(file)
    assert (limits.max_batch_size, limits.num_batch_threads, limits.max_enqueued_batches) == (64, 3, 10)
    file.write_text('prometheus_config { enable: true path: "/metrics" }')
    assert read_monitoring_config(file).prometheus_config.path == "/metrics"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("num_batch_threads { value: 0 }", "num_batch_threads: 0 is below 1; give 1 or more"),
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: 4",
            "allowed_batch_sizes must increase and end with max_batch_size, 8; correct it",
        ),
    ],
)
def test_batching_that_tensorflow_serving_refuses(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(VisageError) as error:
        read_batch_limits(file)
    assert str(error.value) == f"{file}: {message}"
