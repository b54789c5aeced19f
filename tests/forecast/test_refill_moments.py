from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from supplynet.errors import InvalidInput
from supplynet.forecast.refill_moments import RefillMoments, refill_moments
from supplynet.forecast.refill_orders import known_lead_minutes
from supplynet.frames.panel import Panel, daily_periods
from supplynet.frames.synthetic import SyntheticHistory
from supplynet.frames.tables import DELIVERIES_SCHEMA, STOCK_SCHEMA
from supplynet.frames.triggers import refill_triggers

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
SERIES = ("L1", "bolt")


def panel_of(days: int, per_day: float = 10.0) -> Panel:
    periods = daily_periods(START.date(), START.date() + days * DAY)
    return Panel(series=(SERIES,), periods=periods, demand=np.full((1, days), per_day))


def stock_of(days: int, **figures: Any) -> pl.DataFrame:
    filled = {"on_hand": 50, "on_order": 0, "reorder_point": 40} | figures
    rows = {
        "location_id": ["L1"] * days,
        "part_id": ["bolt"] * days,
        "period_start": [START + n * DAY for n in range(days)],
        **{name: [value] * days for name, value in filled.items()},
    }
    return pl.DataFrame(rows, schema=STOCK_SCHEMA)


def order(
    day: float, due: float | None, received: float | None, quantity: int = 30
) -> tuple[Any, ...]:
    def at(moment: float | None) -> datetime | None:
        return None if moment is None else START + moment * DAY

    return (f"o{day}", "WH", *SERIES, quantity, at(day), at(due), at(received))


