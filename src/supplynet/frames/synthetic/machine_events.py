"""A history as the machines of its lines would have reported it: events, some late, some twice.

A shift begins with its planned stop, then runs, and starves at its end. What is used in it is
reported in a few events spread over the running time; the line itself reports how long it stood
still, and when it goes on. A line is the source of its own events.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import polars as pl

from supplynet.core.keyed import uniform
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.synthetic.effects import effects_of
from supplynet.frames.synthetic.history import SyntheticHistory
from supplynet.frames.synthetic.line_events import EVENTS_SCHEMA, standstill_events
from supplynet.frames.synthetic.recorded import MINUTE, Longs, Recorded, moments_of
from supplynet.frames.synthetic.scenario import Defects

SECOND = 1_000_000  # microseconds
LONGEST_WAY_SECONDS = 20  # from the machine to us, when nothing is wrong
LONGEST_REPEAT_MINUTES = 30


@dataclass(frozen=True, kw_only=True, eq=False)
class MachineEvents:
    """What came in.

    Attributes:
        frame: ``EVENTS_SCHEMA``, in order of ``received_at``.
        effects: Late and repeated events, ``EFFECTS_SCHEMA``.
    """

    frame: pl.DataFrame
    effects: pl.DataFrame


def machine_events(
    history: SyntheticHistory,
    defects: Defects,
    *,
    seed: int,
    start: datetime | None = None,
    end: datetime | None = None,
    per_period: int = 4,
) -> MachineEvents:
    """The events of the periods that start in ``[start, end)``.

    Args:
        history: What its lines use in a period is what the events of the period sum to.
        defects: ``late_events``, ``late_minutes`` and ``duplicate_events``.
        seed: Same seed, same events.
        start: Aware; None = from the first period on.
        end: Aware; None = to the last period.
        per_period: Events per series and period; fewer where fewer parts are used.

    Raises:
        InvalidInput: ``per_period`` is below 1, or a moment has no time zone.
    """
    if per_period < 1:
        raise InvalidInput(f"{per_period} events per period report nothing; use 1 or more")
    demand = _between(history.demand, start, end)
    uses = _Uses.of(Recorded(demand, seed, "UTC"), defects, per_period)
    frame = pl.concat([*uses.received(), *standstill_events(demand, history.effects)])
    return MachineEvents(
        frame=frame.sort("received_at", "source", "event_id", maintain_order=True),
        effects=uses.effects(),
    )


def _between(frame: pl.DataFrame, start: datetime | None, end: datetime | None) -> pl.DataFrame:
    for moment in (start, end):
        if moment is not None and moment.utcoffset() is None:
            raise InvalidInput(f"{moment.isoformat()} has no time zone; add Z or an offset")
    if start is not None:
        frame = frame.filter(pl.col("period_start") >= start)
    return frame if end is None else frame.filter(pl.col("period_start") < end)


@dataclass(frozen=True, eq=False)
class _Uses:
    """Reports of use, in order of series and time; one number of each array per event.

    Attributes:
        rows: The periods.
        defects: How many come late or twice.
        row, number: Which of them, and the how-manieth event in it.
        quantity: Parts, >= 1.
        occurred: Microseconds since 1970.
    """

    rows: Recorded
    defects: Defects
    row: Longs
    number: Longs
    quantity: Longs
    occurred: Longs

    @classmethod
    def of(cls, rows: Recorded, defects: Defects, per_period: int) -> _Uses:
        """Split what each row used evenly, at moments spread over the running time."""
        used = np.flatnonzero(rows.consumed > 0)
        pieces = np.minimum(rows.consumed[used], per_period)
        row, piece = np.repeat(used, pieces), np.repeat(pieces, pieces)
        number = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        total, spare = rows.consumed[row], rows.of_rows("event split", row)
        # Differences of one rising staircase: they sum to the whole, and none is 0.
        quantity = _floor((number + 1) * total / piece + spare) - _floor(
            number * total / piece + spare
        )
        rate = rows.frame["rate"].fill_null(0.0).to_numpy()[row]
        running = np.divide(total * 60.0, rate, out=np.zeros(len(row)), where=rate > 0)
        stopped = rows.frame["stopped_minutes"].to_numpy()[row].astype(np.int64)
        unplaced = cls(rows, defects, row, number, quantity, rows.stamp[row])
        share = (number + unplaced.draw("event moment")) / np.maximum(piece, 1)
        seconds = _floor(share * np.rint(running) * 60)
        occurred = rows.stamp[row] + stopped * MINUTE + seconds * SECOND
        return replace(unplaced, occurred=occurred)

    def draw(self, purpose: str) -> FloatArray:
        """A uniform number per event."""
        series = self.rows.key[self.rows.series[self.row]]
        minute = self.rows.stamp[self.row] // MINUTE
        return uniform(self.rows.seed, purpose, series, minute, self.number)

    @cached_property
    def names(self) -> tuple[pl.Series, pl.Series, pl.Series]:
        """Line, part and event id."""
        frame = self.rows.frame
        stamp = frame["period_start"].dt.strftime("%Y%m%dT%H%M").gather(self.row)
        line, part = (frame[name].gather(self.row) for name in ("location_id", "part_id"))
        ids = pl.concat_str(
            pl.lit(part), pl.lit(stamp), pl.lit(pl.Series(self.number + 1)), separator="-"
        )
        return line, part, pl.select(ids).to_series()

    @cached_property
    def late_minutes(self) -> FloatArray:
        """Minutes by which each event is late beyond the usual; 0 = it is not."""
        minutes = np.maximum(
            _floor(self.defects.late_minutes * (0.5 + self.draw("late minutes"))), 1
        )
        return np.where(self.draw("late event") < self.defects.late_events, minutes, 0.0)

    @cached_property
    def repeat_minutes(self) -> FloatArray:
        """Minutes after which each event comes again; 0 = it does not."""
        minutes = 1 + _floor(LONGEST_REPEAT_MINUTES * self.draw("repeat minutes"))
        return np.where(self.draw("repeat") < self.defects.duplicate_events, minutes, 0.0)

    def received(self) -> list[pl.DataFrame]:
        """All events, and those that came again."""
        way = (1 + _floor(LONGEST_WAY_SECONDS * self.draw("way"))) * SECOND
        came = self.occurred + way + _floor(self.late_minutes) * MINUTE
        line, part, event_id = self.names
        once = pl.DataFrame(
            {
                "event_id": event_id,
                "source": line,
                "type": pl.Series(["consumed"]).new_from_index(0, len(line)),
                "occurred_at": moments_of(self.occurred),
                "received_at": moments_of(came),
                "location_id": line,
                "part_id": part,
                "quantity": self.quantity,
                "data": pl.Series(["{}"]).new_from_index(0, len(line)),
            },
            schema=EVENTS_SCHEMA,
        )
        again = self.repeat_minutes
        later = once["received_at"] + pl.Series(_floor(again) * MINUTE).cast(pl.Duration("us"))
        return [once, once.with_columns(received_at=later)[np.flatnonzero(again)]]

    def effects(self) -> pl.DataFrame:
        """What came late or again."""
        line, part, event_id = self.names
        found = []
        of_kind = {"late_event": self.late_minutes, "duplicate_event": self.repeat_minutes}
        for kind, minutes in of_kind.items():
            hit = np.flatnonzero(minutes)
            columns = {
                "location_id": line.gather(hit),
                "part_id": part.gather(hit),
                "period_start": moments_of(self.rows.stamp[self.row[hit]]),
                "strength": pl.Series(minutes[hit]),
                "detail": event_id.gather(hit),
            }
            found.append(effects_of(kind, columns))
        return pl.concat(found)


def _floor(values: FloatArray) -> Longs:
    return np.floor(values).astype(np.int64)
