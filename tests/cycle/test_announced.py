"""Plans follow what line leaders announce, from the event to the order and the grid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.errors import InvalidInput, NotFound
from supplynet.storage import ledger, plans

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

SEVEN = datetime(2026, 1, 5, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
LINE = "SR1.A"
Json = dict[str, Any]


def iso(hour: float) -> str:
    """Hours after midnight of that Monday."""
    return (SEVEN + (hour - 7) * HOUR).isoformat()


def rate(site: Site, percent: float, start: float = 7, end: float | None = None) -> Event:
    data: Json = {"percent": percent, "from": iso(start)}
    if end is not None:
        data["until"] = iso(end)
    return site.event(EventType.RATE_CHANGED, LINE, SEVEN, **data)


def stop(site: Site, start: float, end: float) -> Event:
    data: Json = {"what": "line_stopped", "from": iso(start), "until": iso(end)}
    return site.event(EventType.PLAN_CHANGED, LINE, SEVEN, **data)


def withdraw(site: Site, event: Event) -> Event:
    data: Json = {"what": "withdrawn", "withdraws": event.key}
    return site.event(EventType.PLAN_CHANGED, LINE, SEVEN, **data)


def opened(site: Site, at_line: int) -> Site:
    site.open_stock(at_line=at_line)
    return site


def quantities(plan: cycle.Plan) -> dict[str, int]:
    return {order.part_id: order.quantity for order in plan.proposals}


def risks(plan: cycle.Plan) -> list[float]:
    return [cell["risk_committed"] for cell in plan.document["lines"][0]["cells"]]


def same(one: cycle.Plan, other: cycle.Plan) -> bool:
    return (
        quantities(one) == quantities(other)
        and one.document == other.document
        and one.forecast.equals(other.forecast)
        and [row.explanation for row in one.proposals]
        == [row.explanation for row in other.proposals]
    )


def test_a_stop_of_the_shifts_that_an_order_is_for_leaves_nothing_to_send(any_site: Site) -> None:
    """150 last the day; the lorry of 17:00 is there for the night, which is announced to stop."""
    site = opened(any_site, at_line=150)
    plain, _ = site.plan(SEVEN)
    assert set(quantities(plain)) == {"bolt", "nut"}
    site.post(stop(site, 18, 31))
    told, done = site.plan(SEVEN)
    most = told.forecast.group_by("step").agg(pl.col("demand").max()).sort("step")
    forecast = most["demand"].to_list()
    assert forecast[0] > 0
    assert forecast[1] == 0
    assert forecast[2] > 0
    assert quantities(told) == {}
    assert len(done.withdrawn) == 2
    assert risks(told)[1] <= risks(told)[0]


def test_twice_the_rate_raises_the_risk_and_the_order(site: Site) -> None:
    opened(site, at_line=150)
    plain, _ = site.plan(SEVEN)
    site.post(rate(site, 200, 7, 31))
    told, _ = site.plan(SEVEN)
    assert risks(plain)[0] < 0.01
    assert risks(told)[0] > 0.95
    assert all(quantities(told)[part] > quantities(plain)[part] + 80 for part in ("bolt", "nut"))


def test_a_stock_that_suffices_at_the_usual_rate_gets_its_order_earlier_at_a_faster_one(
    site: Site,
) -> None:
    opened(site, at_line=500)
    plain, _ = site.plan(SEVEN)
    assert quantities(plain) == {}
    site.post(rate(site, 250, 7, 31))
    told, _ = site.plan(SEVEN)
    assert set(quantities(told)) == {"bolt", "nut"}


def test_the_usual_rate_and_what_is_withdrawn_change_no_bit_of_the_plan(site: Site) -> None:
    opened(site, at_line=150)
    plain, _ = site.plan(SEVEN)
    faster = rate(site, 180, 7, 40)
    site.post(faster)
    told, _ = site.plan(SEVEN)
    assert not same(plain, told)
    site.post(withdraw(site, faster))
    again, _ = site.plan(SEVEN)
    assert same(plain, again)
    site.post(rate(site, 100, 7, 40))
    usual, _ = site.plan(SEVEN)
    assert quantities(usual) == quantities(plain)
    assert usual.forecast.equals(plain.forecast)
    assert risks(usual) == risks(plain)


def test_the_decision_says_by_whose_word_it_is_as_it_is(site: Site) -> None:
    opened(site, at_line=150)
    site.post(rate(site, 120, 7, 22))
    plan, _ = site.plan(SEVEN)
    assert all(
        row.explanation["why"].endswith("Line SR1.A is announced at 120% until Mon 22:00 by test.")
        for row in plan.proposals
    )
    (line,) = plan.document["lines"]
    (told,) = line["announced"]
    assert (told["percent"], told["until"], told["by"]) == (120, "2026-01-05T22:00:00Z", "test")


def test_the_grid_shows_it_before_the_next_plan(site: Site) -> None:
    opened(site, at_line=150)
    site.plan(SEVEN)
    site.post(rate(site, 200, 7, 31))
    assert site.forecaster is not None
    assert cycle.lines_around(site.plant, [LINE]) == {LINE}
    assert cycle.refresh(
        site.store,
        site.history,
        site.plant,
        site.forecaster,
        site.policy,
        lines={LINE},
        actor="automation",
        now=SEVEN,
        paths=100,
        seed=1,
    )
    with site.store.read() as tx:
        shown = plans.latest_plan(tx)
    assert shown is not None
    (line,) = shown.document["lines"]
    assert line["cells"][0]["risk_committed"] > 0.95
    assert [row["percent"] for row in line["announced"]] == [200]


def test_a_stop_from_now_on_holds_until_its_end_or_until_the_line_goes_on(site: Site) -> None:
    opened(site, at_line=150)
    site.post(site.event(EventType.LINE_STOPPED, LINE, SEVEN, until=iso(31)))
    plan, _ = site.plan(SEVEN)
    assert quantities(plan) == {}
    site.post(site.event(EventType.LINE_RESUMED, LINE, SEVEN + HOUR))
    later, _ = site.plan(SEVEN + HOUR)
    assert set(quantities(later)) == {"bolt", "nut"}


def test_a_machine_that_stops_without_a_word_of_how_long_changes_no_forecast(site: Site) -> None:
    opened(site, at_line=150)
    plain, _ = site.plan(SEVEN)
    site.post(site.event(EventType.LINE_STOPPED, LINE, SEVEN, minutes=10))
    told, _ = site.plan(SEVEN)
    assert same(plain, told)


def test_a_stop_that_is_over_is_no_sign_of_less_use_later(site: Site) -> None:
    """Nothing was used in the day: as if nobody had looked, where that was announced."""
    opened(site, at_line=150)
    site.use(10, SEVEN - 30 * timedelta(minutes=1))
    site.post(stop(site, 7, 18))
    night = SEVEN + 12 * HOUR
    with site.store.read() as tx:
        assert ledger.on_hand(tx)["SR1", "bolt"] == 140
    assert site.plan(night)[0].snapshot.observed.announced is not None
    observed = site.plan(night)[0].snapshot.observed
    assert site.forecaster is not None
    told = site.forecaster.forecast(observed, night, steps=3)
    unseen = replace(observed, demand=np.full_like(observed.demand, np.nan), announced=None)
    assert np.array_equal(told.values, site.forecaster.forecast(unseen, night, steps=3).values)


@pytest.mark.parametrize(
    ("place", "data", "told"),
    [
        ("SR1", {"percent": 90}, "is not at a line"),
        (LINE, {"percent": -5}, "0 to 300"),
        (LINE, {"percent": 90, "until": "2026-01-05T06:00:00Z"}, "not after"),
    ],
)
def test_nonsense_is_refused_and_nothing_is_kept(
    site: Site, place: str, data: Json, told: str
) -> None:
    with pytest.raises(InvalidInput, match=told):
        site.post(site.event(EventType.RATE_CHANGED, place, SEVEN, **data))
    with site.store.read() as tx:
        assert cycle.read_announced(tx, site.plant, SEVEN, SEVEN).by_line == {}


def test_a_line_that_there_is_none_of_is_refused(site: Site) -> None:
    with pytest.raises(NotFound, match=r"SR9\.A"):
        site.post(site.event(EventType.RATE_CHANGED, "SR9.A", SEVEN, percent=90))


def test_only_what_was_announced_of_the_line_can_be_withdrawn(site: Site) -> None:
    faster = rate(site, 120)
    with pytest.raises(InvalidInput, match=r"announces nothing of SR1\.A"):
        site.post(withdraw(site, faster))
    count = site.event(EventType.COUNTED, "SR1", SEVEN, "bolt", 5)
    site.post(count)
    with pytest.raises(InvalidInput, match="announces nothing"):
        site.post(withdraw(site, count))
    taken_back = withdraw(site, faster)
    assert site.post(faster, taken_back).new == 2
    with pytest.raises(InvalidInput, match="announces nothing"):
        site.post(withdraw(site, taken_back))


def test_a_line_that_still_uses_parts_runs_whatever_was_said(site: Site) -> None:
    opened(site, at_line=150)
    site.post(stop(site, 7, 31))
    site.use(3, SEVEN + HOUR / 3)
    assert quantities(site.plan(SEVEN + HOUR)[0]) == {}
    site.use(8, SEVEN + HOUR)
    plan, _ = site.plan(SEVEN + 2 * HOUR)
    assert set(quantities(plan)) == {"bolt", "nut"}
