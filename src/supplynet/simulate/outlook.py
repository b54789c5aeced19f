"""What a policy gets to know of demand when it decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np

from supplynet.core.network import Lane
from supplynet.core.protocols import Forecaster, Outlook
from supplynet.core.sample_paths import FloatArray, IntArray, SamplePaths
from supplynet.core.shifts import ShiftCalendar
from supplynet.errors import InvalidInput
from supplynet.replenish.windows import PairDemand, pair_demand
from supplynet.simulate.calendar_slots import Slots
from supplynet.simulate.departures import Batch, transit_minutes, transit_share, usable_edges
from supplynet.simulate.due import Due
from supplynet.simulate.indexing import GroupSum
from supplynet.simulate.model import PlantModel
from supplynet.simulate.triangular import triangular_after
from supplynet.simulate.twin import Twin


class Outlooks(Protocol):
    """Gives the outlook of a batch of departures, at the moment of their decision."""

    def outlook(self, twin: Twin, batch: Batch) -> Outlook:
        """Window demand of the batch's pairs, shape (path, pair of the batch)."""


class NoOutlook:
    """For policies that look at stock only, such as min/max."""

    def outlook(self, twin: Twin, batch: Batch) -> Outlook:  # noqa: ARG002 - protocol
        """Nothing is known: one path without demand."""
        return Outlook(window_demand=np.zeros((1, len(batch.pairs)), dtype=np.int32))


class FixedPathsOutlook:
    """Window demand read from given sample paths, however far the twin has come.

    Risk uses it to let a policy go on: every replication decides on its own stock, and all of
    them look at the same spread of futures.

    Args:
        model: The compiled plant.
        paths: Demand after the twin's start.
        seed: Of the transit times that are expected (they are not those that will happen).
    """

    def __init__(self, model: PlantModel, paths: SamplePaths, seed: int) -> None:
        self._demand, self._paths = demand_of_pairs(model, paths), paths.values.shape[0]
        self._seed = seed

    def outlook(self, twin: Twin, batch: Batch) -> Outlook:
        """Sums over the paths from now until the next vehicle's goods are there."""
        return read_outlook(self._demand, twin, batch, self._seed, self._paths)


class PathOutlook:
    """Asks a forecaster at every decision, with what the twin has shown until then.

    Args:
        forecaster: Bound to the history before the twin's start.
        paths: Number of sample paths.
        seed: Of paths and of expected transit times.
        shared: One forecast for all replications, from what the first has shown; only where all
            of them have the same demand.
    """

    def __init__(
        self, forecaster: Forecaster, *, paths: int = 500, seed: int = 0, shared: bool = False
    ) -> None:
        self._forecaster, self._paths, self._seed = forecaster, paths, seed
        self._shared = shared

    def outlook(self, twin: Twin, batch: Batch) -> Outlook:
        """Window demand on fresh paths.

        Raises:
            InvalidInput: The twin has several replications: each would need its own forecast.
        """
        if twin.replications != 1 and not self._shared:
            raise InvalidInput(f"a forecast follows 1 replication, not {twin.replications}")
        until = expected_window(batch, twin.now, self._seed, self._paths)
        last = twin.now + timedelta(minutes=float(until.max()))
        paths = self._forecaster.sample(
            twin.observed(),
            twin.now,
            steps=steps_until(twin.model.calendar, twin.now, last),
            paths=self._paths,
            seed=self._seed,
        )
        demand = demand_of_pairs(twin.model, paths)
        return read_outlook(demand, twin, batch, self._seed, self._paths)


class PerfectOutlook:
    """Knows the demand and the transit times that will happen: a bound, not a policy.

    One path, exact to the slot: what the lines draw from now until the slot at which the next
    vehicle's goods are usable. With ``order_up_to`` it gives the least stock that halts nothing.
    """

    def __init__(self) -> None:
        self._twin: Twin | None = None
        self._until_edge = np.zeros((0, 0), dtype=np.int32)

    def outlook(self, twin: Twin, batch: Batch) -> Outlook:
        """The true demand of the window.

        Raises:
            InvalidInput: The twin has several replications.
        """
        if twin.replications != 1:
            raise InvalidInput("perfect foresight follows 1 replication")
        if self._twin is not twin:
            self._twin, self._until_edge = twin, _true_demand(twin)
        slots = twin.model.slots
        ends = []
        for each in batch.departures:
            transit = transit_minutes(each.lane, each.next_departure_at, twin.seed, 1)
            edge = usable_edges(slots, each.next_departure_at, transit)[0]
            ends.append(min(int(edge), len(slots)))
        end = np.array(ends)[batch.departure_of_pair]
        window = self._until_edge[end, batch.pairs] - self._until_edge[twin.slot, batch.pairs]
        return Outlook(window_demand=window[None, :].astype(np.int32))


