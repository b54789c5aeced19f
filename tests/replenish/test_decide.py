from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.replenish.decide import Supply, decide
from supplynet.replenish.explain import Explanation, explain
from supplynet.replenish.order_up_to import OrderUpTo

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int32)


def explained(
    *,
    on_hand: tuple[int, int] = (0, 0),
    available: int = 1000,
    source: tuple[int, int] = (0, 0),
    container: int = 1,
    minimum: int = 0,
    maximum: int = 10**6,
    room: float | None = None,
) -> tuple[Explanation, ...]:
    """Two showrooms want one part; every path has a window demand of 10 and 20."""
    terms = SupplyTerms(
        pairs=(("R1", "bolt"), ("R2", "bolt")),
        container_size=ints(container, container),
        minimum_order=ints(minimum, minimum),
        bin_maximum=ints(maximum, maximum),
    )
    decision = decide(
        OrderUpTo(alpha=0.9),
        DecisionState(now=NOW, on_hand=ints(*on_hand)[None], on_order=ints(0, 0)[None]),
        Outlook(window_demand=np.tile(ints(10, 20), (200, 1))),
        terms,
        Supply(
            available=ints(available)[None],
            source_of_pair=ints(*source),
            trip_of_pair=ints(0, 1),
            room_litres=(room, None),
            litres=np.array([1.0, 1.0]),
        ),
    )
    return explain(decision)


def test_an_explanation_has_the_numbers_of_the_decision() -> None:
    first, second = explained(on_hand=(4, 30))
    assert (first.position, first.level, first.need, first.wanted, first.granted) == (
        4,
        10,
        6,
        6,
        6,
    )
    assert (first.window_low, first.window_likely, first.window_high) == (10, 10, 10)
    assert (second.need, second.granted, second.binding) == (0, 0, "enough stock")


@pytest.mark.parametrize(
    ("settings", "granted", "binding"),
    [
        ({}, (10, 20), ("level", "level")),
        ({"container": 8}, (16, 24), ("pack rounding", "pack rounding")),
        ({"minimum": 15}, (15, 20), ("minimum order", "level")),
        ({"maximum": 12}, (10, 12), ("level", "bin full")),
        ({"available": 15}, (10, 5), ("level", "warehouse short")),
        ({"available": 15, "source": (-1, 0)}, (10, 15), ("level", "warehouse short")),
        ({"room": 4.0}, (4, 20), ("truck full", "level")),
    ],
)
def test_the_binding_rule_is_named(
    settings: dict[str, int], granted: tuple[int, int], binding: tuple[str, str]
) -> None:
    rows = explained(**settings)  # type: ignore[arg-type]
    assert tuple(row.granted for row in rows) == granted
    assert tuple(row.binding for row in rows) == binding


def test_a_supplier_has_no_stock_figure() -> None:
    assert [row.available for row in explained(source=(-1, 0), available=15)] == [None, 15]
