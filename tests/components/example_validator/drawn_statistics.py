"""Makes statistics of splits with given distributions, as StatisticsGen writes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList as Statistics

from tests.components.face_example_gen.validation import SCHEMA
from visage.data.labels import age_group

COMPARED = ("gender", "race", "source", "age", "age_known", "age_group")


@dataclass(frozen=True)
class Faces:
    """A split with exact fractions.

    Attributes:
        count: examples.
        men: fraction whose gender is male.
        wiki: fraction whose source is WIKI; the others are UTKFace's.
        older: years added to ages that lie evenly between 5 and 75.
        age_unknown: fraction whose age and age group are unknown.
    """

    count: int = 1000
    men: float = 0.5
    wiki: float = 0.5
    older: float = 0
    age_unknown: float = 0

    def frame(self) -> pd.DataFrame:
        """Returns one row for each example."""
        place = np.arange(self.count) / self.count
        known = place >= self.age_unknown
        ages = np.where(known, np.linspace(5, 75, self.count) + self.older, -1)
        return pd.DataFrame(
            {
                "gender": np.where(place < self.men, "male", "female"),
                "race": "unknown",
                "source": np.where(place < self.wiki, "wiki", "utkface"),
                "age": ages.astype(np.float32),
                "age_known": known.astype(np.float32),
                "age_group": [age_group(age) if age >= 0 else -1 for age in ages],
            }
        )

    def statistics(self) -> Statistics:
        """Computes the statistics as StatisticsGen does."""
        return tfdv.generate_statistics_from_dataframe(self.frame(), tfdv.StatsOptions(schema=COMPARED_SCHEMA))


def _compared_schema() -> schema_pb2.Schema:
    schema = schema_pb2.Schema()
    schema.CopyFrom(SCHEMA)
    del schema.feature[:]
    schema.feature.extend(feature for feature in SCHEMA.feature if feature.name in COMPARED)
    return schema


COMPARED_SCHEMA = _compared_schema()
"""The curated schema, less the features that are never compared."""


def write_statistics(folder: Path, splits: Mapping[str, Statistics]) -> str:
    """Writes the statistics as StatisticsGen does; returns the artifact's `split_names`."""
    for split, statistics in splits.items():
        path = folder / f"Split-{split}" / "FeatureStats.pb"
        path.parent.mkdir(parents=True)
        path.write_bytes(statistics.SerializeToString())
    return json.dumps(list(splits))
