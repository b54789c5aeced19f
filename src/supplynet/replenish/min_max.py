"""Static reorder points and order-up-to levels: what most plants have today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np

from supplynet.core.network import Plant
from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.packs import whole_containers
from supplynet.replenish.pair_settings import settings_of

Levels = Mapping[tuple[str, str], tuple[int, int]]
"""``(reorder_point, order_up_to_level)`` in parts by (stock point, part)."""


@dataclass(frozen=True, kw_only=True)
class MinMax:
    """When the position is at or below the reorder point, order up to the level.

    Args:
        thresholds: Both figures of every pair that it decides for.
    """

    thresholds: Levels
    _rows: WeakKeyDictionary[SupplyTerms, IntArray] = field(
        default_factory=WeakKeyDictionary, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for (place, part), (low, high) in self.thresholds.items():
            if not 0 <= low <= high:
                raise InvalidInput(
                    f"min_max: {place}/{part} has reorder point {low} and level {high}; "
                    "use 0 <= reorder point <= level"
                )

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "min_max"

    def levels(
        self,
        state: DecisionState,  # noqa: ARG002 - static
        outlook: Outlook,  # noqa: ARG002 - static
        terms: SupplyTerms,
    ) -> IntArray:
        """Order-up-to level of each pair, shape (1, pair)."""
        return self._thresholds(terms)[None, :, 1]

    def reorder_points(self, terms: SupplyTerms) -> IntArray:
        """Position at or below which each pair gets an order, shape (pair,)."""
        return self._thresholds(terms)[:, 0]

    def wanted(
        self,
        state: DecisionState,
        outlook: Outlook,  # noqa: ARG002 - static
        terms: SupplyTerms,
    ) -> IntArray:
        """Up to the level where the position has reached the reorder point, else nothing."""
        reorder_point, level = self._thresholds(terms).T
        position = state.on_hand + state.on_order
        need = np.where(position <= reorder_point, level - position, 0)
        return whole_containers(need.astype(np.int32), position, terms)

    def _thresholds(self, terms: SupplyTerms) -> IntArray:
        known = self._rows.get(terms)
        if known is not None:  # a twin asks for the same pairs at every departure
            return known
        rows = settings_of(terms, self.thresholds, "min_max thresholds")
        self._rows[terms] = np.array(rows, dtype=np.int32).reshape(-1, 2)
        return self._rows[terms]


def static_levels(
    window_sums: FloatArray, z: float | FloatArray, extra_cover: float
) -> tuple[IntArray, IntArray]:
    """Reorder points and levels from past window demand, in parts.

    ``reorder_point = mean + z * sd`` of the demand in windows of lead time plus review period;
    ``order_up_to_level = reorder_point + extra_cover * mean``. Both rounded up.

    Args:
        window_sums: Demand in past windows, shape (window, pair).
        z: Safety factor, in standard deviations; one, or one per pair.
        extra_cover: Windows of mean demand that one order brings on top, >= 0.
    """
    mean, deviation = window_sums.mean(axis=0), window_sums.std(axis=0)
    reorder_point = np.ceil(np.maximum(mean + z * deviation, 0.0)).astype(np.int32)
    return reorder_point, (reorder_point + np.ceil(extra_cover * mean)).astype(np.int32)


def plant_thresholds(plant: Plant) -> dict[tuple[str, str], tuple[int, int]]:
    """The thresholds that people keep in the plant's supply rules; pairs without are left out."""
    return {
        key: (rule.reorder_point, rule.order_up_to_level)
        for key, rule in plant.supply_rule.items()
        if rule.reorder_point is not None and rule.order_up_to_level is not None
    }
