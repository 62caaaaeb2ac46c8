"""Wrong labels are distinguished from right ones by predictions that have not learned from them."""

import numpy as np
import pytest

from visage.training.suspects.criterion import (
    Prediction,
    age_deviations,
    age_suspects,
    gender_suspects,
    prediction_of,
)


def distributions(mean: np.ndarray, sigma: float | np.ndarray, classes: int = 101) -> np.ndarray:
    spread = np.broadcast_to(sigma, mean.shape)[:, None]
    mass = np.exp(-0.5 * ((np.arange(classes) - mean[:, None]) / spread) ** 2)
    return mass / mass.sum(axis=1, keepdims=True)


def test_median_and_width_are_those_of_the_distribution() -> None:
    prediction = prediction_of(distributions(np.array([30.0, 70.0]), np.array([4.0, 8.0])))
    assert prediction.median == pytest.approx([30.0, 70.0], abs=0.05)
    assert prediction.width == pytest.approx([4.0, 8.0], rel=0.02)


def test_one_class_alone_has_the_width_of_its_unit() -> None:
    prediction = prediction_of(np.eye(8)[[0, 7]])
    assert prediction.median == pytest.approx([0.0, 7.0])
    assert prediction.width == pytest.approx([0.34, 0.34], abs=0.01)


class Faces:
    """Faces of which old ones are predicted worse, and what a network predicts of them."""

    def __init__(self, count: int = 6000, width: float = 1.0) -> None:
        rng = np.random.default_rng(3)
        self.truth = rng.uniform(0, 90, count).round()
        spread = 1 + self.truth / 12
        self.predicted = (self.truth + rng.normal(0, spread)).clip(0, 100)
        self.distributions = distributions(self.predicted, width * spread)
        self.group = (self.predicted // 15).astype(int)
        self.wrong = rng.random(count) < 0.05
        self.moved = np.where(self.wrong, (self.truth + rng.choice([-1, 1], count) * 40) % 101, self.truth)

    def suspects(self, label: np.ndarray) -> np.ndarray:
        return age_suspects(age_deviations(label, label, prediction_of(self.distributions), self.group))


# Networks may be twice too sure, or twice too unsure.
@pytest.mark.parametrize(("width", "recall"), [(1.0, 0.95), (0.5, 0.95), (2.0, 0.95)])
def test_planted_ages_are_found_and_the_others_stay(width: float, recall: float) -> None:
    faces = Faces(width=width)
    found = faces.suspects(faces.moved)
    assert found[faces.wrong].mean() > recall
    assert faces.wrong[found].mean() > 0.95


def test_of_right_labels_hardly_any_is_suspect_and_old_people_are_not_more_often() -> None:
    faces = Faces(20_000)
    found = faces.suspects(faces.truth)
    assert found.mean() < 0.002
    assert found[faces.truth > 70].mean() < 0.004


def test_a_wrong_label_within_what_its_prediction_leaves_open_stays() -> None:
    faces = Faces()
    faces.distributions[:100] = 1 / 101
    assert not faces.suspects(np.where(np.arange(6000) < 100, 90.0, faces.truth))[:100].any()


def test_a_group_is_judged_by_its_nearer_end_and_a_prediction_within_it_is_right() -> None:
    faces = Faces()
    first, last = faces.truth.copy(), faces.truth.copy()
    first[:2], last[:2] = 60.0, 100.0
    faces.distributions[:2] = distributions(np.array([61.0, 10.0]), 3.0)
    deviation = age_deviations(first, last, prediction_of(faces.distributions), faces.group)
    assert deviation[0] == 0
    assert deviation[1] > 3.5


def test_unknown_ages_and_too_few_of_them_are_not_judged() -> None:
    prediction = Prediction(np.full(99, 30.0), np.full(99, 4.0))
    far = np.full(99, 90.0)
    assert np.isnan(age_deviations(far, far, prediction, np.zeros(99, int))).all()
    faces = Faces()
    label = faces.truth.copy()
    label[0] = np.nan
    deviation = age_deviations(label, label, prediction_of(faces.distributions), faces.group)
    assert np.isnan(deviation[0])
    assert not age_suspects(deviation)[0]


def test_planted_genders_are_found_and_those_that_nobody_can_tell_stay() -> None:
    rng = np.random.default_rng(3)
    label = rng.integers(0, 2, 5000)
    # A fifth are children, whose gender the network does not know.
    child = np.arange(5000) < 1000
    male = np.where(label == 1, rng.beta(40, 1, 5000), rng.beta(1, 40, 5000))
    male = np.where(child, rng.uniform(0.35, 0.65, 5000), male)
    wrong = (rng.random(5000) < 0.05) & ~child
    found = gender_suspects(np.where(wrong, 1 - label, label), male)
    assert found[wrong].mean() > 0.9
    assert wrong[found].mean() > 0.95
    assert not found[child].any()


def test_a_network_that_has_learned_nothing_judges_no_gender() -> None:
    rng = np.random.default_rng(3)
    assert not gender_suspects(rng.integers(0, 2, 5000), rng.uniform(0.4, 0.6, 5000)).any()


def test_unknown_genders_and_too_few_of_them_are_not_judged() -> None:
    label = np.array([-1] * 500 + [0] * 200 + [1] * 200)
    male = np.where(label == 1, 0.99, 0.01)
    assert not gender_suspects(label, male).any()
    assert not gender_suspects(np.array([0] * 49 + [1] * 50), np.array([0.99] * 99)).any()
