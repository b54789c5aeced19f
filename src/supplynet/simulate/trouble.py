"""Plays the trouble of a scenario in one twin, through the hooks of ``simulate.hooks``."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from supplynet.core.ids import series_id
from supplynet.core.keyed import name_key, uniform
from supplynet.core.network import Lane
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.simulate.disruptions import Trouble
from supplynet.simulate.hooks import BoolArray, Disruptions
from supplynet.simulate.model import PlantModel

_DAY = 1440.0
_WEEK_DAYS = 7.0


class Troubles(Disruptions):
    """What goes wrong in one run; make a new one for every twin, for it remembers the books.

    Args:
        model: Of the twin.
        trouble: What goes wrong.
        seed: The same seed brings the same trouble, whatever the policy.
    """

    def __init__(self, model: PlantModel, trouble: Trouble, seed: int) -> None:
        self._model, self._trouble, self._seed = model, trouble, seed
        self._books = _Books(model, trouble, seed)
        self._lines = np.array([name_key(line) for line in model.lines])

    def book(self, slot: int, on_hand: IntArray) -> IntArray:
        """Stock as the books have it: late in what was used, and wrong until it is counted."""
        return self._books.of(slot, on_hand)

    def delay_minutes(
        self, lane: Lane, departure_at: datetime, luck: IntArray
    ) -> FloatArray | None:
        """Up to ``late_minutes``, evenly spread, for a share of the vehicles."""
        rule = self._trouble.vehicles
        if not rule.late_share or rule.lane not in {"", lane.lane_id}:
            return None
        late = self._share("late vehicle", lane, departure_at, luck) < rule.late_share
        minutes = self._share("minutes late", lane, departure_at, luck) * rule.late_minutes
        return np.where(late, minutes, 0.0)

    def cancelled(self, lane: Lane, departure_at: datetime, luck: IntArray) -> BoolArray | None:
        """A share of the vehicles."""
        rule = self._trouble.vehicles
        if not rule.cancelled_share or rule.lane not in {"", lane.lane_id}:
            return None
        share = self._share("cancelled vehicle", lane, departure_at, luck)
        return np.asarray(share < rule.cancelled_share)

    def usable(
        self,
        lane: Lane,
        departure_at: datetime,
        pairs: IntArray,
        quantities: IntArray,
        luck: IntArray,
    ) -> IntArray | None:
        """All but what is damaged or missing."""
        rule = self._trouble.deliveries
        if not rule.short_share:
            return None
        key = (name_key(lane.lane_id), _minute(departure_at), pairs[None, :], luck[:, None])
        short = uniform(self._seed, "short delivery", *key) < rule.short_share
        lost = uniform(self._seed, "parts lost", *key) * rule.lost_share * short
        return np.asarray(quantities - np.ceil(quantities * lost), dtype=np.int32)

    def purchase_delay_minutes(
        self, source: tuple[str, str], day: date, luck: IntArray
    ) -> FloatArray | None:
        """Late ones, and those that wait for the end of an outage."""
        rule = self._trouble.suppliers
        if rule.part not in {"", source[1]} or not (rule.late_share or rule.outage_days):
            return None
        key = (name_key(series_id(*source)), day.toordinal(), luck)
        late = uniform(self._seed, "late purchase", *key) < rule.late_share
        found = np.where(late, uniform(self._seed, "days late", *key) * rule.late_days * _DAY, 0.0)
        begins = self._model.slots.start + timedelta(days=rule.outage_start_day)
        ends = begins + timedelta(days=rule.outage_days)
        ordered = max(datetime.combine(day, time(), UTC), self._model.slots.start)
        if begins <= ordered < ends:
            found = found + (ends - ordered).total_seconds() / 60
        return np.asarray(found, dtype=np.float64)

    def stopped(self, slot: int, luck: IntArray) -> BoolArray | None:
        """Lines inside a stop that began today or on one of the days before."""
        rule = self._trouble.stops
        if not rule.per_line_week:
            return None
        minute = float(self._model.slots.edges[slot])
        today, found = int(minute // _DAY), np.zeros((len(luck), len(self._lines)), dtype=np.bool_)
        for day in range(max(today - int(rule.hours // 24) - 1, 0), today + 1):
            key = (day, self._lines[None, :], luck[:, None])
            happens = uniform(self._seed, "stop", *key) < rule.per_line_week / _WEEK_DAYS
            begins = (day + uniform(self._seed, "stop begins", *key)) * _DAY
            found |= happens & (begins <= minute) & (minute < begins + rule.hours * 60)
        return found

    def _share(
        self, purpose: str, lane: Lane, departure_at: datetime, luck: IntArray
    ) -> FloatArray:
        return uniform(self._seed, purpose, name_key(lane.lane_id), _minute(departure_at), luck)


class _Books:
    """What is booked of each pair, shape (replication, pair)."""

    def __init__(self, model: PlantModel, trouble: Trouble, seed: int) -> None:
        self._model, self._seed = model, seed
        self._late = trouble.bookings.late_minutes
        self._wrong = trouble.miscounts
        self._pairs = np.array([name_key(series_id(*pair)) for pair in model.pairs])
        self._offset = np.abs(self._pairs) % self._wrong.counted_days
        self._used: list[tuple[float, IntArray]] = []
        self._before: IntArray | None = None
        self._error: npt.NDArray[np.float64] | None = None
        self._day = -1

    def of(self, slot: int, on_hand: IntArray) -> IntArray:
        booked: npt.NDArray[Any] = on_hand
        if self._late:
            booked = booked + self._not_yet_booked(slot, on_hand)
        if self._wrong.per_pair_week:
            booked = booked + self._errors(slot, on_hand)
        return np.asarray(booked, dtype=np.int32)

    def _not_yet_booked(self, slot: int, on_hand: IntArray) -> IntArray:
        """Parts that were used in the last minutes: by how much stock fell from slot to slot."""
        now = float(self._model.slots.edges[slot])
        if self._before is not None:
            self._used.append((now, np.maximum(self._before - on_hand, 0)))
        self._before = on_hand.copy()
        self._used = [(at, used) for at, used in self._used if at > now - self._late]
        return np.asarray(sum((used for _, used in self._used), np.zeros_like(on_hand)))

    def _errors(self, slot: int, on_hand: IntArray) -> npt.NDArray[np.float64]:
        """Errors that were made since the last count."""
        error = np.zeros(on_hand.shape) if self._error is None else self._error
        today = int(self._model.slots.edges[slot] // _DAY)
        if today != self._day:
            self._day, rule = today, self._wrong
            error = np.where((today + self._offset) % rule.counted_days == 0, 0.0, error)
            key = (today, self._pairs[None, :], np.arange(len(on_hand))[:, None])
            happens = uniform(self._seed, "miscount", *key) < rule.per_pair_week / _WEEK_DAYS
            off = (2 * uniform(self._seed, "miscounted by", *key) - 1) * rule.error_share * on_hand
            off = np.sign(off) * np.maximum(np.ceil(np.abs(off)), 1.0)
            error = error + np.where(happens, off, 0.0)
        self._error = error
        return error


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60
