"""Where stock points get their parts: from suppliers, warehouses, or other stock points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.network import LocationKind, Plant, SupplyRule
from supplynet.core.sample_paths import IntArray
from supplynet.errors import InvalidInput, NotFound

Place = tuple[str, str]
"""(stock point or warehouse, part)."""
ENDLESS = -1
"""Source index of pairs that come straight from a supplier."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Feeding:
    """Which pair is filled from where.

    Attributes:
        pairs: (stock point, part) from which lines draw or other pairs are filled, sorted.
        rules: The supply rule of each pair.
        lane_ids: The usual lane of each pair.
        sources: (warehouse, part) from which pairs are filled, sorted.
        stores: Pairs from which other pairs are filled, shape (store,).
        source_of_pair: Shape (pair,): -1 = a supplier, which always has enough; below
            ``len(sources)`` a warehouse part; from there on a store.
    """

    pairs: tuple[Place, ...]
    rules: tuple[SupplyRule, ...]
    lane_ids: tuple[str, ...]
    sources: tuple[Place, ...]
    stores: IntArray
    source_of_pair: IntArray

    def feeder(self, pair: int) -> int | None:
        """The pair that fills this one; None = a warehouse or a supplier."""
        store = int(self.source_of_pair[pair]) - len(self.sources)
        return int(self.stores[store]) if store >= 0 else None


def feeding_of(plant: Plant, drawn: Iterable[Place]) -> Feeding:
    """Follow the supply rules from the pairs that lines draw from up to where the parts come from.

    Raises:
        NotFound: A pair has no supply rule with a lane.
        InvalidInput: A lane starts at a place without stock, or stock points fill each other in a
            circle.
    """
    rules: dict[Place, SupplyRule] = {}
    feeder: dict[Place, Place | None] = {}
    for pair in sorted(set(drawn)):
        _follow(plant, pair, rules, feeder, ())
    pairs = tuple(sorted(rules))
    index = {pair: place for place, pair in enumerate(pairs)}
    origins = [feeder[pair] for pair in pairs]
    sources = tuple(sorted({each for each in origins if each is not None and each not in index}))
    stores = sorted({index[each] for each in origins if each in index})
    place = {source: number for number, source in enumerate(sources)}
    place |= {pairs[store]: len(sources) + number for number, store in enumerate(stores)}
    source_of_pair = [ENDLESS if origin is None else place[origin] for origin in origins]
    return Feeding(
        pairs=pairs,
        rules=tuple(rules[pair] for pair in pairs),
        lane_ids=tuple(rules[pair].lane_ids[0] for pair in pairs),
        sources=sources,
        stores=np.array(stores, dtype=np.int32),
        source_of_pair=np.array(source_of_pair, dtype=np.int32),
    )


def needs_of(feeding: Feeding, pair_of_series: Sequence[int]) -> tuple[IntArray, IntArray]:
    """Whose demand each pair has to cover, its own lines' and that of the pairs it fills.

    Returns:
        (series, pair) of each combination, two arrays of one shape; the series in order first.
    """
    rows = [(series, pair) for series, pair in enumerate(pair_of_series)]
    for series, pair in tuple(rows) if len(feeding.stores) else ():
        above = feeding.feeder(pair)
        while above is not None:
            rows.append((series, above))
            above = feeding.feeder(above)
    table = np.array(rows, dtype=np.int32).reshape(-1, 2).T
    return table[0], table[1]


def _follow(
    plant: Plant,
    pair: Place,
    rules: dict[Place, SupplyRule],
    feeder: dict[Place, Place | None],
    below: tuple[Place, ...],
) -> None:
    """Note the rule and the origin of a pair, and of the pairs it is filled from."""
    if pair in below:
        circle = " <- ".join(place for place, _ in (*below, pair))
        raise InvalidInput(
            f"part {pair[1]} goes round in a circle: {circle}; one of them needs a lane from a "
            "warehouse or a supplier"
        )
    if pair in rules:
        return
    rules[pair] = _rule(plant, pair)
    feeder[pair] = _origin(plant, rules[pair].lane_ids[0], pair[1])
    above = feeder[pair]
    if above is not None and plant.location(above[0]).kind is not LocationKind.WAREHOUSE:
        _follow(plant, above, rules, feeder, (*below, pair))


def _rule(plant: Plant, pair: Place) -> SupplyRule:
    rule = plant.supply_rule.get(pair)
    if rule is None or not rule.lane_ids:
        raise NotFound("supply rule with a lane for", "/".join(pair), "add it to supply rules")
    return rule


def _origin(plant: Plant, lane_id: str, part: str) -> Place | None:
    if lane_id not in plant.lane_by_id:
        raise NotFound("lane", lane_id, "add it to the lanes")
    place = plant.location(plant.lane_by_id[lane_id].from_location)
    if place.kind is LocationKind.SUPPLIER:
        return None
    if place.kind is not LocationKind.WAREHOUSE and not place.holds_stock:
        raise InvalidInput(
            f"lane {lane_id} starts at {place.location_id}, which holds no stock; "
            "set holds_stock or start it at a warehouse"
        )
    return place.location_id, part