def deliveries_of(*rows: tuple[Any, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=DELIVERIES_SCHEMA, orient="row")


def test_a_window_is_the_promised_lead_time_and_one_look() -> None:
    # Promised after 2.5 days: ordered on day d it can be used on day d + 2; one day to the next
    # look makes 3 days.
    made = refill_moments(panel_of(12), stock_of(12), deliveries_of(order(0, 2.5, 2)))
    assert np.isnan(made.lead_minutes[0, 0])  # ordered at the first moment: not known before it
    assert made.lead_minutes[0, 1] == 2.5 * 1440
    assert made.window[0].tolist() == [0, *[3] * 9, 0, 0]  # the last two reach beyond the data
    now = refill_moments(
        panel_of(12), stock_of(12), deliveries_of(order(0, 2.5, 2)), review_periods=0
    )
    assert now.window[0, 1] == 2


def test_what_is_on_order_counts_on_its_due_day_and_at_once_when_overdue() -> None:
    orders = deliveries_of(order(-9, -6, -5), order(0, 3, 5, quantity=7))
    made = refill_moments(panel_of(14), stock_of(14), orders)
    assert made.due[0, 0].tolist() == [0, 0, 0, 0]  # ordered at this very moment
    assert made.due[0, 1].tolist() == [0, 0, 7, 0]
    assert made.due[0, 3].tolist() == [7, 0, 0, 0]
    assert made.due[0, 4].tolist() == [7, 0, 0, 0]  # overdue since a day
    assert made.due[0, 5].tolist() == [7, 0, 0, 0]  # received at this moment: not in stock yet
    assert made.due[0, 6].tolist() == [0, 0, 0, 0]


def test_on_order_without_an_order_counts_where_one_ordered_now_would_come() -> None:
    made = refill_moments(panel_of(9), stock_of(9, on_order=5), lead_minutes=np.array([2 * 1440.0]))
    assert made.due[0, 0].tolist() == [0, 0, 5]


def test_lead_times_are_medians_of_what_was_known_before() -> None:
    orders = deliveries_of(
        order(0, 1, 1), order(1, 4, 4), order(2, 4, 9), order(3, None, 8), order(4, None, None)
    )
    moments = np.array([round((START + n * DAY).timestamp() * 1e6) for n in range(10)])
    days = known_lead_minutes(orders, (SERIES, ("L1", "nut")), moments) / 1440
    assert np.isnan(days[1]).all()
    # Promises of 1, 3 and 2 days; on day 8 an order without a promise was received after 5.
    assert days[0, 1:4].tolist() == [1, 2, 2]
    assert days[0, 8:].tolist() == [2, 2.5]


def test_the_threshold_is_what_the_reorder_point_holds_beyond_the_window() -> None:
    lead = np.array([2 * 1440.0])
    made = refill_moments(panel_of(40), stock_of(40), lead_minutes=lead)
    assert made.threshold[0, 0] == 40  # nothing is known of demand yet
    assert made.threshold[0, 1] == 10  # 3 days of 10
    plain = refill_moments(panel_of(40), stock_of(40), lead_minutes=lead, threshold="reorder_point")
    empty = refill_moments(panel_of(40), stock_of(40), lead_minutes=lead, threshold="empty")
    assert (plain.threshold[0, 5], empty.threshold[0, 5]) == (40, 0)


def test_in_a_made_up_world_the_open_orders_are_what_is_on_order(
    refill_world: tuple[SyntheticHistory, RefillMoments],
) -> None:
    history, made = refill_world
    without = refill_moments(
        made.panel, history.stock.with_columns(on_order=pl.lit(None)), history.deliveries
    )
    same = ~np.isnan(made.lead_minutes) & ~np.isnan(made.on_order)
    assert same.sum() > 1000
    assert (without.on_order[same] == made.on_order[same]).all()


def test_the_plain_rule_is_the_one_of_frames(
    refill_world: tuple[SyntheticHistory, RefillMoments],
) -> None:
    history, made = refill_world
    due = refill_triggers(history.stock)["triggered"].to_numpy()
    position = made.on_hand + made.on_order
    below = (position <= made.reorder_point)[~np.isnan(position)]
    assert below.mean() == pytest.approx(due.mean(), abs=0.05)


def test_no_moment_changes_with_what_comes_after_it(
    refill_world: tuple[SyntheticHistory, RefillMoments],
) -> None:
    history, made = refill_world
    cut = 120
    at = made.periods[cut].start
    panel = Panel(
        series=made.panel.series,
        periods=made.panel.periods,
        demand=np.where(np.arange(len(made.periods)) >= cut, 999.0, made.panel.demand),
    )
    later = pl.col("ordered_at") >= at
    orders = history.deliveries.with_columns(
        quantity=pl.when(later).then(12345).otherwise(pl.col("quantity")),
        received_at=pl.when(pl.col("received_at") > at)
        .then(pl.col("received_at") + 3 * DAY)
        .otherwise(pl.col("received_at")),
    )
    changed = refill_moments(panel, history.stock, orders)
    known = made.moments <= cut
    for name in ("on_hand", "on_order", "threshold", "lead_minutes", "due", "share"):
        before, after = getattr(made, name)[:, known], getattr(changed, name)[:, known]
        np.testing.assert_array_equal(before, after[..., : before.shape[-1]], err_msg=name)


def test_stock_of_other_places_or_moments_is_refused() -> None:
    other = stock_of(5).with_columns(location_id=pl.lit("L9"))
    with pytest.raises(InvalidInput, match="none of 5 rows"):
        refill_moments(panel_of(5), other)
    with pytest.raises(InvalidInput, match="threshold 'none'"):
        refill_moments(panel_of(5), stock_of(5), threshold="none")  # type: ignore[arg-type]  # bad


def test_a_calendar_with_closed_days_receives_on_the_next_open_day() -> None:
    periods = tuple(
        p for p in daily_periods(date(2026, 1, 1), date(2026, 1, 15)) if p.local_date.weekday() < 5
    )  # 1 January 2026 is a Thursday
    panel = Panel(series=(SERIES,), periods=periods, demand=np.full((1, len(periods)), 1.0))
    orders = deliveries_of(order(-5, -3, -3), order(0, 2, 4))  # due on Saturday
    made = refill_moments(panel, stock_of(14), orders)
    assert made.due[0, 1, :2].tolist() == [0, 30]  # seen on Friday: comes on Monday


def test_demand_that_is_no_number_was_not_observed() -> None:
    panel = panel_of(6)
    panel.demand[0, 2:4] = np.inf, -np.inf
    made = refill_moments(panel, stock_of(6), lead_minutes=np.array([1440.0]))
    assert np.isnan(made.panel.demand[0]).tolist() == [False, False, True, True, False, False]
    assert made.floor[0].tolist() == [10, 10, 0, 0, 10, 10]
