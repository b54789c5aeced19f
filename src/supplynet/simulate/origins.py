"""What vehicles are loaded from: warehouses, and stock points that fill others."""

from __future__ import annotations

import numpy as np

from supplynet.core.sample_paths import IntArray
from supplynet.errors import InsufficientStock
from supplynet.simulate.indexing import GroupSum, as_slice
from supplynet.simulate.model import PlantModel
from supplynet.simulate.warehouse import Warehouse

_MOST_REMEMBERED = 4096


class Origins:
    """Reserves, ships and releases parts, whoever holds them; arrays are (replication, origin).

    Origins are warehouse parts, then the model's stores: stock points that fill others. What a
    store reserves is set aside at once, so its own lines cannot draw it any more.

    Args:
        model: The compiled plant.
        warehouse: Holds the warehouse parts.
        on_hand: Stock of all pairs, shape (replication, pair); changed in place.
    """

    def __init__(self, model: PlantModel, warehouse: Warehouse, on_hand: IntArray) -> None:
        self._model, self._warehouse, self._on_hand = model, warehouse, on_hand
        self._sources = len(model.sources)
        self._places = (*model.sources, *(model.pairs[store] for store in model.stores))
        self._sums: dict[bytes, _Total] = {}

    @property
    def available(self) -> IntArray:
        """Free stock."""
        free = self._warehouse.available
        if not len(self._model.stores):
            return free
        return np.concatenate([free, self._on_hand[:, self._model.stores]], axis=1)

    def reserve(self, pairs: IntArray, quantities: IntArray, *, check: bool = True) -> None:
        """Promise parts, shape (replication, pair), to departures.

        Raises:
            InsufficientStock: An origin has less free stock than that (unless ``check`` is off).
        """
        wanted = self._total(pairs, quantities)
        if check:
            self._check(wanted)
        self._warehouse.reserve(wanted[:, : self._sources])
        self._on_hand[:, self._model.stores] -= wanted[:, self._sources :]

    def ship(self, pairs: IntArray, quantities: IntArray) -> None:
        """Let reserved parts go; those of stores were set aside before."""
        self._warehouse.ship(self._total(pairs, quantities)[:, : self._sources])

    def release(self, pairs: IntArray, quantities: IntArray) -> None:
        """Put reserved parts back."""
        kept = self._total(pairs, quantities)
        self._warehouse.release(kept[:, : self._sources])
        self._on_hand[:, self._model.stores] += kept[:, self._sources :]

    def at_most(self, pair: int, quantity: int) -> int:
        """As much of a quantity as can be set aside at the start, when all replications agree.

        A warehouse's books may promise more than it has; a store's stock is real.
        """
        store = int(self._model.source_of_pair[pair]) - self._sources
        if store < 0:
            return quantity
        return min(quantity, int(self._on_hand[:, self._model.stores[store]].min()))

    def _check(self, wanted: IntArray) -> None:
        free = np.maximum(self.available, 0)
        if (wanted > free).any():
            row, origin = np.argwhere(wanted > free)[0]
            place, part = self._places[origin]
            raise InsufficientStock(part, place, int(free[row, origin]), int(wanted[row, origin]))

    def _total(self, pairs: IntArray, quantities: IntArray) -> IntArray:
        key = pairs.tobytes()
        if key not in self._sums:
            if len(self._sums) >= _MOST_REMEMBERED:
                self._sums.clear()
            self._sums[key] = _Total(self._model.source_of_pair[pairs], len(self._places))
        return self._sums[key](quantities)


class _Total:
    """Quantities of some pairs summed by origin."""

    def __init__(self, origin_of: IntArray, origins: int) -> None:
        self._origins = origins
        self._limited = as_slice(np.flatnonzero(origin_of >= 0).astype(np.int32))
        present, group = np.unique(origin_of[self._limited], return_inverse=True)
        self._present = as_slice(present)
        self._sum = GroupSum(group.astype(np.int32)) if len(present) else None

    def __call__(self, quantities: IntArray) -> IntArray:
        total = np.zeros((len(quantities), self._origins), dtype=np.int32)
        if self._sum is not None:
            total[:, self._present] = self._sum(quantities[:, self._limited])
        return total
