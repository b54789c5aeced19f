"""One planning run over a workspace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from supplynet.errors import NotFound
from supplynet.services import champion, planning, setup
from supplynet.services.books import CLOCK, Books, open_books
from supplynet.services.policies import policy_of
from supplynet.storage import changes, values


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    opened = open_books(demo_workspace)
    yield opened
    opened.store.close()


def test_planning_twice_changes_nothing_and_says_so(books: Books) -> None:
    first = planning.plan_now(books, actor="test")
    with books.store.read() as tx:
        before = changes.latest_seq(tx)
    second = planning.plan_now(books, actor="test")
    with books.store.read() as tx:
        assert changes.latest_seq(tx) == before
    made = len(first.committed.new)
    assert made > 0
    assert (second.summary()["new"], second.summary()["confirmed"]) == (0, made)
    assert second.lines()[0].endswith(f"0 new, 0 changed, {made} confirmed, 0 withdrawn proposals")


def test_a_plan_for_now_is_none_of_long_ago_though_time_goes_on_meanwhile(books: Books) -> None:
    """Else automation would never release anything in a plant with a real clock."""
    begin, ticks = books.now(), count()
    live = replace(books, wall_clock=lambda: begin + timedelta(seconds=next(ticks)))
    with books.store.write("test", begin) as tx:
        values.set_value(tx, CLOCK, None)
    assert not planning.plan_now(live, actor="test").historical


def test_two_plans_at_once_are_made_one_after_the_other(books: Books) -> None:
    made: list[planning.PlanOutcome] = []

    def plan() -> None:
        made.append(planning.plan_now(books, actor="test"))

    threads = [threading.Thread(target=plan) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(each.committed.new) > 0 for each in made].count(True) == 1
    assert len({each.committed.plan_id for each in made}) == 1


def test_the_same_seed_decides_the_same_and_another_one_only_nearly(books: Books) -> None:
    plans = [planning.plan_now(books, actor="test", seed=seed) for seed in (7, 7, 8)]
    orders = [{o.key: o.quantity for o in made.plan.proposals} for made in plans]
    assert orders[0] == orders[1]
    assert orders[0].keys() == orders[2].keys()


def test_min_max_plans_as_well(books: Books) -> None:
    """Its thresholds come from the history, and for parts without any from their rules."""
    other = replace(books, settings=books.settings.model_copy(update={"policy": "min_max"}))
    made = planning.plan_now(other, actor="test")
    assert made.plan.policy == "min_max"
    newcomer = replace(
        books.plant.supply_rules[0], part_id="P-NEW", reorder_point=None, order_up_to_level=None
    )
    plant = replace(books.plant, supply_rules=(*books.plant.supply_rules, newcomer))
    other.__dict__["_kept_plant"] = SimpleNamespace(get=lambda: plant)
    thresholds = policy_of(other).thresholds  # type: ignore[attr-defined]
    size = newcomer.container_size
    assert thresholds[newcomer.stock_point_id, "P-NEW"] == (size, 2 * size)


def test_a_workspace_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    setup.init(tmp_path)
    with pytest.raises(NotFound, match="supplynet train"):
        planning.plan_in(tmp_path, actor="test")


def test_a_forecast_from_here_is_the_one_the_plan_rests_on(books: Books) -> None:
    made = planning.plan_now(books, actor="test")
    said = champion.forecast(books.workspace.folder, horizon=14)
    assert said.items == made.plan.forecast.to_dicts()
