"""News is shown at once, for the lines that it touches, as the next whole plan will show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from supplynet import cycle
from supplynet.core.events import EventType
from supplynet.storage import plans

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

SEVEN = datetime(2026, 1, 5, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)


def refresh(site: Site, now: datetime, lines: frozenset[str]) -> bool:
    assert site.forecaster is not None
    return cycle.refresh(
        site.store,
        site.history,
        site.plant,
        site.forecaster,
        site.policy,
        lines=lines,
        actor="automation",
        now=now,
        paths=100,
        seed=1,
    )


def shown(site: Site) -> dict[str, Any]:
    with site.store.read() as tx:
        newest = plans.latest_plan(tx)
    assert newest is not None
    return newest.document


@pytest.mark.parametrize(
    ("place", "lines"),
    [("SR1", {"SR1.A"}), ("SR1.A", {"SR1.A"}), ("WH1", set()), ("ACME", set()), ("gone", set())],
)
def test_news_touches_the_lines_that_draw_there(site: Site, place: str, lines: set[str]) -> None:
    assert cycle.lines_around(site.plant, [place]) == lines


def test_a_count_shows_at_once_what_the_next_plan_will_show(any_site: Site) -> None:
    site = any_site
    site.open_stock(at_line=400)
    site.plan(SEVEN)
    calm = shown(site)
    assert calm["lines"][0]["cells"][0]["risk_committed"] == 0
    now = SEVEN + HOUR
    site.post(site.event(EventType.COUNTED, "SR1", now, "bolt", 0))
    assert refresh(site, now, frozenset({"SR1.A"}))
    quick = shown(site)
    assert quick["lines"][0]["cells"][0]["risk_committed"] == 1
    assert quick["refreshed_at"] == "2026-01-05T08:00:00Z"
    site.plan(now)
    whole = shown(site)
    names = ("risk_committed", "runs_out_at", "part_id", "lost_minutes_committed")
    for fast, slow in zip(quick["lines"][0]["cells"], whole["lines"][0]["cells"], strict=True):
        assert [fast[name] for name in names] == [slow[name] for name in names]
    assert quick["pairs"] == whole["pairs"]


def test_nothing_is_shown_without_a_plan_of_this_shift(site: Site) -> None:
    site.open_stock(at_line=400)
    site.plan(SEVEN)
    assert not refresh(site, SEVEN + HOUR, frozenset())
    assert not refresh(site, SEVEN + 12 * HOUR, frozenset({"SR1.A"}))
    assert "refreshed_at" not in shown(site)


def test_an_older_plan_is_left_as_it_is(site: Site) -> None:
    site.open_stock(at_line=400)
    site.plan(SEVEN)
    with site.store.read() as tx:
        old = plans.latest_plan(tx)
    assert old is not None
    site.plan(SEVEN + HOUR)
    with site.store.write("automation", SEVEN + HOUR) as tx:
        assert not plans.show_again(tx, old.plan_id, {"shifts": []})
        assert plans.get_plan(tx, old.plan_id) == old
