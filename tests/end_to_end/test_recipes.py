"""The published recipes from drawn archives to a pushed model that predicts; the two cheapest, few steps each.

The others ran by hand, as docs/recipes.md describes.
"""

import json
from pathlib import Path

import pytest

from tests.end_to_end.visage import served_versions, visage

pytestmark = pytest.mark.slow

SHRUNK = {
    "data.sample_portraits.count": 160,
    "trainer.epochs": 2,
    "trainer.epoch_size": 32,
    "trainer.batch_size": 8,
}


@pytest.mark.parametrize(
    ("recipe", "changes", "age", "gender"),
    [
        ("cnn_imdb_age", {"evaluator.age_mae_max": 90}, True, False),
        (
            "mobilenet_imdb",
            {"trainer.weights": None, "evaluator.age_mae_max": 90, "evaluator.gender_accuracy_min": 0},
            True,
            True,
        ),
    ],
)
def test_a_recipe_ends_in_a_pushed_model_with_its_provenance(
    tmp_path: Path, recipe: str, changes: dict[str, float | None], age: bool, gender: bool
) -> None:
    values = {"workspace": str(tmp_path), **SHRUNK, **changes}
    options = [word for key, value in values.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    ended = visage("run", f"recipes/{recipe}.yaml", *options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    name = recipe.replace("_", "-")
    assert len(served_versions(tmp_path, name)) == 1

    portrait = next(path for path in (tmp_path / "data").rglob("*.jpg") if path.stat().st_size > 10_000)
    prediction = visage("predict", portrait, "--model", tmp_path / name / "serving" / "visage", "--json")
    assert prediction.returncode == 0, prediction.stdout + prediction.stderr
    (photo,) = json.loads(prediction.stdout)
    for face in photo["faces"]:
        assert (face["age"] is not None) == age
        assert (face["gender"] is not None) == gender
