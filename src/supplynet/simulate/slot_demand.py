"""Demand of whole shifts spread over their slots."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from supplynet.core.ids import series_id
from supplynet.core.keyed import name_key, uniform
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.simulate.calendar_slots import Slots
from supplynet.simulate.model import Crew, PlantModel


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
        self._by_shift = np.ascontiguousarray(np.moveaxis(demand, 2, 0), dtype=np.int32)
        starts = np.array([int(shift.start.timestamp()) // 60 for shift in slots.shifts])
        names = np.array([name_key(series_id(*series)) for series in model.series])
        phase: FloatArray = uniform(seed, "phase", starts[:, None], names[None, :])
        self._crews = [
            _CrewDemand(self._by_shift[:, :, crew.series], phase[:, crew.series], slots, crew)
            for crew in model.crews
        ]
        self._columns = [crew.series for crew in model.crews]
        if len(model.crews) > 1:
            self._check(model)

    @property
    def by_shift(self) -> IntArray:
        """Demand with the shift first, shape (shift, replication or 1, series)."""
        return self._by_shift

    def of(self, slot: int) -> IntArray:
        """Demand of a slot, shape (replication or 1, series)."""
        if len(self._crews) == 1:
            return self._crews[0].of(slot)
        demand = np.empty(self._by_shift.shape[1:], dtype=np.int32)
        for crew, columns in zip(self._crews, self._columns, strict=True):
            demand[:, columns] = crew.of(slot)
        return demand

    def _check(self, model: PlantModel) -> None:
        """No line can have demand in a shift that only others work."""
        for crew in model.crews:
            off = np.ones(len(model.shifts), dtype=bool)
            off[crew.shift_of_slot[crew.shift_of_slot >= 0]] = False
            shift, _, place = np.nonzero(self._by_shift[off][:, :, crew.series])
            if len(shift):
                series = "/".join(model.series[np.arange(len(model.series))[crew.series][place[0]]])
                name = model.shifts[np.flatnonzero(off)[shift[0]]].shift_id
                raise InvalidInput(f"{series} has demand in {name}, a shift its line does not work")


class _CrewDemand:
    """Demand of series that share their shifts, shape (shift, replication or 1, series)."""

    def __init__(self, by_shift: IntArray, phase: FloatArray, slots: Slots, crew: Crew) -> None:
        self._by_shift, self._phase = by_shift, phase
        self._shift_of_slot = crew.shift_of_slot
        self._share_after = _share_after(slots, crew.shift_of_slot)
        self._next: tuple[int, IntArray] | None = None
        self._reached = np.empty(by_shift.shape[1:])

    def of(self, slot: int) -> IntArray:
        """Demand of a slot, not to be changed."""
        shift = int(self._shift_of_slot[slot])
        if shift < 0:
            return np.zeros(self._by_shift.shape[1:], dtype=np.int32)
        begins = slot == 0 or self._shift_of_slot[slot - 1] != shift
        after = self._until(slot, shift)
        if begins:
            slot_demand = after
        elif self._next is not None and self._next[0] == slot:
            slot_demand = after - self._next[1]
        else:
            slot_demand = after - self._until(slot - 1, shift)
        self._next = (slot + 1, after)
        return slot_demand

    def _until(self, slot: int, shift: int) -> IntArray:
        """Demand of the shift up to the end of a slot."""
        demand: IntArray = self._by_shift[shift]
        share = self._share_after[slot]
        if share >= 1.0:
            return demand
        reached = self._reached
        np.multiply(demand, share, out=reached)
        np.add(reached, self._phase[shift], out=reached)
        whole: IntArray = reached.astype(np.int32)  # rounds down what is not negative
        return whole


def _share_after(slots: Slots, shift_of_slot: IntArray) -> FloatArray:
    """Share of its shift (from the horizon's start on) that is over at the end of each slot."""
    begins = np.array([max(slots.minutes(shift.start), 0.0) for shift in slots.shifts])
    ends = np.array([slots.minutes(shift.end) for shift in slots.shifts])
    share = (slots.edges[1:] - begins[shift_of_slot]) / (ends - begins)[shift_of_slot]
    return np.where(shift_of_slot >= 0, share, 0.0)
