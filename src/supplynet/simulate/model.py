"""A plant compiled to index arrays: what the twin needs to know before anything happens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt

from supplynet.core.network import Plant, Shortage, SupplyRule
from supplynet.core.protocols import SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.core.shifts import Shift, ShiftCalendar
from supplynet.errors import InvalidInput, NotFound
from supplynet.replenish.purchasing import PurchaseTerms
from supplynet.simulate.calendar_slots import Slots, common_slots, cut_slots
from supplynet.simulate.departures import Batch, SlotDeparture, batches_of
from supplynet.simulate.feeding import ENDLESS, feeding_of, needs_of
from supplynet.simulate.indexing import padded_groups
from supplynet.simulate.stakes import line_weights

__all__ = ["ENDLESS", "NO_LIMIT", "Crew", "PlantModel", "compile_plant", "plant_series"]

BoolArray = npt.NDArray[np.bool_]
NO_LIMIT = 2**30
CATCH_UP_PERCENT = 25


@dataclass(frozen=True, kw_only=True, eq=False)
class Crew:
    """Lines that share their shifts.

    Attributes:
        lines, series: Their indices; all of them as a slice where the plant has one crew.
        shift_of_slot: Index of their shift, -1 between shifts, shape (slot,).
    """

    lines: IntArray | slice
    series: IntArray | slice
    shift_of_slot: IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class PlantModel:
    """Index arrays of one plant over one horizon.

    Attributes:
        series: (line, part) of each series; parallel to the demand given to the twin.
        lines, pairs: Lines; (stock point, part) pairs from which series draw, or from which such
            pairs are filled.
        sources: (warehouse, part) from which pairs are filled.
        stores: Pairs from which other pairs are filled, shape (store,).
        lanes: Lane ids, the usual lane of some pair.
        line_of_series, pair_of_series: Shape (series,).
        need_series, need_pair: Series whose demand a pair has to cover, its own and that of the
            pairs it fills; the series in order come first, then those of stores.
        source_of_pair: Shape (pair,): -1 = a supplier, which always has enough; below
            ``len(sources)`` a warehouse part; from there on a store.
        lane_of_pair: Shape (pair,): the first lane of its supply rule.
        rank_of_line: Who draws first at a shared stock point, 0 first; shape (line,).
        catches_up, builds_short: What a line does when a part is missing, shape (line,); the
            others lose the production.
        catch_up_percent: Most that a line makes up, in percent of a slot in which it has work.
        crews: Lines by their shifts.
        series_of_line: Shape (line, most parts), filled up with -1.
        terms: Containers, minimum orders, bins; shape (pair,).
        litres: Volume of one part; shape (pair,).
        purchase: Purchase rules; shape (source,).
        batches: Decisions of each slot, in order.
    """

    plant: Plant
    calendar: ShiftCalendar
    slots: Slots
    series: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str], ...]
    stores: IntArray
    lanes: tuple[str, ...]
    line_of_series: IntArray
    pair_of_series: IntArray
    need_series: IntArray
    need_pair: IntArray
    source_of_pair: IntArray
    lane_of_pair: IntArray
    rank_of_line: IntArray
    catches_up: BoolArray
    builds_short: BoolArray
    catch_up_percent: int
    crews: tuple[Crew, ...]
    series_of_line: IntArray
    terms: SupplyTerms
    litres: FloatArray
    purchase: PurchaseTerms
    batches: Mapping[int, tuple[Batch, ...]]

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """Shifts of the horizon; demand is given for each of them."""
        return self.slots.shifts

    def departure(self, lane_id: str, departure_at: datetime) -> SlotDeparture:
        """The departure of a lane at a moment.

        Raises:
            NotFound: The timetable has none then, or its cut-off lies outside the horizon.
        """
        try:
            return self._departures[lane_id, departure_at]
        except KeyError:
            raise NotFound("departure", f"{lane_id} {departure_at.isoformat()}") from None

    @cached_property
    def _departures(self) -> dict[tuple[str, datetime], SlotDeparture]:
        batches = (batch for batches in self.batches.values() for batch in batches)
        every = (departure for batch in batches for departure in batch.departures)
        return {(each.lane.lane_id, each.departure_at): each for each in every}

    @cached_property
    def leaving(self) -> dict[int, tuple[SlotDeparture, ...]]:
        """Departures by the slot in which they leave, in order of time."""
        found: dict[int, list[SlotDeparture]] = defaultdict(list)
        for departure in sorted(self._departures.values(), key=lambda each: each.departure_at):
            found[departure.depart_slot].append(departure)
        return {slot: tuple(departures) for slot, departures in found.items()}

    @cached_property
    def pair_index(self) -> dict[tuple[str, str], int]:
        """Index of each (stock point, part)."""
        return {pair: index for index, pair in enumerate(self.pairs)}

    @cached_property
    def source_index(self) -> dict[tuple[str, str], int]:
        """Index of each (warehouse, part)."""
        return {source: index for index, source in enumerate(self.sources)}

    @cached_property
    def line_weight(self) -> FloatArray:
        """What a minute without a pair costs, see ``simulate.stakes.line_weights``; (pair,)."""
        needing = self.line_of_series[self.need_series]
        return line_weights(self.plant, self.lines, needing, self.need_pair, len(self.pairs))


def plant_series(plant: Plant) -> tuple[tuple[str, str], ...]:
    """All (line, part) that the bill of materials has, sorted."""
    return tuple(sorted({(row.line_id, row.part_id) for row in plant.requirements}))


def compile_plant(
    plant: Plant,
    series: Sequence[tuple[str, str]] | None = None,
    *,
    start: datetime,
    end: datetime,
    slot_minutes: int = 60,
    catch_up_percent: int = CATCH_UP_PERCENT,
) -> PlantModel:
    """Compile ``plant`` for the horizon ``[start, end)``.

    Lines may have different shifts. The shifts of the model are then those of all calendars, each
    time of day once, and a line has no demand in shifts that its own calendar does not have.

    Args:
        plant: Every series needs a stock point with a supply rule for its part, whose lanes come
            from a supplier, a warehouse, or a stock point that has such a rule itself.
        series: (line, part) in the order of the demand; None = ``plant_series``.
        start: Begin of the horizon, aware; seconds are dropped.
        end: Its end, aware.
        slot_minutes: Must divide every shift. A whole shift is the fastest.
        catch_up_percent: Most that a ``catch_up`` line makes up in a slot in which it has work,
            in percent of that slot.

    Raises:
        InvalidInput: No series; stock points that fill each other in a circle; slots that do not
            divide a shift.
        NotFound: A series has no stock point, supply rule or lane; a part has no purchase levels.
    """
    series = plant_series(plant) if series is None else tuple(series)
    if not series:
        raise InvalidInput("the plant has no series: add requirements or name the series")
    if catch_up_percent < 0:
        raise InvalidInput(f"catch_up_percent is {catch_up_percent}; it must be 0 or more")
    lines = tuple(dict.fromkeys(line for line, _ in series))
    line_of_series = _places((line for line, _ in series), lines)
    slots, crews = _crews(plant, lines, line_of_series, (start, end), slot_minutes)
    drawn = [(plant.stock_point_of(line), part) for line, part in series]
    feeding = feeding_of(plant, drawn)
    pair_of_series = _places(drawn, feeding.pairs)
    need_series, need_pair = needs_of(feeding, pair_of_series.tolist())
    lanes = tuple(sorted(set(feeding.lane_ids)))
    lane_of_pair = _places(feeding.lane_ids, lanes)
    terms = _terms(feeding.pairs, feeding.rules)
    return PlantModel(
        plant=plant,
        calendar=plant.calendar_of(lines[0]),
        slots=slots,
        series=series,
        lines=lines,
        pairs=feeding.pairs,
        sources=feeding.sources,
        stores=feeding.stores,
        lanes=lanes,
        line_of_series=line_of_series,
        pair_of_series=pair_of_series,
        need_series=need_series,
        need_pair=need_pair,
        source_of_pair=feeding.source_of_pair,
        lane_of_pair=lane_of_pair,
        rank_of_line=_ranks(plant, lines),
        catches_up=_which(plant, lines, Shortage.CATCH_UP),
        builds_short=_which(plant, lines, Shortage.BUILD_SHORT),
        catch_up_percent=catch_up_percent,
        crews=crews,
        series_of_line=padded_groups(line_of_series, len(lines)),
        terms=terms,
        litres=np.array([_litres(plant, part) for _, part in feeding.pairs]),
        purchase=_purchase_terms(plant, feeding.sources),
        batches=batches_of(
            [plant.lane_by_id[lane] for lane in lanes],
            slots,
            terms,
            lane_of_pair,
            feeding.source_of_pair,
        ),
    )


def _ints(values: Iterable[int]) -> IntArray:
    return np.array(list(values), dtype=np.int32)


def _places(values: Iterable[object], among: Sequence[object]) -> IntArray:
    index = {each: place for place, each in enumerate(among)}
    return _ints(index[value] for value in values)


def _which(plant: Plant, lines: Sequence[str], setting: Shortage) -> BoolArray:
    return np.array([plant.location(line).on_shortage is setting for line in lines])


def _crews(
    plant: Plant,
    lines: Sequence[str],
    line_of_series: IntArray,
    horizon: tuple[datetime, datetime],
    slot_minutes: int,
) -> tuple[Slots, tuple[Crew, ...]]:
    """One grid of slots for all lines, and who works when in it."""
    calendars = {c.calendar_id: c for c in (plant.calendar_of(line) for line in lines)}
    cuts = [cut_slots(c, *horizon, slot_minutes) for c in calendars.values()]
    times = [tuple((shift.start, shift.end) for shift in cut.shifts) for cut in cuts]
    if len(set(times)) == 1:  # one grid of periods for all series, as forecasts have it
        every = slice(None)
        crew = Crew(lines=every, series=every, shift_of_slot=cuts[0].shift_of_slot)
        return cuts[0], (crew,)
    slots, own = common_slots(cuts)
    of_line = _places((plant.calendar_of(line).calendar_id for line in lines), tuple(calendars))
    return slots, tuple(
        Crew(
            lines=np.flatnonzero(of_line == index).astype(np.int32),
            series=np.flatnonzero(of_line[line_of_series] == index).astype(np.int32),
            shift_of_slot=shift_of_slot,
        )
        for index, shift_of_slot in enumerate(own)
    )


def _terms(pairs: tuple[tuple[str, str], ...], rules: Sequence[SupplyRule]) -> SupplyTerms:
    return SupplyTerms(
        pairs=pairs,
        container_size=_ints(rule.container_size for rule in rules),
        minimum_order=_ints(rule.minimum_order for rule in rules),
        bin_maximum=_ints(
            NO_LIMIT if rule.bin_maximum is None else rule.bin_maximum for rule in rules
        ),
        criticality=tuple(rule.criticality for rule in rules),
    )


def _ranks(plant: Plant, lines: Sequence[str]) -> IntArray:
    """Order of lines at their stock point: by priority, then as the plant lists them."""
    waiting: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for index, line in enumerate(lines):
        waiting[plant.stock_point_of(line)].append((plant.location(line).priority, index))
    ranks = np.zeros(len(lines), dtype=np.int32)
    for queue in waiting.values():
        for rank, (_, index) in enumerate(sorted(queue)):
            ranks[index] = rank
    return ranks


def _litres(plant: Plant, part_id: str) -> float:
    part = plant.part_by_id.get(part_id)
    return 0.0 if part is None else part.volume_litres


def _purchase_terms(plant: Plant, sources: Sequence[tuple[str, str]]) -> PurchaseTerms:
    rows = []
    for source in sources:
        rule = plant.purchase_rule.get(source)
        if rule is None:  # never bought: what is there is all there is
            rows.append((-1, 0, 0, 1))
        elif rule.reorder_point is None or rule.order_up_to_level is None:
            raise NotFound("purchase levels of", "/".join(source), "set both in its purchase rule")
        else:
            rows.append(
                (rule.reorder_point, rule.order_up_to_level, rule.minimum_order, rule.multiple)
            )
    table = np.array(rows, dtype=np.int32).reshape(-1, 4).T
    return PurchaseTerms(
        reorder_point=table[0],
        order_up_to_level=table[1],
        minimum_order=table[2],
        multiple=table[3],
    )
