"""The page of a part: what it adds up, what it projects, and who may see it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from supplynet.core.network import LocationKind
from supplynet.core.orders import OrderState
from supplynet.core.shifts import Shift
from supplynet.errors import NotFound
from supplynet.services import orders, part_outlook, part_page, part_series, planning
from supplynet.services.books import Books, open_books
from supplynet.services.orders import Said
from supplynet.storage import decision_records
from supplynet.storage import orders as stored
from supplynet.storage.decision_frame import from_bytes

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ahead(*use: tuple[float, float]) -> part_outlook.Ahead:
    """Shifts of ten hours from noon on, each with the use of two futures."""
    shifts = tuple(
        Shift(
            shift_id=f"s/{i}",
            name="day",
            day=NOON.date(),
            start=NOON + 10 * i * HOUR,
            end=NOON + 10 * (i + 1) * HOUR,
        )
        for i in range(len(use))
    )
    return part_outlook.Ahead(now=NOON, use=np.array(use).T, shifts=shifts)


def coming(state: str, quantity: int, hours: int) -> dict[str, Any]:
    at = (NOON + hours * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"order_id": state, "state": state, "quantity": quantity, "arrives_at": at}


def at_hour(found: dict[str, Any], hours: int) -> dict[str, Any]:
    at = (NOON + hours * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
    point: dict[str, Any] = next(each for each in found["points"] if each["at"] == at)
    return point


def test_stock_falls_with_use_and_rises_with_what_arrives() -> None:
    """100 in ten hours are 10 an hour, in both futures."""
    found = part_outlook.projection(
        ahead((100, 100), (100, 100)), 60, [coming("shipped", 40, 5), coming("proposed", 200, 8)]
    )
    assert at_hour(found, 4)["without"] == [20, 20, 20]
    assert at_hour(found, 5)["without"] == [50, 50, 50]
    assert at_hour(found, 9)["without"] == [10, 10, 10]
    assert at_hour(found, 9)["with"] == [210, 210, 210]
    assert found["runs_out"]["without"]["likely"] == "2026-01-05T22:00:00Z"
    assert found["runs_out"]["with"]["likely"] is None


def test_lines_that_lack_a_part_stand_still_so_stock_never_falls_below_0() -> None:
    found = part_outlook.projection(ahead((100, 300)), 50, [coming("shipped", 30, 9)])
    assert min(low for point in found["points"] for low in point["without"]) == 0
    assert at_hour(found, 9)["without"][1] == 30
    assert found["runs_out"]["without"]["early"] == "2026-01-05T13:40:00Z"
    assert found["runs_out"]["without"]["late"] == "2026-01-05T17:00:00Z"


def test_the_running_shift_counts_what_is_used_already() -> None:
    first, second = ahead((100, 100), (80, 80)).fan(25)
    assert (first["low"], first["likely"], first["high"]) == (125, 125, 125)
    assert second["likely"] == 80


@pytest.fixture(scope="module")
def books(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    folder = shutil.copytree(demo_template, tmp_path_factory.mktemp("part") / "demo")
    opened = open_books(Path(folder))
    planning.plan_now(opened, actor="test")
    yield opened
    opened.store.close()


@pytest.fixture(scope="module")
def pair(books: Books) -> tuple[str, str]:
    """A stock point and a part that an order is proposed for."""
    with books.store.read() as tx:
        proposed = stored.list_orders(tx, states=[OrderState.PROPOSED])
    return proposed[0].to_location, proposed[0].part_id


def test_a_stock_point_adds_up_the_lines_that_draw_from_it(
    books: Books, pair: tuple[str, str]
) -> None:
    place, part = pair
    found = part_page.part_page(books, place, part)
    assert found["lines"]
    assert all(books.plant.stock_point_of(line) == place for line in found["lines"])
    of_lines = [part_page.part_page(books, line, part) for line in found["lines"]]
    whole = sum(row["history"][-3]["used"] or 0 for row in of_lines)
    assert found["history"][-3]["used"] == whole
    assert {row["stock_point_id"] for row in of_lines} == {place}
    likely = sum(row["forecast"]["shifts"][3]["likely"] for row in of_lines)
    assert found["forecast"]["shifts"][3]["likely"] == pytest.approx(likely, rel=0.1, abs=3)
    assert len(found["forecast"]["shifts"]) == 14


def test_a_proposal_counts_as_one_until_it_is_released(books: Books, pair: tuple[str, str]) -> None:
    place, part = pair
    before = part_page.part_page(books, place, part)
    [waiting] = [each for each in before["deliveries"] if each["state"] == "proposed"]
    with_it, without = (before["projection"]["runs_out"][name] for name in ("with", "without"))
    assert (with_it["early"] or "9") >= (without["early"] or "9")
    orders.approve(books, waiting["order_id"], Said(actor="test", reason="test"))
    after = part_page.part_page(books, place, part)
    assert [each["state"] for each in after["deliveries"]] == ["approved"]
    last = after["projection"]["points"][-1]
    assert last["with"] == last["without"]
    assert after["risk"]["runs_out_early"] == with_it["early"]
    assert after["orders"][0]["why"].startswith("Chance that")
    assert after["decision"]["granted"] == waiting["quantity"]


def test_what_is_never_planned_is_not_searched_in_all_plans_that_are_kept(
    books: Books, pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warehouse buys; of its decisions there is none in any of thousands of plans."""
    opened: list[bytes] = []

    def counted(compact: bytes) -> pl.DataFrame:
        opened.append(compact)
        return from_bytes(compact)

    monkeypatch.setattr(decision_records, "from_bytes", counted)
    books.opened.clear()
    _, part = pair
    assert part_page.part_page(books, "WH1", part)["decision"] is None
    assert opened == []
    part_page.part_page(books, *pair)
    assert opened


def test_a_warehouse_has_no_projection_of_its_own_but_shows_who_draws(
    books: Books, pair: tuple[str, str]
) -> None:
    [house] = [p.location_id for p in books.plant.locations if p.kind is LocationKind.WAREHOUSE]
    found = part_page.part_page(books, house, pair[1])
    assert found["projection"] is None
    assert found["lines"]
    assert found["supply"]["purchase"]["multiple"] >= 1


def test_what_is_elsewhere_or_unknown_is_not_found(books: Books, pair: tuple[str, str]) -> None:
    place, part = pair
    for location, wanted, within in (
        (place, part, frozenset({"elsewhere"})),
        ("nowhere", part, None),
        (place, "no-part", None),
    ):
        with pytest.raises(NotFound):
            part_page.part_page(books, location, wanted, within)


def test_the_forecast_is_judged_beside_the_same_shift_a_week_before() -> None:
    rows: list[dict[str, Any]] = [
        {"used": 100, "forecast": 90.0, "naive": 120},
        {"used": 100, "forecast": 120.0, "naive": None},
    ]
    assert part_series._off(rows, "forecast") == pytest.approx(0.15)
    beside = rows[:1]
    assert part_series._rounded(beside, "naive") == 0.2
    assert part_series._rounded([], "naive") is None
