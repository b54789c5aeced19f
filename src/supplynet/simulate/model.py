"""A plant compiled to index arrays: what the twin needs to know before anything happens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from supplynet.core.network import LocationKind, Plant, Shortage, SupplyRule
from supplynet.core.protocols import SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.core.shifts import Shift, ShiftCalendar
from supplynet.errors import InvalidInput, NotFound
from supplynet.replenish.purchasing import PurchaseTerms
from supplynet.simulate.calendar_slots import Slots, cut_slots
from supplynet.simulate.departures import Batch, SlotDeparture, batches_of
from supplynet.simulate.indexing import padded_groups

ENDLESS = -1
"""Source index of pairs that come straight from a supplier."""
NO_LIMIT = 2**30


@dataclass(frozen=True, kw_only=True, eq=False)
class PlantModel:
    """Index arrays of one plant over one horizon.

    Attributes:
        series: (line, part) of each series; parallel to the demand given to the twin.
        lines, pairs: Lines; (stock point, part) pairs from which series draw.
        sources: (warehouse, part) from which pairs are filled.
        lanes: Lane ids, the usual lane of some pair.
        line_of_series, pair_of_series: Shape (series,).
        source_of_pair: Shape (pair,), -1 = a supplier, which always has enough.
        lane_of_pair: Shape (pair,): the first lane of its supply rule.
        rank_of_line: Who draws first at a shared stock point, 0 first; shape (line,).
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
    lanes: tuple[str, ...]
    line_of_series: IntArray
    pair_of_series: IntArray
    source_of_pair: IntArray
    lane_of_pair: IntArray
    rank_of_line: IntArray
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
    def pair_index(self) -> dict[tuple[str, str], int]:
        """Index of each (stock point, part)."""
        return {pair: index for index, pair in enumerate(self.pairs)}

    @cached_property
    def source_index(self) -> dict[tuple[str, str], int]:
        """Index of each (warehouse, part)."""
        return {source: index for index, source in enumerate(self.sources)}


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
) -> PlantModel:
    """Compile ``plant`` for the horizon ``[start, end)``.

    Args:
        plant: Every series needs a stock point with a supply rule for its part, whose lanes come
            from a warehouse or a supplier.
        series: (line, part) in the order of the demand; None = ``plant_series``.
        start: Begin of the horizon, aware; seconds are dropped.
        end: Its end, aware.
        slot_minutes: Must divide every shift.

    Raises:
        InvalidInput: The plant has what the twin cannot do: a line that is not ``lost``, lines
            with different shifts, a stock point that is filled from another stock point.
        NotFound: A series has no stock point, supply rule or lane; a part has no purchase levels.
    """
    series = plant_series(plant) if series is None else tuple(series)
    lines = tuple(dict.fromkeys(line for line, _ in series))
    _check_lines(plant, lines)
    slots = _common_slots(plant, lines, start, end, slot_minutes)
    drawn = [(plant.stock_point_of(line), part) for line, part in series]
    pairs = tuple(sorted(set(drawn)))
    pair_index = {pair: index for index, pair in enumerate(pairs)}
    rules = [_rule(plant, pair) for pair in pairs]
    lane_ids = [rule.lane_ids[0] for rule in rules]
    lanes = tuple(sorted(set(lane_ids)))
    origins = [_origin(plant, lane, part) for lane, (_, part) in zip(lane_ids, pairs, strict=True)]
    sources = tuple(sorted({origin for origin in origins if origin is not None}))
    source_of_pair = _ints(ENDLESS if o is None else sources.index(o) for o in origins)
    lane_of_pair = _ints(lanes.index(lane) for lane in lane_ids)
    line_of_series = _ints(lines.index(line) for line, _ in series)
    terms = _terms(pairs, rules)
    return PlantModel(
        plant=plant,
        calendar=plant.calendar_of(lines[0]),
        slots=slots,
        series=series,
        lines=lines,
        pairs=pairs,
        sources=sources,
        lanes=lanes,
        line_of_series=line_of_series,
        pair_of_series=_ints(pair_index[pair] for pair in drawn),
        source_of_pair=source_of_pair,
        lane_of_pair=lane_of_pair,
        rank_of_line=_ranks(plant, lines),
        series_of_line=padded_groups(line_of_series, len(lines)),
        terms=terms,
        litres=np.array([_litres(plant, part) for _, part in pairs]),
        purchase=_purchase_terms(plant, sources),
        batches=batches_of(
            [plant.lane_by_id[lane] for lane in lanes], slots, terms, lane_of_pair, source_of_pair
        ),
    )


def _ints(values: Iterable[int]) -> IntArray:
    return np.array(list(values), dtype=np.int32)


def _check_lines(plant: Plant, lines: Sequence[str]) -> None:
    if not lines:
        raise InvalidInput("the plant has no series: add requirements or name the series")
    for line in lines:
        setting = plant.location(line).on_shortage
        if setting is not Shortage.LOST:
            raise InvalidInput(
                f"line {line} has on_shortage {setting.value!r}; the twin only knows 'lost'"
            )


def _common_slots(
    plant: Plant, lines: Sequence[str], start: datetime, end: datetime, slot_minutes: int
) -> Slots:
    """Slots of the lines' calendar: one grid of periods for all series, as forecasts have it."""
    calendars = {c.calendar_id: c for c in (plant.calendar_of(line) for line in lines)}
    cuts = [cut_slots(c, start, end, slot_minutes) for c in calendars.values()]
    first = [(shift.start, shift.end) for shift in cuts[0].shifts]
    for other in cuts[1:]:
        if [(shift.start, shift.end) for shift in other.shifts] != first:
            raise InvalidInput(
                f"calendars {', '.join(calendars)} have different shifts; "
                "simulate lines with different shifts as separate plants"
            )
    return cuts[0]


def _rule(plant: Plant, pair: tuple[str, str]) -> SupplyRule:
    rule = plant.supply_rule.get(pair)
    if rule is None or not rule.lane_ids:
        raise NotFound("supply rule with a lane for", "/".join(pair), "add it to supply rules")
    return rule


def _origin(plant: Plant, lane_id: str, part: str) -> tuple[str, str] | None:
    if lane_id not in plant.lane_by_id:
        raise NotFound("lane", lane_id, "add it to the lanes")
    place = plant.location(plant.lane_by_id[lane_id].from_location)
    if place.kind is LocationKind.SUPPLIER:
        return None
    if place.kind is not LocationKind.WAREHOUSE:
        raise InvalidInput(
            f"lane {lane_id} starts at {place.location_id}, a {place.kind.value}; "
            "the twin fills stock points from warehouses and suppliers only"
        )
    return place.location_id, part


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
    rules = {(rule.warehouse_id, rule.part_id): rule for rule in plant.purchase_rules}
    rows = []
    for source in sources:
        rule = rules.get(source)
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
