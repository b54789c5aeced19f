"""Demand of whole shifts spread over their slots."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from supplynet.core.ids import series_id
from supplynet.core.keyed import name_key, uniform
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.simulate.model import PlantModel


class SlotDemand:
    """Hands out demand slot by slot; the slots of a shift add up to the shift's demand exactly.

    A slot that ends after the share ``s`` of the shift brings the demand up to
    ``floor(demand * s + phase)``. The phase, in [0, 1), is keyed by seed, series and shift, so
    that small demands do not all fall into the same slot.

    Args:
        demand: Parts, >= 0, shape (replication or 1, series, shift). Of a shift that began
            before the horizon only what is left of it.
    """

    def __init__(self, model: PlantModel, demand: npt.NDArray[np.integer], seed: int) -> None:
        slots = model.slots
        assert demand.shape[1:] == (len(model.series), len(slots.shifts)), demand.shape
        self._by_shift = np.ascontiguousarray(np.moveaxis(demand, 2, 0), dtype=np.int32)
        starts = np.array([int(shift.start.timestamp()) // 60 for shift in slots.shifts])
        names = np.array([name_key(series_id(*series)) for series in model.series])
        self._phase: FloatArray = uniform(seed, "phase", starts[:, None], names[None, :])
        self._shift_of_slot = slots.shift_of_slot
        self._share_after = _share_after(model)
        self._next: tuple[int, IntArray] | None = None

    @property
    def by_shift(self) -> IntArray:
        """Demand with the shift first, shape (shift, replication or 1, series)."""
        return self._by_shift

    def of(self, slot: int) -> IntArray:
        """Demand of a slot, shape (replication or 1, series)."""
        shift = int(self._shift_of_slot[slot])
        if shift < 0:
            return np.zeros(self._by_shift.shape[1:], dtype=np.int32)
        if self._next is not None and self._next[0] == slot:
            before = self._next[1]
        else:
            before = self._until(slot - 1, shift)
        after = self._until(slot, shift)
        self._next = (slot + 1, after)
        if slot + 1 < len(self._shift_of_slot) and self._shift_of_slot[slot + 1] != shift:
            self._next = None
        slot_demand: IntArray = after - before
        return slot_demand

    def _until(self, slot: int, shift: int) -> IntArray:
        """Demand of the shift up to the end of a slot."""
        demand: IntArray = self._by_shift[shift]
        if slot < 0 or self._shift_of_slot[slot] != shift:
            return np.zeros_like(demand)
        share = self._share_after[slot]
        if share >= 1.0:
            return demand
        reached: IntArray = np.floor(demand * share + self._phase[shift]).astype(np.int32)
        return reached


def _share_after(model: PlantModel) -> FloatArray:
    """Share of its shift (from the horizon's start on) that is over at the end of each slot."""
    slots = model.slots
    begins = np.array([max(slots.minutes(shift.start), 0.0) for shift in slots.shifts])
    ends = np.array([slots.minutes(shift.end) for shift in slots.shifts])
    shift = slots.shift_of_slot
    share = (slots.edges[1:] - begins[shift]) / (ends[shift] - begins[shift])
    return np.where(shift >= 0, share, 0.0)
