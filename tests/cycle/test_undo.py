from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from supplynet import cycle
from supplynet.core.events import EventType
from supplynet.errors import LedgerError
from supplynet.storage import ledger

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)


def test_goods_of_an_order_are_undone_with_their_order(any_site: Site) -> None:
    any_site.post(
        any_site.event(
            EventType.RECEIVED, "WH1", MONDAY, "bolt", 5, supplier_id="ACME", order_id="o1"
        )
    )
    with any_site.store.read() as tx:
        (move,) = ledger.movements_of_order(tx, "o1")
    with pytest.raises(LedgerError, match="belongs to order o1; reverse the order instead"):
        cycle.undo(any_site.store, move.movement_id, actor="ann", now=MONDAY, reason="typo")
    assert any_site.on_hand("WH1") == 5
