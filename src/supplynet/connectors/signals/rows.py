"""Records of a service as rows of drivers: every cell is doubted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from supplynet.connectors.signals.definition import Definition, Value
from supplynet.connectors.signals.moments import Span, reader
from supplynet.connectors.signals.provider import SignalRequest, driver_name
from supplynet.errors import ConnectorError
from supplynet.frames.tables import DRIVERS_SCHEMA, conform_table

KEY = ("driver", "location_id", "part_id", "at", "known_at")
DAY = timedelta(days=1)
Row = tuple[str, datetime, float, datetime]


def drivers_frame(
    rows: Iterable[Row], location_id: str | None = None, part_id: str | None = None
) -> pl.DataFrame:
    """Rows of (driver, at, value, known_at) as a drivers frame, sorted, each key once.

    Of rows with one key the last is kept.
    """
    names = ("driver", "at", "value", "known_at")
    schema = {name: DRIVERS_SCHEMA[name] for name in names}
    frame = pl.DataFrame(list(rows), schema=schema, orient="row").with_columns(
        pl.lit(location_id, dtype=pl.String).alias("location_id"),
        pl.lit(part_id, dtype=pl.String).alias("part_id"),
    )
    return sorted_drivers(conform_table(frame, DRIVERS_SCHEMA))


def sorted_drivers(frame: pl.DataFrame) -> pl.DataFrame:
    """Sorted by ``KEY``, of rows with one key the last."""
    return frame.unique(subset=list(KEY), keep="last", maintain_order=True).sort(KEY)


@dataclass(kw_only=True)
class RowReader:
    """Turns the cells of one symbol's answer into rows and counts what it leaves out.

    A cell that says "no value" is nothing to complain about. A cell that is no number, a value
    outside the definition's bounds, a time that is none or outside the asked range is left out and
    counted; when more than half are, the whole answer is refused. The value of a period that is
    not over yet, such as today's price, is not final and left out too.
    """

    definition: Definition
    symbol: str
    request: SignalRequest
    fetched_at: datetime
    left_out: Counter[str] = field(default_factory=Counter)
    taken: int = 0

    def __post_init__(self) -> None:
        rows = self.definition.rows
        self._span = reader(rows.time_format, rows.zone, rows.period)
        # A day on which something was published is told without a clock time.
        self._published = reader("iso", rows.zone, None)
        self._missing = frozenset(rows.missing)
        only = len(self.definition.values) == 1
        self._drivers = {
            name: driver_name(self.definition.name, self.symbol, name, only=only)
            for name in self.definition.values
        }

    def read(self, cells: Iterable[tuple[Any, ...]]) -> list[Row]:
        """The rows of cells (time, known, values...) in the order of the definition's values."""
        wanted = [
            (place, self._drivers[name], value)
            for place, (name, value) in enumerate(self.definition.values.items(), start=2)
        ]
        made: list[Row] = []
        for record in cells:
            span = self._span_of(record[0], len(wanted))
            if span is None:
                continue
            known = self._known_at(record[1], span, len(wanted))
            if known is None:
                continue
            for place, driver, value in wanted:
                number = self._number(record[place], value)
                if number is not None:
                    made.append((driver, span.start, number, known))
        self.taken += len(made)
        return made

    def check(self, warn: Callable[[str], None]) -> None:
        """Say what was left out.

        Raises:
            ConnectorError: It was more than half.
        """
        total = self.left_out.total()
        if not total:
            return
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.left_out.most_common())
        if total > self.taken:
            raise ConnectorError(
                f"{total} of {total + self.taken} values cannot be used: {reasons}"
            )
        warn(
            f"{self.definition.name} {self.symbol}: left out {total} of {total + self.taken} "
            f"values: {reasons}"
        )

    def _span_of(self, cell: Any, values: int) -> Span | None:
        try:
            span = self._span(cell)
        except (ValueError, TypeError):
            self.left_out["without a time that can be read"] += values
            return None
        start, end = self.request.start, self.request.end
        if start <= span.start < end:
            unfinished = self.definition.publication.known == "lag" and span.end > self.fetched_at
            return None if unfinished else span
        # A service works in whole days, months or years of its own zone: only what does not even
        # touch the range is a mistake.
        apart = span.end < start - DAY or span.start > end + DAY
        if self.definition.dates.ranged and apart:
            self.left_out[f"outside {start:%Y-%m-%d} to {end:%Y-%m-%d}"] += values
        return None

    def _known_at(self, cell: Any, span: Span, values: int) -> datetime | None:
        rule, lag = self.definition.publication, self.request.lag
        if rule.known == "fetched":
            return self.fetched_at
        if lag is None:
            lag = timedelta(hours=rule.lag_hours)
        if rule.known == "lag":
            return span.end + lag
        try:
            return self._published(cell).start + lag
        except (ValueError, TypeError):
            self.left_out["without a day of publication"] += values
            return None

    def _number(self, cell: Any, value: Value) -> float | None:
        if cell is None or (isinstance(cell, str) and cell.strip() in self._missing):
            return None
        try:
            if isinstance(cell, bool):
                raise TypeError
            number = float(cell)
        except (ValueError, TypeError, OverflowError):
            self.left_out["no number"] += 1
            return None
        if not math.isfinite(number):
            self.left_out["not finite"] += 1
            return None
        if not value.lowest <= number <= value.highest:
            self.left_out[f"outside {value.lowest:g} to {value.highest:g}"] += 1
            return None
        return number
