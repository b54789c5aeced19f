"""Static facts of the series: one row per line and part, per part, or per line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from supplynet.core.network import Location, Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.aliases import to_polars

_KEYS = ("location_id", "part_id")


@dataclass(frozen=True, kw_only=True, eq=False)
class StaticFacts:
    """Facts in the order of the series; null where a series has none.

    Attributes:
        rows: One row per series.
    """

    rows: pl.DataFrame

    @classmethod
    def of(cls, data: object, series: Sequence[tuple[str, str]]) -> StaticFacts:
        """Bring a table of facts to the series.

        Raises:
            InvalidInput: It has neither key, or a key twice.
        """
        facts = to_polars(data)
        keys = [name for name in _KEYS if name in facts.columns]
        if not keys:
            raise InvalidInput(
                f"static facts need location_id or part_id, or both; they have "
                f"{', '.join(facts.columns) or 'no columns'}"
            )
        facts = facts.with_columns(pl.col(keys).cast(pl.String))
        twice = facts.filter(facts.select(keys).is_duplicated())
        if twice.height:
            raise InvalidInput(
                f"static facts: {'/'.join(map(str, twice.select(keys).row(0)))} is there twice; "
                "keep one row of each"
            )
        names = pl.DataFrame(series, schema=dict.fromkeys(_KEYS, pl.String), orient="row")
        return cls(rows=names.join(facts, on=keys, how="left", maintain_order="left"))

    def numbers(self, column: str) -> FloatArray:
        """A column of numbers, shape (series,), NaN = not known.

        Raises:
            InvalidInput: There is no such column, or it holds something else.
        """
        cells = self._column(column)
        try:
            made = cells.cast(pl.Float64)
        except pl.exceptions.PolarsError:
            raise InvalidInput(
                f"static facts: {column} holds {cells.dtype}, not numbers; declare it as a category"
            ) from None
        values = made.to_numpy()
        return np.where(np.isfinite(values), values, np.nan)

    def names(self, column: str) -> pl.Series:
        """A column of names, shape (series,).

        Raises:
            InvalidInput: There is no such column.
        """
        return self._column(column).cast(pl.String)

    def _column(self, column: str) -> pl.Series:
        if column not in self.rows.columns or column in _KEYS:
            there = [name for name in self.rows.columns if name not in _KEYS]
            raise InvalidInput(
                f"feature static_{column} needs the static fact {column!r}; there are "
                f"{', '.join(there) or 'none'}: add the column or leave the feature out"
            )
        return self.rows[column]


def statics_from_plant(plant: Plant) -> pl.DataFrame:
    """Facts of every part that a line needs, from the plant's own tables.

    Returns:
        ``location_id, part_id`` (lines and what they take), ``criticality, container_size,
        minimum_order, bin_maximum`` (of the stock point that the line draws from), ``unit,
        unit_cost, volume_litres``, ``product`` (all that take the part, joined by ``+``),
        ``parts_per_unit`` (the most that any product takes), ``station, showroom, priority``.
    """
    needs: dict[tuple[str, str], dict[str, float]] = {}
    for need in plant.requirements:
        products = needs.setdefault((need.line_id, need.part_id), {})
        # A row per engineering change: quantities of one product follow, not add to, each other.
        products[need.product] = max(products.get(need.product, 0.0), float(need.quantity))
    rows = []
    for (line, part), products in sorted(needs.items()):
        rule = plant.supply_rule.get((plant.stock_point_of(line), part))
        above = _above(plant, line)
        known = plant.part_by_id.get(part)
        rows.append(
            {
                "location_id": line,
                "part_id": part,
                "criticality": rule.criticality if rule else None,
                "container_size": rule.container_size if rule else None,
                "minimum_order": rule.minimum_order if rule else None,
                "bin_maximum": rule.bin_maximum if rule else None,
                "unit": known.unit if known else None,
                "unit_cost": known.unit_cost if known else None,
                "volume_litres": known.volume_litres if known else None,
                "product": "+".join(sorted(products)),
                "parts_per_unit": max(products.values()),
                "station": above.get("station"),
                "showroom": above.get("showroom"),
                "priority": plant.location_by_id[line].priority,
            }
        )
    return pl.DataFrame(rows, schema=_PLANT_SCHEMA, orient="row")


_PLANT_SCHEMA = pl.Schema(
    {
        **{name: pl.String() for name in ("location_id", "part_id", "criticality")},
        **{name: pl.Int64() for name in ("container_size", "minimum_order", "bin_maximum")},
        "unit": pl.String(),
        **{name: pl.Float64() for name in ("unit_cost", "volume_litres")},
        "product": pl.String(),
        "parts_per_unit": pl.Float64(),
        **{name: pl.String() for name in ("station", "showroom")},
        "priority": pl.Int64(),
    }
)


def _above(plant: Plant, line: str) -> dict[str, str]:
    """Id of the location of each kind around a line."""
    found: dict[str, str] = {}
    place: Location | None = plant.location_by_id[line]
    while place is not None:
        found[place.kind.value] = place.location_id
        place = plant.location_by_id[place.parent_id] if place.parent_id else None
    return found
