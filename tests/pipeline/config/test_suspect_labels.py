"""`cleaning.suspect_labels` concerns the Trainer alone, and is refused where no label can be judged."""

from pathlib import Path

import pytest

from pipeline.config.loader import load_config
from tests.helpers.project import PROJECT
from visage.errors import VisageError

RECIPE = PROJECT / "recipes" / "visage.yaml"
DEFAULT = PROJECT / "pipeline_config.yaml"


def test_the_cache_of_the_faces_does_not_depend_on_it() -> None:
    kept, dropped = (load_config(RECIPE, overrides) for overrides in ((), ("cleaning.suspect_labels=drop",)))
    assert (kept.cleaning.suspect_labels, dropped.cleaning.suspect_labels) == ("keep", "drop")
    assert kept.face_example_gen_settings() == dropped.face_example_gen_settings()
    assert "suspect_labels" not in dropped.face_example_gen_settings().model_dump_json()


@pytest.mark.parametrize("preset", ["head_only", "finetune"])
def test_both_presets_of_our_network_can_judge(preset: str) -> None:
    load_config(RECIPE, ("cleaning.suspect_labels=downweight", f"preset={preset}"))


@pytest.mark.parametrize(
    ("config", "overrides", "why"),
    [
        (DEFAULT, ("cleaning.suspect_labels=drop",), "freeze: cleaning.suspect_labels trains heads on features"),
        (RECIPE, ("cleaning.suspect_labels=drop", "trainer.augmentation.shift=0.1"), "which shift would change"),
        (RECIPE, ("cleaning.suspect_labels=drop", "trainer.weights=blessed"), "weights: blessed has learned"),
        (DEFAULT, ("cleaning.suspect_labels=remove",), "'keep', 'report', 'downweight' or 'drop'"),
    ],
)
def test_other_settings_are_errors_of_one_line(config: Path, overrides: tuple[str, ...], why: str) -> None:
    with pytest.raises(VisageError) as error:
        load_config(config, overrides)
    assert why in str(error.value)
    assert "\n" not in str(error.value)
