"""DDMRP buffers: red, yellow and green zones that the net flow position is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.packs import whole_containers
from supplynet.replenish.pair_settings import settings_of

SPIKE_SHARE = 0.5
"""Demand beyond the usual counts as a spike when it exceeds this share of the red zone."""
_MOST_PARTS = 2**28
"""Of a zone: three of them, a position and a spike still fit 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """The zones of one pair, in parts, >= 0.

    Attributes:
        red: Safety: ``ADU * DLT * LTF * (1 + VF)``.
        yellow: Demand in the lead time: ``ADU * DLT``.
        green: Size of an order: the largest of minimum order, demand of an order cycle, and
            ``ADU * DLT * LTF``.
    """

    red: int
    yellow: int
    green: int

    @property
    def top_of_yellow(self) -> int:
        """At or below it an order is due."""
        return self.red + self.yellow

    @property
    def top_of_green(self) -> int:
        """An order fills up to it."""
        return self.red + self.yellow + self.green


@dataclass(frozen=True, kw_only=True)
class Ddmrp:
    """When the net flow position is at or below the top of yellow, order up to the top of green.

    Net flow = on hand + on order - qualified demand. What is due in the usual course is what the
    yellow zone is for; qualified is the spike above it: mean demand until this order can be used
    beyond the yellow zone, where it exceeds half of the red one. Without an outlook no spike is
    seen.

    Args:
        buffers: Zones of every pair that it decides for; see ``ddmrp_buffers``.
    """

    buffers: Mapping[tuple[str, str], Buffer]

    def __post_init__(self) -> None:
        for (place, part), buffer in self.buffers.items():
            if min(buffer.red, buffer.yellow, buffer.green) < 0:
                raise InvalidInput(f"ddmrp: {place}/{part} has a zone below 0: {buffer}")

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "ddmrp"

    def levels(
        self,
        state: DecisionState,  # noqa: ARG002 - the buffer does not depend on it
        outlook: Outlook,
        terms: SupplyTerms,
    ) -> IntArray:
        """Top of green and the spike, if one is seen, shape (1, pair)."""
        zones = self._zones(terms)
        level: IntArray = zones.sum(axis=0, dtype=np.int32) + self._spike(zones, outlook)
        return level[None]

    def reorder_points(self, terms: SupplyTerms) -> IntArray:
        """Top of yellow of each pair, shape (pair,)."""
        red, yellow, _ = self._zones(terms)
        return np.asarray(red + yellow, dtype=np.int32)

    def wanted(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Up to the top of green once the net flow has reached the top of yellow, else nothing."""
        zones = self._zones(terms)
        red, yellow, green = zones
        position = state.on_hand + state.on_order
        net_flow = position - self._spike(zones, outlook)
        need = np.where(net_flow <= red + yellow, red + yellow + green - net_flow, 0)
        return whole_containers(need.astype(np.int32), position, terms)

    def _zones(self, terms: SupplyTerms) -> IntArray:
        """Red, yellow, green; shape (3, pair)."""
        found = settings_of(terms, self.buffers, "ddmrp buffer")
        rows = [(each.red, each.yellow, each.green) for each in found]
        return np.array(rows, dtype=np.int32).reshape(-1, 3).T

    def _spike(self, zones: IntArray, outlook: Outlook) -> IntArray:
        seen = outlook.window_demand if outlook.until_arrival is None else outlook.until_arrival
        red, yellow, _ = zones
        beyond = np.ceil(seen.mean(axis=0) - 1e-9) - yellow
        return np.where(beyond > SPIKE_SHARE * red, beyond, 0.0).astype(np.int32)


def ddmrp_buffers(
    pairs: Sequence[tuple[str, str]],
    window_sums: FloatArray,
    *,
    lead_time_factor: float | FloatArray,
    variability_factor: float | FloatArray,
    minimum_order: IntArray | None = None,
    cycle_demand: FloatArray | None = None,
) -> dict[tuple[str, str], Buffer]:
    """Buffers by the usual formulas, for ``Ddmrp``; zones are rounded up.

    ``ADU * DLT`` is the mean demand of past windows of lead time plus review period: a lane that
    leaves once a shift cannot be asked any sooner. Red is ``ADU*DLT * LTF * (1 + VF)``, yellow
    ``ADU*DLT``, green the largest of minimum order, cycle demand and ``ADU*DLT * LTF``.

    Args:
        pairs: ``(stock_point_id, part_id)`` of each column.
        window_sums: Demand in past windows, shape (window, pair).
        lead_time_factor: LTF, usually 0.2 (long lead times) to 1 (short ones); one, or per pair.
        variability_factor: VF, usually 0 (steady) to 1 (erratic); one, or one per pair.
        minimum_order: Parts, shape (pair,); None = none.
        cycle_demand: Mean demand between two orders, shape (pair,); None = not considered.
    """
    usual = window_sums.mean(axis=0) if len(window_sums) else np.zeros(len(pairs))
    lead_time_part = usual * lead_time_factor
    green = lead_time_part
    for other in (minimum_order, cycle_demand):
        green = green if other is None else np.maximum(green, other)
    zones = np.stack([lead_time_part * (1.0 + variability_factor), usual, green])
    whole = np.ceil(np.clip(zones, 0.0, _MOST_PARTS) - 1e-9).astype(int).T
    rows = zip(pairs, whole.tolist(), strict=True)
    return {
        pair: Buffer(red=red, yellow=yellow, green=green) for pair, (red, yellow, green) in rows
    }
