"""Kanban: a fixed number of cards goes round with the containers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.packs import whole_containers
from supplynet.replenish.pair_settings import settings_of

_MOST_PARTS = 2**30


@dataclass(frozen=True, kw_only=True)
class Kanban:
    """Every card without a container at the stock point, or on its way there, is an order.

    A card comes free when its container is empty, so that what is on hand counts in containers,
    rounded up; two cards are the two-bin system.

    Args:
        cards: Containers in circulation by (stock point, part), >= 0; see ``kanban_cards``.
    """

    cards: Mapping[tuple[str, str], int]

    def __post_init__(self) -> None:
        for (place, part), count in self.cards.items():
            if count < 0:
                raise InvalidInput(f"kanban: {place}/{part} has {count} cards; use 0 or more")

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "kanban"

    def levels(
        self,
        state: DecisionState,  # noqa: ARG002 - static
        outlook: Outlook,  # noqa: ARG002 - static
        terms: SupplyTerms,
    ) -> IntArray:
        """Parts on all cards of each pair, shape (1, pair)."""
        return np.asarray(self._cards(terms) * terms.container_size, dtype=np.int32)[None]

    def reorder_points(self, terms: SupplyTerms) -> IntArray:
        """At or below this position a card is free, shape (pair,)."""
        return np.asarray((self._cards(terms) - 1) * terms.container_size, dtype=np.int32)

    def wanted(
        self,
        state: DecisionState,
        outlook: Outlook,  # noqa: ARG002 - static
        terms: SupplyTerms,
    ) -> IntArray:
        """One container for every free card, within the bin."""
        position = state.on_hand + state.on_order
        used = -(-position // terms.container_size)
        free = np.maximum(self._cards(terms) - used, 0) * terms.container_size
        return whole_containers(free.astype(np.int32), position, terms)

    def _cards(self, terms: SupplyTerms) -> IntArray:
        return np.array(settings_of(terms, self.cards, "kanban cards"), dtype=np.int32)


def kanban_cards(
    pairs: Sequence[tuple[str, str]],
    window_sums: FloatArray,
    container_size: IntArray,
    safety: float | FloatArray,
) -> dict[tuple[str, str], int]:
    """Cards by the usual formula, ``K = ceil(D * T * (1 + safety) / c)``, for ``Kanban``.

    ``D * T``, the demand in the time to replenish, is the mean demand of past windows of lead
    time plus review period; ``c`` is the container. At least one card where there is any demand,
    none where there was none.

    Args:
        pairs: ``(stock_point_id, part_id)`` of each column.
        window_sums: Demand in past windows, shape (window, pair).
        container_size: Parts, >= 1, shape (pair,).
        safety: Share on top, >= -1; one, or one per pair.
    """
    mean = window_sums.mean(axis=0) if len(window_sums) else np.zeros(len(pairs))
    count = np.ceil(np.maximum(mean * (1.0 + safety), 0.0) / container_size - 1e-9)
    cards = np.clip(count, mean > 0, _MOST_PARTS // container_size).astype(int)
    return dict(zip(pairs, cards.tolist(), strict=True))
