"""Groups of the test records."""

from tests.visage.evaluation.some_tables import truths_of
from visage.evaluation.predictions.table import Truths
from visage.evaluation.slices import Slice, all_pairs, feature_values, slice_name, slices_of
from visage.evaluation.statistics.intervals import clusters_of

TRUTHS = truths_of(
    ages=[30, 1, None, 70, 31],
    genders=["male", "female", "unknown", "male", "male"],
    races=["asian", "white", "unknown", "white", "asian"],
    identities=["bob", "ann", "unknown", "carl", "bob"],
)


def groups(*features: str, truths: Truths = TRUTHS, pairs: bool = False) -> list[Slice]:
    clusters = clusters_of(truths.identity, truths.key)
    return slices_of(truths, clusters, features, all_pairs(features) if pairs else ())  # type: ignore[arg-type]


def test_all_records_come_first_and_then_the_groups_that_have_records() -> None:
    assert [(part.name, part.rows.tolist()) for part in groups("gender", "age_group")] == [
        ("overall", [0, 1, 2, 3, 4]),
        ("gender female", [1]),
        ("gender male", [0, 3, 4]),
        ("gender unknown", [2]),
        ("age_group 0-2", [1]),
        ("age_group 25-32", [0, 4]),
        ("age_group 60-100", [3]),
        ("age_group unknown", [2]),
    ]


def test_people_are_counted_once() -> None:
    assert [(len(part), part.people) for part in groups("race")] == [(5, 4), (2, 2), (2, 1), (1, 1)]


def test_sources_are_in_the_order_of_their_names() -> None:
    truths = Truths(**{**vars(TRUTHS), "source": TRUTHS.gender})
    assert [part.name for part in groups("source", truths=truths)[1:]] == [
        "source female",
        "source male",
        "source unknown",
    ]


def test_pairs_of_groups_follow_the_groups() -> None:
    found = groups("gender", "race", pairs=True)
    assert [(part.name, len(part)) for part in found[7:]] == [
        ("gender female, race white", 1),
        ("gender male, race white", 1),
        ("gender male, race asian", 2),
        ("gender unknown, race unknown", 1),
    ]
    assert found[8].values == {"gender": "male", "race": "white"}
    assert all_pairs(["gender", "race", "source"]) == [("gender", "race"), ("gender", "source"), ("race", "source")]


def test_each_feature_of_known_values_divides_all_records() -> None:
    for feature in ("gender", "age_group", "race", "source"):
        found = groups(feature)[1:]
        assert sorted(row for part in found for row in part.rows) == [0, 1, 2, 3, 4]


def test_a_slice_is_named_by_its_values() -> None:
    assert slice_name({}) == "overall"
    assert slice_name({"gender": "female", "race": "asian"}) == "gender female, race asian"
    assert feature_values(TRUTHS, "age_group").tolist() == ["25-32", "0-2", "unknown", "60-100", "25-32"]


def test_a_label_of_several_age_groups_is_not_unknown() -> None:
    high = TRUTHS.age_high.copy()
    high[0] = 39
    truths = Truths(**{**vars(TRUTHS), "age_high": high})
    assert feature_values(truths, "age_group").tolist() == ["several", "0-2", "unknown", "60-100", "25-32"]
    assert [part.name for part in groups("age_group", truths=truths)[-2:]] == ["age_group several", "age_group unknown"]


def test_without_records_there_is_only_the_empty_whole() -> None:
    (whole,) = groups("gender", "race", truths=truths_of([]))
    assert (whole.name, len(whole), whole.people) == ("overall", 0, 0)
