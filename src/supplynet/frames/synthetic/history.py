"""A made-up history as a plant would have recorded it, and what was hidden from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.network import Plant
from supplynet.frames.demand import DEMAND_SCHEMA, KEY, demand_from_consumption
from supplynet.frames.synthetic.clock import Clock, clock_of
from supplynet.frames.synthetic.deliveries import (
    deliveries_frame,
    moments,
    names_of,
    supply_effects,
)
from supplynet.frames.synthetic.demand import Generated, generate_demand
from supplynet.frames.synthetic.lineside import Stock
from supplynet.frames.synthetic.plant import WAREHOUSE
from supplynet.frames.synthetic.scenario import SupplyShape
from supplynet.frames.synthetic.supply import Played, play
from supplynet.frames.tables import DELIVERIES_SCHEMA, STOCK_SCHEMA

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class SyntheticHistory:
    """A history as a plant would have recorded it, and the truth behind it.

    Attributes:
        demand: A conforming demand frame with halts and planned stops.
        truth: Same rows: key, ``true_demand`` (what would have been used), its expectation ``mean``
            for one who knows neither shocks nor plan, and ``mean_given_plan``.
        stock: Same rows: stock and threshold at the start of each period, ``STOCK_SCHEMA``; empty
            when supply was not played.
        deliveries: Every order line, oldest first, ``DELIVERIES_SCHEMA``; empty likewise.
        plan: What was announced, ``PLAN_SCHEMA``.
        effects: Everything that was put in on purpose, ``EFFECTS_SCHEMA``.
    """

    demand: pl.DataFrame
    truth: pl.DataFrame
    stock: pl.DataFrame
    deliveries: pl.DataFrame
    plan: pl.DataFrame
    effects: pl.DataFrame


def history_of(
    made: Generated,
    supply: SupplyShape = SupplyShape(),  # noqa: B008 - frozen
    *,
    seed: int,
    from_location: str = WAREHOUSE,
) -> SyntheticHistory:
    """What the plant records of ``made`` when supply is as ``supply`` says.

    A starved period consumes less than was wanted and hides the demand of every part of its line.

    Args:
        made: True demand.
        supply: Lead times, thresholds, halts.
        seed: Same seed, same frames; more days add rows and change none (from a week on where
            supply plays: the first thresholds are sized by it), but for orders that were open.
        from_location: Where deliveries come from.

    Raises:
        InvalidInput: The lead times of ``supply`` cannot be.
    """
    clock = clock_of(made)
    played = play(made, supply, seed=seed)
    rows = _Rows.of(made)
    key = rows.key(made, clock)
    return SyntheticHistory(
        demand=_demand(made, played, clock, rows, key),
        truth=pl.DataFrame(
            {
                **key,
                "true_demand": rows.take(made.true_demand).astype(np.float64),
                "mean": rows.take(made.mean),
                "mean_given_plan": rows.take(made.mean_given_plan),
            }
        ),
        stock=_stock(played.stock, rows, key),
        deliveries=pl.DataFrame(schema=DELIVERIES_SCHEMA)
        if played.stock is None
        else deliveries_frame(made, played.stock.orders, clock, from_location),
        plan=made.plan,
        effects=pl.concat([made.effects, supply_effects(made, played, clock)]),
    )


def generate_history(
    plant: Plant, *, start: date, days: int, seed: int, halts_per_line_month: float = 0.8
) -> SyntheticHistory:
    """A quiet plant's history: halts cost demand now and then, stock is not played.

    Args:
        plant: Its calendars say when it works, its requirements what it uses.
        start: First local day.
        days: Number of local days.
        seed: Same seed, same frames; more days add rows and change none.
        halts_per_line_month: Mean number of starved periods per line and 60 periods.

    Raises:
        InvalidInput: The plant has no requirements, or there is no shift in those days.
    """
    made = generate_demand(plant, start=start, days=days, seed=seed)
    return history_of(made, SupplyShape(halts_per_line_month=halts_per_line_month), seed=seed)


@dataclass(frozen=True)
class _Rows:
    """The (series, period) that are rows of the frames, in the order of the key.

    Attributes:
        series, period: Of each row.
        all_work: Whether every series has every period, so that nothing has to be picked.
    """

    series: Places
    period: Places
    all_work: bool

    @classmethod
    def of(cls, made: Generated) -> _Rows:
        """A row where the line has a shift."""
        series, period = np.nonzero(made.works[made.line_of_series])
        return cls(series, period, bool(made.works.all()))

    def take(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """The rows of an array of shape (series, period)."""
        return values.reshape(-1) if self.all_work else values[self.series, self.period]

    def key(self, made: Generated, clock: Clock) -> Mapping[str, pl.Series]:
        """The key columns."""
        line, part = names_of(made, self.series)
        start = moments(clock.start).gather(self.period)
        return dict(zip(KEY, (line, part, start), strict=True))


def _demand(
    made: Generated, played: Played, clock: Clock, rows: _Rows, key: Mapping[str, pl.Series]
) -> pl.DataFrame:
    line = made.line_of_series[rows.series]
    consumed = rows.take(played.consumed)
    starved = played.starved_minutes[line, rows.period]
    stopped = made.stopped_minutes[line, rows.period]
    demand, rate = demand_from_consumption(consumed, starved, stopped, clock.minutes[rows.period])
    names = pl.Series([shift.name for shift in made.periods], dtype=pl.String)
    frame = pl.DataFrame(
        {
            **key,
            "shift": names.gather(rows.period),
            "consumed": consumed.astype(np.int64),
            "starved_minutes": starved,
            "stopped_minutes": stopped,
            "rate": rate,
            "demand": demand,
        },
        schema=DEMAND_SCHEMA,
    )
    return frame.with_columns(pl.col("rate", "demand").fill_nan(None))


def _stock(stock: Stock | None, rows: _Rows, key: Mapping[str, pl.Series]) -> pl.DataFrame:
    if stock is None:
        return pl.DataFrame(schema=STOCK_SCHEMA)
    amounts = ("on_hand", "on_order", "reorder_point")
    return pl.DataFrame(
        {**key, **{name: rows.take(getattr(stock, name)).astype(np.int64) for name in amounts}},
        schema=STOCK_SCHEMA,
    )
