"""Moments at which a refill could be ordered: what lies there, what is due, how long it must last.

A *moment* is the start of a period. Its *window* ends when a delivery that is ordered at the next
look could be used: with a look every period, that is the lead time known at the moment plus one
period (Silver, Pyke and Thomas, Inventory and Production Management in Supply Chains, chapter 6:
lead time plus review interval). Without an order now nothing else can arrive in it, so the window
decides whether to order. Time is counted in periods: what arrives in a period can be used in it,
and stock is judged at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.forecast.refill_orders import OpenOrders, known_lead_minutes, open_orders
from supplynet.frames.panel import Panel, Period
from supplynet.frames.tables import DELIVERIES_SCHEMA, STOCK_SCHEMA, conform_table
from supplynet.learning.windows import Index, trailing_unit

Threshold: TypeAlias = Literal["safety_stock", "reorder_point", "empty"]
"""Below what stock must not fall.

``reorder_point`` as recorded. It is meant for the inventory position and holds the demand of the
lead time already, so that stock itself is below it most of the time. ``safety_stock`` is what it
holds beyond the mean demand of the window (the last four weeks' mean, known at the moment), at
least 0. ``empty`` is 0: the shelf runs out.
"""
_MEAN_WEEKS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class RefillMoments:
    """Moments of decision of every series of a panel. Quantities in parts, NaN = not known.

    Attributes:
        panel: Demand at each (stock point, part) or (line, part).
        periods: Those of the panel and those ahead.
        floor: The least that demand can have been, shape (series, period); 0 where nothing says.
        moments: Place of the period that begins at each moment, ascending, shape (moment,).
        on_hand, on_order, threshold, reorder_point: At each moment, shape (series, moment).
        due: What arrives in each period from the moment on, as promised by then; shape (series,
            moment, step).
        share: Share of each period's demand that falls into the window: 1 inside, 0 after it;
            shape (series, moment, step).
        lead_minutes: From an order to its receipt, as known at the moment, (series, moment).
    """

    panel: Panel
    periods: tuple[Period, ...]
    floor: FloatArray
    moments: Index
    on_hand: FloatArray
    on_order: FloatArray
    reorder_point: FloatArray
    threshold: FloatArray
    due: FloatArray
    share: FloatArray
    lead_minutes: FloatArray

    @property
    def position(self) -> FloatArray:
        """On hand plus on order, shape (series, moment)."""
        return self.on_hand + self.on_order

    @property
    def steps(self) -> int:
        """Periods of the longest window."""
        return int(self.share.shape[2])

    @property
    def window(self) -> FloatArray:
        """Length of each window in periods, shape (series, moment)."""
        return np.asarray(self.share.sum(axis=2))

    @property
    def ends(self) -> Index:
        """Place of the first period after each window, shape (series, moment)."""
        return np.asarray(self.moments + (self.share > 0).sum(axis=2))

    def at(self, chosen: npt.NDArray[np.integer]) -> RefillMoments:
        """Some of the moments, by their place in ``moments``."""
        return RefillMoments(
            panel=self.panel,
            periods=self.periods,
            floor=self.floor,
            moments=self.moments[chosen],
            on_hand=self.on_hand[:, chosen],
            on_order=self.on_order[:, chosen],
            reorder_point=self.reorder_point[:, chosen],
            threshold=self.threshold[:, chosen],
            due=self.due[:, chosen],
            share=self.share[:, chosen],
            lead_minutes=self.lead_minutes[:, chosen],
        )


def refill_moments(
    panel: Panel,
    stock: pl.DataFrame,
    deliveries: pl.DataFrame | None = None,
    *,
    future: Sequence[Period] = (),
    floor: FloatArray | None = None,
    lead_minutes: FloatArray | None = None,
    threshold: Threshold = "safety_stock",
    review_periods: int = 1,
    every: int = 1,
) -> RefillMoments:
    """Lay stock and orders on the panel's periods.

    Lead times: the median of a series' last ten promises (or, where nothing was promised, of its
    last receipts) that were known at the moment; without any, ``lead_minutes``; without that the
    moment has no window and its label is not known. What an order brings counts at its due date,
    at once where that is past; what is on order beyond the deliveries that are known counts where
    a delivery ordered at the moment would arrive, for it was ordered before.

    Args:
        panel: Demand of the places that the stock table names; NaN = not observed.
        stock: ``STOCK_SCHEMA``, rows at starts of periods; on hand without what comes at that
            moment, on order without what is ordered at it.
        deliveries: ``DELIVERIES_SCHEMA``; None = not known.
        future: Periods after the panel, for decisions that lie before its end by less than a
            window.
        floor: See ``RefillMoments``; consumption, where demand was not observed.
        lead_minutes: Of each series, from supply rules; NaN = not known.
        threshold: See ``Threshold``.
        review_periods: Periods from one look to the next; 0 ends the window where a delivery
            ordered now could be used.
        every: Every how many periods there is a moment.

    Raises:
        InvalidInput: A table cannot be read, or no row of stock is at the start of a period of
            the panel; a setting is out of range.
    """
    if threshold not in get_args(Threshold) or review_periods < 0 or every < 1:
        raise InvalidInput(
            f"threshold {threshold!r}, review_periods {review_periods}, every {every}: use "
            f"{', '.join(get_args(Threshold))}; 0 or more; 1 or more"
        )
    if not np.isfinite(panel.demand).all():  # what is not a finite number was not observed
        panel = replace(panel, demand=np.where(np.isfinite(panel.demand), panel.demand, np.nan))
    periods = (*panel.periods, *future)
    figures = _laid_stock(panel, periods, conform_table(stock, STOCK_SCHEMA))
    has_rows = ~np.isnan(figures["on_hand"]).all(axis=0)
    moments = np.flatnonzero(has_rows)[::every]
    at = {name: values[:, moments] for name, values in figures.items()}
    orders = conform_table(
        pl.DataFrame(schema=DELIVERIES_SCHEMA) if deliveries is None else deliveries,
        DELIVERIES_SCHEMA,
    )
    starts, ends = (_microseconds(periods, edge) for edge in ("start", "end"))
    lead = known_lead_minutes(orders, panel.series, starts[moments])
    if lead_minutes is not None:
        lead = np.where(np.isnan(lead), lead_minutes[:, None], lead)
    usable = _usable_period(starts[moments], lead, ends)
    window = np.maximum(usable - moments + review_periods, 1)
    fits = moments + window <= len(periods)  # NaN does not
    steps = int(window[fits].max(initial=1))
    found = open_orders(orders, panel.series, starts[moments], lead)
    due = _due(found, ends, moments, steps, (len(panel.series), len(moments)))
    late = np.where(fits, np.maximum(at["on_order"] - found.total, 0.0), 0.0)
    _add_undated(due, late, usable - moments)
    on_order = np.where(np.isnan(at["on_order"]), found.total, at["on_order"])
    share = (np.arange(steps) < window[:, :, None]).astype(float)
    share[~fits] = 0.0
    return RefillMoments(
        panel=panel,
        periods=periods,
        floor=_finite(panel.demand if floor is None else floor),
        moments=moments,
        on_hand=np.where(fits, at["on_hand"], np.nan),
        on_order=on_order,
        reorder_point=at["reorder_point"],
        threshold=_threshold(threshold, at["reorder_point"], panel, moments, window),
        due=due,
        share=share,
        lead_minutes=lead,
    )


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, 0.0)


def _laid_stock(
    panel: Panel, periods: Sequence[Period], stock: pl.DataFrame
) -> dict[str, FloatArray]:
    """``on_hand``, ``on_order`` and ``reorder_point``, each of shape (series, period)."""
    place = pl.DataFrame(
        {
            "location_id": [name[0] for name in panel.series],
            "part_id": [name[1] for name in panel.series],
            "row": range(len(panel.series)),
        },
        schema={"location_id": pl.String, "part_id": pl.String, "row": pl.Int64},
    )
    column = pl.DataFrame(
        {"period_start": [period.start for period in periods], "column": range(len(periods))},
        schema={"period_start": STOCK_SCHEMA["period_start"], "column": pl.Int64},
    )
    rows = stock.join(place, on=["location_id", "part_id"]).join(column, on="period_start")
    if rows.is_empty():
        raise InvalidInput(
            f"none of {stock.height:,} rows of stock is of a series of the demand at the start of "
            "one of its periods; give stock under the ids and at the period starts of the demand"
        )
    at = rows["row"].to_numpy(), rows["column"].to_numpy()
    laid = {}
    for name in ("on_hand", "on_order", "reorder_point"):
        laid[name] = np.full((len(panel.series), len(periods)), np.nan)
        laid[name][at] = rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return laid


def _microseconds(periods: Sequence[Period], edge: str) -> Index:
    return np.array([round(getattr(p, edge).timestamp() * 1e6) for p in periods], dtype=np.int64)


def _usable_period(starts: Index, lead: FloatArray, ends: Index) -> FloatArray:
    """Period in which a delivery ordered at each moment can be used, NaN = not known."""
    known = ~np.isnan(lead)
    arrives = starts + np.where(known, lead, 0.0) * 60e6
    return np.where(known, np.searchsorted(ends, arrives, side="right"), np.nan)


def _due(
    found: OpenOrders, ends: Index, moments: Index, steps: int, shape: tuple[int, int]
) -> FloatArray:
    due = np.zeros((*shape, steps))
    period = np.searchsorted(ends, found.due, side="right")
    step = np.maximum(period - moments[found.moment], 0)
    near = step < steps
    np.add.at(due, (found.row[near], found.moment[near], step[near]), found.quantity[near])
    return due


def _add_undated(due: FloatArray, quantity: FloatArray, step: FloatArray) -> None:
    row, moment = np.nonzero(quantity > 0)
    place = np.minimum(step[row, moment].astype(np.int64), due.shape[2] - 1)
    due[row, moment, place] += quantity[row, moment]


def _threshold(
    kind: Threshold, reorder_point: FloatArray, panel: Panel, moments: Index, window: FloatArray
) -> FloatArray:
    if kind == "empty":
        return np.zeros_like(reorder_point)
    if kind == "reorder_point":
        return reorder_point
    mean = trailing_mean(panel.demand, moments, _MEAN_WEEKS * trailing_unit(panel.periods))
    expected = np.where(np.isnan(mean), 0.0, mean) * window
    return np.ceil(np.maximum(reorder_point - expected, 0.0) - 1e-9)


def trailing_mean(demand: FloatArray, moments: Index, periods: int) -> FloatArray:
    """Mean of what was observed in the last ``periods`` before each moment, (series, moment)."""
    seen = ~np.isnan(demand)
    totals = [
        np.pad(np.cumsum(values, axis=1, dtype=float), ((0, 0), (1, 0)))
        for values in (np.where(seen, demand, 0.0), seen)
    ]
    last = np.minimum(moments, demand.shape[1])
    first = np.maximum(last - periods, 0)
    total, count = (sums[:, last] - sums[:, first] for sums in totals)
    return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)
