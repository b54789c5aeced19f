"""The whole plant with everything going wrong at once, by seed; a failure names its seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from supplynet.storage.tables import events

if TYPE_CHECKING:
    from tests.simulation.conftest import World

    from supplynet.storage import Store

DAYS = 1.5


def assert_whole(world: World) -> None:
    """What must hold of every world, whatever its seed."""
    assert world.faults_found == [], f"seed {world.seed}"
    assert world.differences() == [], f"seed {world.seed}"
    assert world.plans > 0, f"seed {world.seed}"
    with world.books.store.read() as tx:
        keys = {f"{row.source}/{row.event_id}" for row in tx.connection.execute(select(events))}
        total = tx.connection.scalar(select(func.count()).select_from(events))
    assert world.acknowledged <= keys, f"seed {world.seed}: acknowledged and lost"
    assert total == len(keys), f"seed {world.seed}: doubled"


@pytest.mark.parametrize("seed", range(1, 11))
def test_nothing_is_lost_or_doubled_whatever_goes_wrong(
    world: Callable[[int], World], seed: int
) -> None:
    made = world(seed)
    made.run(DAYS)
    assert_whole(made)


def test_the_same_seed_is_the_same_story(world: Callable[[int], World]) -> None:
    one, two = world(1), world(1)
    for made in (one, two):
        made.run(1.0)
    assert one.trace() == two.trace()
    assert one.faults.seen == two.faults.seen


def test_things_do_go_wrong(world: Callable[[int], World]) -> None:
    """Else the tests above would prove nothing."""
    made = world(3)
    made.faults.killed = made.faults.disk_full = 0.05
    made.run(1.0)
    assert_whole(made)
    seen = made.faults.seen
    assert min(seen["disk full"], seen["killed before commit"], seen["killed after commit"]) > 0


@pytest.mark.parametrize(
    "store", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_nothing_is_lost_on_postgresql_either(
    world: Callable[[int, str], World], store: Store
) -> None:
    made = world(11, store.url)
    made.run(DAYS)
    assert_whole(made)


@pytest.mark.drill
@pytest.mark.parametrize("first", range(1000, 3000, 100))
def test_two_thousand_worlds(world: Callable[[int], World], first: int) -> None:
    wrong: list[str] = []
    for seed in range(first, first + 100):
        made = world(seed)
        made.run(DAYS)
        try:
            assert_whole(made)
        except AssertionError as error:
            wrong.append(str(error))
        made.remove()
    assert wrong == []
