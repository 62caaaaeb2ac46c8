"""A model names its pipeline, version and data; a warning of drawn portraits comes first."""

from dataclasses import replace
from typing import Any

import pytest

from visage.data.settings import SplitSettings
from visage.saved_model.identity import BOTH, DRAWN, PHOTOS, UNKNOWN, identify
from visage.saved_model.metadata import ModelMetadata, ThirdParty, TrainingProvenance
from visage.saved_model.provenance import provenance_of_data


def one(drawn: bool | None, *sources: str) -> TrainingProvenance:
    return replace(
        provenance_of_data(sources or ["utkface"], SplitSettings(), "faces", drawn), faces=1265, training="8"
    )


def test_a_model_of_drawn_portraits_starts_with_a_warning() -> None:
    identity = identify(ModelMetadata(learned_from=[one(True, "utkface", "imdb_wiki/wiki")]), "visage", 17)
    assert list(identity.lines()) == [
        "warning: trained on drawn portraits, not on photos of people: its predictions for photos are meaningless",
        "model: visage, pipeline faces, version 17, training 8, "
        "trained on drawn portraits: imdb_wiki, utkface (1,265 faces)",
    ]


def test_a_model_of_photos_needs_no_warning() -> None:
    identity = identify(ModelMetadata(learned_from=[one(False)]), "visage", "17")
    assert list(identity.lines()) == [
        "model: visage, pipeline faces, version 17, training 8, trained on photos: utkface (1,265 faces)"
    ]


@pytest.mark.parametrize(
    ("drawn", "images"),
    [
        ((True, True), DRAWN),
        ((False, True), BOTH),
        ((None, True), BOTH),
        ((False, False), PHOTOS),
        ((False, None), UNKNOWN),
        ((None,), UNKNOWN),
    ],
)
def test_one_training_on_drawn_portraits_decides(drawn: tuple[bool | None, ...], images: str) -> None:
    identity = identify(ModelMetadata(learned_from=[one(each) for each in drawn]), "visage", 17)
    assert identity.trained_on.pictures == images
    assert (identity.warning is not None) == (images in (DRAWN, BOTH))


def test_a_model_of_other_people_says_what_is_not_known() -> None:
    known = ThirdParty("nets 2.0", "Ada", "CC0-1.0", "a CNN", "private images", "who is on them")
    identity = identify(ModelMetadata(learned_from=[one(False)], third_party=known), "visage", 1)
    assert list(identity.lines()) == [
        "model: visage, nets 2.0, version 1, training 8, trained on photos: utkface (1,265 faces)",
        "notice: networks of Ada (CC0-1.0), trained on private images; not known: who is on them",
    ]


def test_an_older_model_still_names_its_data_sets() -> None:
    older = ModelMetadata(learned_from=[TrainingProvenance(["utkface"], {})])
    assert identify(older, "visage", 17).summary == (
        "visage, pipeline unknown, version 17, trained on images of unknown origin: utkface"
    )


@pytest.mark.parametrize(
    "description", [{}, {"learned_from": None}, {"learned_from": 3}, {"learned_from": [3]}, {"learned_from": [{}]}]
)
def test_a_model_without_description_is_unknown(description: dict[str, Any]) -> None:
    identity = identify(ModelMetadata.from_json(description), "visage", None)
    assert identity.summary == "visage, pipeline unknown, version unknown, trained on unknown"
    assert identity.trained_on.faces is None
