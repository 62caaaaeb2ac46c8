"""Valid and invalid folds of a cross-validation."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from pipeline.cross_validation.folds import check_folds, fold_splits
from tests.helpers.project import PROJECT
from visage.data.age_labels import AgeInterval
from visage.data.records import FaceRecord
from visage.data.settings import SplitSettings
from visage.data.split import split_of
from visage.errors import VisageError


def config(*overrides: str, recipe: str = "pipeline_config.yaml") -> PipelineConfig:
    return load_config(PROJECT / recipe, overrides)


def people(count: int, folds: list[int] | None = None) -> list[FaceRecord]:
    return [
        FaceRecord(b"", str(number), AgeInterval.exact(30.0), "female", f"utkface/{number}", "utkface", fold=fold)
        for number, fold in enumerate(folds or [None] * count)
    ]


@given(count=st.integers(2, 12))
def test_every_record_is_tested_once_and_nobody_is_in_two_folds(count: int) -> None:
    splits = fold_splits(CONFIG, count)
    for person in people(40):
        images = [replace(person, key=f"{person.key}-{number}") for number in range(3)]
        uses = {tuple(split_of(image, split) for split in splits) for image in images}
        assert [use.count("test") for use in uses] == [1]


CONFIG = config()


def test_a_recipe_without_folds_gets_the_given_number() -> None:
    assert [(split.folds, split.fold) for split in fold_splits(CONFIG, 3)] == [(3, 0), (3, 1), (3, 2)]
    assert len(fold_splits(CONFIG, None)) == 5
    assert len(fold_splits(config("split.method=folds", "split.folds=7"), None)) == 7


@pytest.mark.parametrize("override", ["split.method=folds", "split.method=holdout"])
def test_adiences_own_protocol_is_followed(override: str) -> None:
    adience = config(override, recipe="recipes/resnet_adience.yaml")
    assert [(split.folds, split.fold) for split in fold_splits(adience, 5)] == [("published", n) for n in range(5)]


def test_adience_can_have_folds_by_identity() -> None:
    other = config("split.method=folds", "split.folds=4", recipe="recipes/resnet_adience.yaml")
    assert {split.folds for split in fold_splits(other, None)} == {4}


@pytest.mark.parametrize(
    ("overrides", "folds", "complaint"),
    [
        ([], 1, "--folds 1: must be 2 to 100"),
        (["data.sources=[adience/faces]"], 4, "--folds 4: adience/faces: 5 folds are published; --folds 5, or "),
        (["trainer.weights=blessed"], 5, "trainer.weights: the blessed model was trained on people of the test folds"),
        (["trainer.distillation.teacher=DIR"], 5, "trainer.distillation.teacher: it was trained on people of"),
        (["split.method=protocol"], 5, "split.protocol utkface_80_20 has no folds: --set split.method=holdout"),
    ],
)
def test_invalid_folds_are_errors_of_one_line(overrides: list[str], folds: int, complaint: str) -> None:
    with pytest.raises(VisageError) as refused:
        fold_splits(config(*overrides), folds)
    assert str(refused.value).startswith(complaint)
    assert "\n" not in str(refused.value)


def test_folds_without_an_empty_one_pass() -> None:
    check_folds(people(100), fold_splits(CONFIG, 5))
    check_folds(people(5, folds=[0, 1, 2, 3, 4]), published(5))


def test_an_empty_fold_is_an_error() -> None:
    with pytest.raises(VisageError, match=r"^3 people are too few for 5 folds: nobody is in [\d, ]+; ask for fewer"):
        check_folds(people(3), fold_splits(CONFIG, 5))


def test_other_published_folds_are_an_error() -> None:
    with pytest.raises(VisageError, match=r"^the published folds of this data are 0, 1, 2, not 0, 1: --folds 3, or "):
        check_folds(people(3, folds=[0, 1, 2]), published(2))


@given(there=st.sets(st.integers(0, 6), min_size=1), count=st.integers(2, 8))
def test_folds_that_an_error_advises_are_valid(there: set[int], count: int) -> None:
    data = people(len(there), folds=sorted(there))
    if there == set(range(count)):
        return
    with pytest.raises(VisageError) as refused:
        check_folds(data, published(count))
    message = str(refused.value)
    if advised := re.search(r"--folds (\d+)", message):
        made = fold_splits(config("split.method=folds", "split.folds=published"), int(advised[1]))
        check_folds(data, made)
    assert "--set split.method=folds" in message


def test_no_other_number_of_folds_is_advised_for_adience() -> None:
    four = [replace(person, source="adience") for person in people(4, folds=[0, 1, 2, 3])]
    with pytest.raises(VisageError) as refused:
        check_folds(four, published(5))
    assert str(refused.value) == (
        "the published folds of this data are 0, 1, 2, 3, not 0, 1, 2, 3, 4: give the images of all folds, or --set "
        "split.method=folds --set split.folds=5 for others, made by identity"
    )


def test_a_person_in_two_published_folds_is_an_error() -> None:
    ann, bob, cy = people(3, folds=[0, 1, 2])
    with pytest.raises(VisageError, match=r"^utkface/1 is in the published folds 1 and 2, so models") as refused:
        check_folds([ann, bob, cy, replace(bob, key="other", fold=2)], published(3))
    assert "\n" not in str(refused.value)


def published(count: int) -> list[SplitSettings]:
    return [SplitSettings(method="folds", folds="published", fold=fold) for fold in range(count)]
