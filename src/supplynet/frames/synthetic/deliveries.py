"""What was ordered and when it came, and where supply failed, as tables."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import IntArray
from supplynet.frames.synthetic.clock import Clock
from supplynet.frames.synthetic.demand import Generated
from supplynet.frames.synthetic.effects import effects_of
from supplynet.frames.synthetic.lineside import Orders
from supplynet.frames.synthetic.supply import Played
from supplynet.frames.tables import DELIVERIES_SCHEMA, MOMENT

Places = npt.NDArray[np.integer]
_MICROSECONDS = 60_000_000  # of a minute


def moments(minutes: Places) -> pl.Series:
    """Aware moments of minutes since 1970; those below 0 are null."""
    stamps = pl.Series(minutes.astype(np.int64) * _MICROSECONDS)
    return stamps.set(stamps < 0, None).cast(MOMENT)


def deliveries_frame(
    made: Generated, orders: Orders, clock: Clock, from_location: str
) -> pl.DataFrame:
    """Every order line, oldest first, ``DELIVERIES_SCHEMA``.

    The order id says line, part and moment: ``SR1.ST1.A.P-001.202501010500``.
    """
    line, part = names_of(made, orders.series)
    ordered = moments(clock.start[orders.period])
    return pl.DataFrame(
        {
            "order_id": _order_ids(line, part, ordered),
            "from_location": pl.Series([from_location]).new_from_index(0, len(line)),
            "location_id": line,
            "part_id": part,
            "quantity": orders.quantity,
            "ordered_at": ordered,
            "due_at": moments(orders.due),
            "received_at": moments(orders.received),
        },
        schema=DELIVERIES_SCHEMA,
    )


def supply_effects(made: Generated, played: Played, clock: Clock) -> pl.DataFrame:
    """Halts and late deliveries, ``EFFECTS_SCHEMA``."""
    halts = _halts(made, played, clock)
    if played.stock is None:
        return halts
    return pl.concat([halts, _late(made, played.stock.orders, clock)])


def names_of(made: Generated, series: Places) -> tuple[pl.Series, pl.Series]:
    """Line and part of each of ``series``."""
    lines = pl.Series([line for line, _ in made.series], dtype=pl.String)
    parts = pl.Series([part for _, part in made.series], dtype=pl.String)
    return lines.gather(series), parts.gather(series)


def _halts(made: Generated, played: Played, clock: Clock) -> pl.DataFrame:
    """One row for all starvation of a line in periods that follow each other."""
    line, period = np.nonzero(played.starved_minutes)
    own = np.cumsum(made.works, axis=1, dtype=np.int32)[line, period]
    starts = np.flatnonzero(_begins(line, own))
    run = np.cumsum(_begins(line, own)) - 1
    missing = played.missing[line, period]
    known = np.flatnonzero(missing >= 0)
    runs, first = np.unique(run[known], return_index=True)
    part = np.full(len(starts), -1)
    part[runs] = missing[known[first]]
    last = np.append(starts, len(line))[1:] - 1
    minutes = np.bincount(run, played.starved_minutes[line, period], minlength=len(starts))
    parts = pl.Series([name for _, name in made.series], dtype=pl.String)
    return effects_of(
        "halt",
        {
            "location_id": pl.Series(made.lines, dtype=pl.String).gather(line[starts]),
            "part_id": parts.gather(pl.Series(part).replace(-1, None)),
            "period_start": moments(clock.start[period[starts]]),
            "period_end": moments((clock.start + clock.minutes)[period[last]]),
            "strength": pl.Series(minutes, dtype=pl.Float64),
        },
    )


def _begins(line: Places, own: IntArray) -> npt.NDArray[np.bool_]:
    """Whether each starved period does not follow on the one before."""
    follows = (np.diff(line, prepend=-1) == 0) & (np.diff(own, prepend=-1) == 1)
    begins: npt.NDArray[np.bool_] = ~follows
    return begins


def _late(made: Generated, orders: Orders, clock: Clock) -> pl.DataFrame:
    late = np.flatnonzero(orders.late)
    line, part = names_of(made, orders.series[late])
    ordered = moments(clock.start[orders.period[late]])
    return effects_of(
        "late_truck",
        {
            "location_id": line,
            "part_id": part,
            "period_start": ordered,
            "strength": pl.Series(orders.late[late], dtype=pl.Float64),
            "detail": _order_ids(line, part, ordered),
        },
    )


def _order_ids(line: pl.Series, part: pl.Series, ordered: pl.Series) -> pl.Series:
    stamp = ordered.dt.strftime("%Y%m%d%H%M")
    return pl.select(
        pl.concat_str(pl.lit(line), pl.lit(part), pl.lit(stamp), separator=".")
    ).to_series()
