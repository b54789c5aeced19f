"""Features: what models are given, declared as data and made the same way for training and live.

A row is a (series, target period, cutoff). Its features may use history that was finished at the
cutoff, plan and drivers as they were known then, the calendar of the target, and static facts.
"""

from supplynet.frames.features.encoding import Encoding
from supplynet.frames.features.feature import Categories, Feature, Role
from supplynet.frames.features.feature_set import FeatureSet
from supplynet.frames.features.pairs import Pairs, pairs_for
from supplynet.frames.features.registry import KINDS
from supplynet.frames.features.rows import Rows
from supplynet.frames.features.source import Source, source_of, source_of_panel
from supplynet.frames.features.static_facts import statics_from_plant
from supplynet.frames.features.table import (
    Features,
    feature_array,
    live_table,
    training_shards,
    training_table,
)
from supplynet.frames.inputs import FeatureInputs

__all__ = [
    "KINDS",
    "Categories",
    "Encoding",
    "Feature",
    "FeatureInputs",
    "FeatureSet",
    "Features",
    "Pairs",
    "Role",
    "Rows",
    "Source",
    "feature_array",
    "live_table",
    "pairs_for",
    "source_of",
    "source_of_panel",
    "statics_from_plant",
    "training_shards",
    "training_table",
]
