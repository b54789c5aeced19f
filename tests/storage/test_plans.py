from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from supplynet.errors import ConflictingContent, NotFound
from supplynet.storage import Store, plans
from supplynet.storage.plans import PlanRecord


def plan(number: int, now: datetime) -> PlanRecord:
    return PlanRecord(
        plan_id=f"p{number}",
        made_at=now + timedelta(minutes=number),
        snapshot_seq=number,
        seed=1,
        model_version="seasonal_naive/1",
        policy="order_up_to",
        document={"lines": [{"line_id": "SR1.ST1.A", "risk": 0.031}]},
    )


def test_the_newest_plans_are_kept_with_their_forecasts(store: Store, now: datetime) -> None:
    with store.read() as tx:
        assert plans.latest_plan(tx) is None
    for number in range(4):
        with store.write("worker", now) as tx:
            plans.save_plan(tx, plan(number, now), b"PAR1" + bytes([number]), keep=2)
    with store.read() as tx:
        assert plans.latest_plan(tx) == plan(3, now)
        assert plans.get_plan(tx, "p2") == plan(2, now)
        assert plans.forecast_of(tx, "p3") == b"PAR1\x03"
        for missing in (plans.get_plan, plans.forecast_of):
            with pytest.raises(NotFound):
                missing(tx, "p1")


def test_the_same_plan_again_is_skipped_and_another_under_its_id_refused(
    store: Store, now: datetime
) -> None:
    with store.write("worker", now) as tx:
        plans.save_plan(tx, plan(1, now), b"")
        plans.save_plan(tx, plan(1, now), b"")
        with pytest.raises(ConflictingContent):
            plans.save_plan(tx, replace(plan(1, now), seed=2), b"")


def test_where_the_clock_stands_still_the_plan_that_knew_more_is_the_newest(
    store: Store, now: datetime
) -> None:
    first = replace(plan(1, now), plan_id="z", made_at=now)
    second = replace(plan(2, now), plan_id="a", made_at=now)
    with store.write("worker", now) as tx:
        plans.save_plan(tx, second, b"", keep=1)
        plans.save_plan(tx, first, b"", keep=1)
    with store.read() as tx:
        assert plans.latest_plan(tx) == second


def test_of_older_plans_the_last_of_every_half_day_stays_for_two_weeks(
    store: Store, now: datetime
) -> None:
    """A plan every three hours for twenty days: from 12 to 00 there are four, and one is kept."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    with store.write("worker", now) as tx:
        for number in range(20 * 8):
            made = replace(plan(number, now), made_at=midnight + number * timedelta(hours=3))
            plans.save_plan(tx, made, b"", keep=3)
    with store.read() as tx:
        ages = [midnight + timedelta(hours=3 * 159) - at for at, _ in reversed(plans.made(tx))]
    hours = [age / timedelta(hours=1) for age in ages]
    assert hours[:3] == [0, 3, 6]
    assert hours[3:] == [12 * half for half in range(1, 29)]
