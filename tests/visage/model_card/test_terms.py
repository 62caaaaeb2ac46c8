"""The terms that a model inherits."""

from dataclasses import replace

import pytest

from visage.model_card.data_terms import data_terms
from visage.saved_model.metadata import TrainingProvenance

OWN = TrainingProvenance(["imdb_wiki", "utkface"], {}, "faces", False, 10, "3", "dlib")


def test_every_archive_teacher_and_start_has_its_terms() -> None:
    teacher = TrainingProvenance(["adience", "utkface"], {}, "teacher", False, 10, "1", "vgg_face_weights.h5")
    found = {each.what: each for each in data_terms([OWN, teacher])}
    assert list(found) == [
        "imdb_wiki",
        "utkface",
        "first weights: dlib",
        "adience",
        "first weights: vgg_face_weights.h5",
    ]
    assert found["utkface"].by == "this model"
    assert found["adience"].by == "a teacher or an earlier model"
    assert "IMDB-WIKI" in found["imdb_wiki"].terms
    assert "public domain" in found["first weights: dlib"].terms
    assert "VGG-Face" in found["first weights: vgg_face_weights.h5"].terms
    assert all("non-commercial" in found[name].terms for name in ("imdb_wiki", "utkface", "adience"))


def test_every_trunk_has_its_terms() -> None:
    found = {each.what: each.terms for each in data_terms([replace(OWN, weights="dlib, faceres")])}
    assert "public domain" in found["first weights: dlib"]
    assert "VGGFace2" in found["first weights: faceres"]
    assert "non-commercial" in found["first weights: faceres"]


@pytest.mark.parametrize("trainings", [None, [], [TrainingProvenance()]])
def test_what_a_model_does_not_record_is_said(trainings: list[TrainingProvenance] | None) -> None:
    assert [each.what for each in data_terms(trainings)] == ["data", "first weights"]
    assert all("unknown" in each.terms for each in data_terms(trainings))


def test_drawings_and_own_folders_have_terms_of_their_own() -> None:
    drawn = TrainingProvenance(["utkface"], {}, "faces", True, 10, "3", "random")
    own = TrainingProvenance(["labelled_folder/team"], {}, "faces", False, 10, "3", "imagenet")
    assert [each.terms for each in data_terms([drawn])] == ["Drawn portraits: nobody's face, no terms."]
    folder, start = data_terms([own])
    assert folder.terms == "The owner of the images sets their terms."
    assert "ImageNet" in start.terms
