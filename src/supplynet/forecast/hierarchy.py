"""Which sums of series are forecast too: stock points, warehouses, parts, groups of lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from supplynet.core.network import LocationKind, Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput, NotFound
from supplynet.learning.windows import Index

Series = tuple[str, str]
Node = tuple[str | None, str | None]
"""``(location_id, part_id)`` of a sum; None = all of them."""
TOTAL = "total"
NodeOf = Callable[[str, str], Node | None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Level:
    """One way of adding up.

    Attributes:
        name: Such as ``stock_point``.
        nodes: In the order in which the series name them.
        node_of_series: Place in ``nodes``, -1 = in none, shape (series,).
    """

    name: str
    nodes: tuple[Node, ...]
    node_of_series: Index

    @cached_property
    def members(self) -> tuple[Index, ...]:
        """Places of the series of each node, ascending."""
        order = np.argsort(self.node_of_series, kind="stable")
        first = np.searchsorted(self.node_of_series[order], np.arange(len(self.nodes) + 1))
        return tuple(order[a:b] for a, b in pairwise(first))

    @property
    def is_partition(self) -> bool:
        """Whether every series is in a node."""
        return bool((self.node_of_series >= 0).all())


@dataclass(frozen=True, kw_only=True, eq=False)
class Hierarchy:
    """Levels of sums over the same series.

    Attributes:
        series: ``(location_id, part_id)`` of each series; the location is the line.
        levels: In the order of their nodes.
    """

    series: tuple[Series, ...]
    levels: tuple[Level, ...]

    @classmethod
    def of(cls, series: Sequence[Series], levels: Mapping[str, NodeOf]) -> Hierarchy:
        """Levels by name, each a function from line and part to the node, None = in none."""
        return cls(
            series=tuple(series),
            levels=tuple(_level(name, series, node_of) for name, node_of in levels.items()),
        )

    @classmethod
    def of_names(cls, series: Sequence[Series]) -> Hierarchy:
        """Total, parts, locations, and groups of locations by the dots in their names.

        ``SR1.ST2.A`` is in ``group_1`` ``SR1`` and ``group_2`` ``SR1.ST2``.
        """
        depth = max((line.count(".") for line, _ in series), default=0)
        groups = {f"group_{dots}": _by_dots(dots) for dots in range(1, depth + 1)}
        return cls.of(series, {TOTAL: _all, "part": _part, **groups, "location": _location})

    @classmethod
    def of_plant(cls, plant: Plant, series: Sequence[Series]) -> Hierarchy:
        """What a plant adds up: lines to stock points, these to the warehouse.

        ``stock_point_part`` and ``warehouse_part`` are what is ordered; ``warehouse``,
        ``stock_point``, ``showroom``, ``station`` and ``line`` add different parts up, as
        workload. A stock point belongs to the warehouse at the far end of its usual lane.

        Raises:
            NotFound: A series' line is not in the plant, or nothing above it holds stock.
        """
        point = {line: plant.stock_point_of(line) for line in dict.fromkeys(s[0] for s in series)}

        def of_kind(kind: LocationKind) -> NodeOf:
            return lambda line, _part: _node(plant.ancestor(line, kind), None)

        def warehouse(line: str, part: str) -> str | None:
            return _warehouse(plant, point[line], part)

        return cls.of(
            series,
            {
                TOTAL: _all,
                "part": _part,
                "warehouse": lambda line, part: _node(warehouse(line, part), None),
                "warehouse_part": lambda line, part: _node(warehouse(line, part), part),
                "showroom": of_kind(LocationKind.SHOWROOM),
                "station": of_kind(LocationKind.STATION),
                "stock_point": lambda line, _part: (point[line], None),
                "stock_point_part": lambda line, part: (point[line], part),
                "line": _location,
            },
        )

    def select(self, *names: str) -> Hierarchy:
        """Only these levels.

        Raises:
            NotFound: No such level.
        """
        return Hierarchy(series=self.series, levels=tuple(self.level(name) for name in names))

    def level(self, name: str) -> Level:
        """The level of that name.

        Raises:
            NotFound: No such level.
        """
        for level in self.levels:
            if level.name == name:
                return level
        known = ", ".join(level.name for level in self.levels)
        raise NotFound("level", name, f"choose one of {known}")

    def nodes_of(self, name: str) -> slice:
        """Places of a level's nodes in all sums.

        Raises:
            NotFound: No such level.
        """
        first = self._first[self.levels.index(self.level(name))]
        return slice(first, first + len(self.level(name).nodes))

    @property
    def names(self) -> tuple[tuple[str, Node], ...]:
        """Level and node of each sum, in order."""
        return tuple((level.name, node) for level in self.levels for node in level.nodes)

    def check(self, series: Sequence[Series]) -> None:
        """Refuse other series than those that it was made for.

        Raises:
            InvalidInput: They differ, or their order does.
        """
        if tuple(series) != self.series:
            raise InvalidInput(
                f"the hierarchy is of {len(self.series)} series, these are {len(series)} or in "
                "another order; make it from the series that are summed"
            )

    def part(self, rows: slice) -> tuple[Hierarchy, Index]:
        """The hierarchy of some of the series, and the places of its nodes in this one."""
        levels, places = [], []
        for first, level in zip(self._first, self.levels, strict=True):
            node = level.node_of_series[rows]
            present = np.unique(node[node >= 0])
            codes = np.where(node >= 0, np.searchsorted(present, node), -1)
            nodes = tuple(level.nodes[index] for index in present.tolist())
            levels.append(Level(name=level.name, nodes=nodes, node_of_series=codes))
            places.append(first + present)
        index = np.concatenate(places) if places else np.zeros(0, dtype=np.int64)
        return Hierarchy(series=self.series[rows], levels=tuple(levels)), index

    def add(
        self, total: npt.NDArray[np.int64], values: npt.NDArray[np.integer], rows: slice
    ) -> None:
        """Add some series to the sums they are in.

        Args:
            total: Sums so far, shape (step, node, path); changed.
            values: Shape (step, series of ``rows``, path).
            rows: Which series these are.
        """
        for first, level in zip(self._first, self.levels, strict=True):
            node = level.node_of_series[rows]
            for each in np.unique(node[node >= 0]).tolist():
                own = np.flatnonzero(node == each)
                together = own[-1] - own[0] + 1 == len(own)
                part = values[:, own[0] : own[-1] + 1] if together else values[:, own]
                total[:, first + each] += part.sum(axis=1, dtype=np.int64)

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums of (series, ...): (node, ...); what is NaN in a series is NaN in its sums."""
        result = np.empty((len(self.names), *values.shape[1:]))
        members = (rows for level in self.levels for rows in level.members)
        for place, rows in enumerate(members):
            result[place] = values[rows].sum(axis=0)
        return result

    @cached_property
    def _first(self) -> tuple[int, ...]:
        sizes = [len(level.nodes) for level in self.levels]
        return tuple(np.cumsum([0, *sizes[:-1]]).tolist())


