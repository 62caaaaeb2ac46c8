"""Defines the values of labels: age groups, genders, races, unknown."""

import math
from bisect import bisect_left
from typing import Literal, get_args

AGE_GROUPS = ("0-2", "4-6", "8-13", "15-20", "25-32", "38-43", "48-53", "60-100")
# Years; 5 for the group 4-6, 80 for 60-100.
AGE_GROUP_MIDDLES = tuple(sum(map(int, group.split("-"))) / 2 for group in AGE_GROUPS)
GENDERS = ("female", "male")
RACES = ("white", "black", "asian", "indian", "others")
UNKNOWN = "unknown"
# In place of an age group: the label, such as 20-29, allows ages of more than one.
SEVERAL_AGE_GROUPS = "several"

# What people are grouped by.
Feature = Literal["gender", "age_group", "race", "source"]
FEATURES: tuple[Feature, ...] = get_args(Feature)

# Whole years: the middles between neighbouring groups. An age between two groups belongs to the nearer one, or to the
# younger one if both are equally near, as the literature maps Adience's irregular labels.
AGE_GROUP_BOUNDARIES = (3.0, 7.0, 14.0, 22.5, 35.0, 45.5, 56.5)


def age_group_name(group: int | None, is_known: bool) -> str:
    """Returns the name of the age group of a record.

    Args:
        group: index into `AGE_GROUPS` that the age label determines; None or -1 where it determines none.
        is_known: whether there is an age label; matters without a group alone.

    >>> age_group_name(4, True), age_group_name(None, True), age_group_name(None, False)
    ('25-32', 'several', 'unknown')
    """
    if group is not None and group >= 0:
        return AGE_GROUPS[group]
    return SEVERAL_AGE_GROUPS if is_known else UNKNOWN


def age_group(age: float) -> int:
    """Returns the index into `AGE_GROUPS` of an age in years: the group nearest to the age rounded to a whole year.

    Ages are displayed rounded, so the group never contradicts the displayed age. An exact half is rounded to the even
    year, as in NumPy, TensorFlow and Python's formatting. The index is the number of boundaries below the rounded age.

    Args:
        age: years; labels and predictions alike.

    >>> AGE_GROUPS[age_group(35.4)], AGE_GROUPS[age_group(35.6)]
    ('25-32', '38-43')
    """
    return bisect_left(AGE_GROUP_BOUNDARIES, round(age) if math.isfinite(age) else age)