def read_outlook(demand: PairDemand, twin: Twin, batch: Batch, seed: int, paths: int) -> Outlook:
    """Demand of a batch's pairs until everything that is under way, this order, and the next.

    Vehicles do not overtake each other on a path: one that left earlier to the same stock point
    arrives no later, and this order no earlier than those before it.
    """
    now, departures = twin.now, batch.departure_of_pair
    window = expected_window(batch, now, seed, paths)
    arrival = np.minimum(expected_arrival(batch, now, seed, paths), window)
    due = twin.due_of(batch.pairs)
    moments = _expected_due(batch.slots, due, now, seed, paths)
    places = due.place_of_pair
    return Outlook(
        window_demand=demand.between(now, window, batch.pairs, departures),
        until_arrival=demand.between(now, arrival, batch.pairs, departures),
        until_due=np.stack([demand.between(now, each, batch.pairs, places) for each in moments])
        if len(moments)
        else np.zeros((0, paths, len(batch.pairs)), dtype=np.int32),
    )


def expected_window(batch: Batch, now: datetime, seed: int, paths: int) -> FloatArray:
    """Minutes from now until the next vehicle's goods can be used.

    Lead time plus review period, with a transit time of its own on every path. As in the twin,
    goods that arrive inside a slot can be used from its end.

    Returns:
        Shape (path, departure of the batch); ``batch.departure_of_pair`` leads from pair to column.
    """
    columns = [
        _usable_after(batch.slots, each.lane, each.next_departure_at, now, seed, paths=paths)
        for each in batch.departures
    ]
    return np.stack(columns, axis=1)


def expected_arrival(batch: Batch, now: datetime, seed: int, paths: int) -> FloatArray:
    """Minutes from now until this order's goods can be used, shape (path, departure)."""
    columns = [
        _usable_after(batch.slots, each.lane, each.departure_at, now, seed, paths=paths)
        for each in batch.departures
    ]
    return np.stack(columns, axis=1)


def _expected_due(slots: Slots, due: Due, now: datetime, seed: int, paths: int) -> FloatArray:
    """Minutes from now until each vehicle's goods can be used, shape (vehicle, path, place)."""
    found = np.zeros((len(due.quantities), paths, len(due.vehicles)))
    for place, vehicles in enumerate(due.vehicles):
        for rank, (lane, departure_at) in enumerate(vehicles):
            found[rank, :, place] = _usable_after(slots, lane, departure_at, now, seed, paths=paths)
    latest: FloatArray = np.maximum.accumulate(found, axis=0)
    return latest


def _usable_after(
    slots: Slots, lane: Lane, departure_at: datetime, now: datetime, seed: int, *, paths: int
) -> FloatArray:
    """Minutes from now until a vehicle's goods can be used, given that they are not yet; (path,).

    A vehicle that is overdue by every experience is expected with the next slot.
    """
    share = transit_share(lane, departure_at, seed, paths, "expected")
    elapsed = (now - departure_at).total_seconds() / 60
    transit = np.maximum(triangular_after(lane.transit, share, elapsed), elapsed)
    edge = usable_edges(slots, max(departure_at, now), transit - max(elapsed, 0.0))
    usable = slots.edges[np.minimum(edge, len(slots))]
    arrival = slots.minutes(departure_at) + transit  # after the horizon: no slots
    return np.asarray(np.maximum(usable, arrival) - slots.minutes(now))


def steps_until(calendar: ShiftCalendar, now: datetime, last: datetime) -> int:
    """Shifts from the running or next one until the one that covers ``last``, at least 1."""
    count = 4
    while True:
        shifts = calendar.next_shifts(now, count)
        if len(shifts) < count or shifts[-1].start >= last:
            return max(sum(shift.start < last for shift in shifts), 1)
        count *= 2


def demand_of_pairs(model: PlantModel, paths: SamplePaths) -> PairDemand:
    """Path demand summed to the model's pairs; series that the model does not have are left out.

    A store that fills other stock points has the demand of their lines as well as its own.
    """
    if not len(model.stores):
        pair = dict(zip(model.series, model.pair_of_series.tolist(), strict=True))
        of_series = np.array([pair.get(series, -1) for series in paths.series], dtype=np.int32)
        return pair_demand(paths, of_series, len(model.pairs))
    row = {series: index for index, series in enumerate(paths.series)}
    rows = np.array([row.get(model.series[index], -1) for index in model.need_series])
    needed = replace(
        paths,
        values=paths.values[:, rows[rows >= 0]],
        series=tuple(paths.series[index] for index in rows[rows >= 0]),
    )
    return pair_demand(needed, model.need_pair[rows >= 0], len(model.pairs))


def _true_demand(twin: Twin) -> IntArray:
    """Demand of each pair until each edge, shape (edge, pair)."""
    slots, needs = len(twin.model.slots), twin.model.need_series
    sums = GroupSum(twin.model.need_pair)
    total = np.zeros((slots + 1, len(twin.model.pairs)), dtype=np.int32)
    for slot in range(slots):
        total[slot + 1] = total[slot] + sums(twin.demand.of(slot)[:, needs])[0]
    return total