def _level(name: str, series: Sequence[Series], node_of: NodeOf) -> Level:
    found = [node_of(*one) for one in series]
    nodes = tuple(dict.fromkeys(node for node in found if node is not None))
    place = {node: index for index, node in enumerate(nodes)}
    codes = [-1 if node is None else place[node] for node in found]
    return Level(name=name, nodes=nodes, node_of_series=np.array(codes, dtype=np.int64))


def _all(_line: str, _part: str) -> Node:
    return None, None


def _part(_line: str, part: str) -> Node:
    return None, part


def _location(line: str, _part: str) -> Node:
    return line, None


def _by_dots(dots: int) -> NodeOf:
    def node(line: str, _part: str) -> Node | None:
        names = line.split(".")
        return (".".join(names[:dots]), None) if len(names) > dots else None

    return node


def _node(location: str | None, part: str | None) -> Node | None:
    return None if location is None else (location, part)


def _warehouse(plant: Plant, stock_point: str, part: str) -> str | None:
    """Where the part comes from by the usual lanes; None when that is no warehouse."""
    passed = {stock_point}
    while plant.location(stock_point).kind is not LocationKind.WAREHOUSE:
        rule = plant.supply_rule.get((stock_point, part))
        if rule is None or not rule.lane_ids:
            return None
        stock_point = plant.lane_by_id[rule.lane_ids[0]].from_location
        if stock_point in passed:
            return None
        passed.add(stock_point)
    return stock_point
