"""Measures the distance of two distributions with the formulas of TensorFlow Data Validation.

TFDV itself takes 20 seconds to import; `tests/components/test_monitoring_as_tfdv.py` compares the results.

Source: tensorflow_data_validation/anomalies/metrics.cc.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from visage.monitoring.counts import NumberCounts, TextCounts
from visage.monitoring.features import L_INFINITY

# Standard deviations. A normal variable is further from its mean once in twenty times; chi-squared has a heavier tail,
# and is further above its mean about as often (4 to 6 % of 4,000 drawn pairs of samples).
_DEVIATIONS = 1.96


def distance(one: NumberCounts | TextCounts, other: NumberCounts | TextCounts) -> float:
    """Returns the distance of two distributions of one feature, by the feature's measure: 0 (equal) to 1.

    Args:
        one: with a value at least.
        other: the same.
    """
    first, second = _fractions(one), _fractions(other)
    return l_infinity(first, second) if one.feature.measure == L_INFINITY else jensen_shannon(first, second)


def l_infinity(one: Mapping[object, float], other: Mapping[object, float]) -> float:
    """Returns the greatest difference of a value's fraction.

    >>> l_infinity({"female": 0.5, "male": 0.5}, {"female": 0.25, "male": 0.75})
    0.25
    """
    return max(abs(one.get(value, 0.0) - other.get(value, 0.0)) for value in {*one, *other})


def jensen_shannon(one: Mapping[object, float], other: Mapping[object, float]) -> float:
    """Returns the Jensen-Shannon divergence to base 2: (KL(p, m) + KL(q, m)) / 2 with m = (p + q) / 2.

    >>> jensen_shannon({"a": 1.0}, {"b": 1.0})
    1.0
    """
    total = 0.0
    for value in {*one, *other}:
        p, q = one.get(value, 0.0), other.get(value, 0.0)
        total += sum(part * math.log2(2 * part / (p + q)) for part in (p, q) if part > 0)
    return min(1.0, max(0.0, total / 2))


def by_chance(one: NumberCounts | TextCounts, other: NumberCounts | TextCounts) -> float:
    """Returns the distance that two samples of these sizes from one distribution exceed about once in twenty times.

    The distribution is the mean of both. It holds for independent faces: several of one person, or of one client's
    series, differ more.

    Jensen-Shannon: 8 ln 2 JSD / (1/n + 1/m) is chi-squared with as many degrees of freedom as there are values, less
    one, nearly normal. L-infinity: 1.96 standard errors of the fraction next to one half.
    """
    first, second = _fractions(one), _fractions(other)
    mixed = [(first.get(value, 0.0) + second.get(value, 0.0)) / 2 for value in {*first, *second}]
    scale = 1 / one.count + 1 / other.count
    if one.feature.measure == L_INFINITY:
        return _DEVIATIONS * max(math.sqrt(part * (1 - part) * scale) for part in mixed)
    freedom = sum(part > 0 for part in mixed) - 1
    return (freedom + _DEVIATIONS * math.sqrt(2 * freedom)) * scale / (8 * math.log(2))


def _fractions(counts: NumberCounts | TextCounts) -> dict[object, float]:
    found = dict(enumerate(counts.bins)) if isinstance(counts, NumberCounts) else counts.values
    total = counts.count
    return {value: number / total for value, number in found.items() if number}
