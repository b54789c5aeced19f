"""Which policy decides in a workspace, and how sure it is before anyone has tuned it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from supplynet.monitor.exceedance import corrected
from supplynet.replenish.min_max import MinMax
from supplynet.replenish.no_stockout import NoStockout
from supplynet.replenish.per_rule import PerRule
from supplynet.services.books import Books, open_books
from supplynet.services.policies import PARAMETERS, keep_parameters, policy_of
from supplynet.storage import values


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    opened = open_books(demo_workspace)
    with opened.store.write("test", opened.wall_clock()) as tx:
        values.set_value(tx, PARAMETERS, {}, audited=False)
    yield opened
    opened.store.close()


def test_before_tuning_every_part_is_as_sure_as_the_promise_needs(books: Books) -> None:
    policy = policy_of(books)
    assert isinstance(policy, NoStockout)
    assert set(policy.by_pair) == set(books.plant.supply_rule)
    # At least one vehicle a day and a promise of 0.02 halts a month: 1 in 1,500 per line.
    assert all(1 - alpha < 0.02 / 30 for alpha in policy.by_pair.values())


def test_what_was_tuned_counts_afterwards(books: Books) -> None:
    keep_parameters(books, "no_stockout", {"alpha": 0.99, "spread": 1.25}, actor="test")
    assert policy_of(books) == NoStockout(alpha=0.99, spread=1.25)


def test_dearer_minutes_make_every_part_surer(books: Books) -> None:
    found = []
    for minute in (1.0, 100.0):
        settings = books.settings.model_copy(update={"lost_minute_cost": minute})
        policy = policy_of(replace(books, settings=settings, opened={}))
        assert isinstance(policy, NoStockout)
        found.append(policy.by_pair)
    low, high = found
    assert all(high[pair] > low[pair] for pair in low)


def test_a_supply_rule_may_name_its_own_policy(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = books.plant.supply_rules
    plant = replace(books.plant, supply_rules=(replace(first, policy="min_max"), *others))
    kept = SimpleNamespace(get=lambda: plant)
    monkeypatch.setitem(books.__dict__, "_kept_plant", kept)
    policy = policy_of(books)
    assert isinstance(policy, PerRule)
    assert isinstance(policy.policy_of((first.stock_point_id, first.part_id)), MinMax)
    assert policy.name == "no_stockout"
    careful = corrected(policy, 0.5)
    usual, before = careful.usual, policy.usual
    assert isinstance(usual, NoStockout)
    assert isinstance(before, NoStockout)
    assert 1 - usual.alpha == pytest.approx((1 - before.alpha) / 2)
