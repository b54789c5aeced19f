from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from supplynet.errors import ConflictingContent
from supplynet.storage import Store, requests


def test_the_same_key_gets_the_same_answer_and_another_command_is_refused(
    store: Store, now: datetime
) -> None:
    ship = requests.content_hash({"ship": "order-1", "at": now})
    with store.write("mara", now) as tx:
        assert requests.recall(tx, "k1", ship) is None
        requests.keep(tx, "k1", ship, {"state": "shipped"})
    with store.write("mara", now) as tx:
        assert requests.recall(tx, "k1", ship) == {"state": "shipped"}
        with pytest.raises(ConflictingContent, match="idempotency key k1"):
            requests.recall(tx, "k1", requests.content_hash({"ship": "order-2", "at": now}))


def test_an_answer_is_kept_for_a_week(store: Store, now: datetime) -> None:
    for days in (0, 6, 8):
        with store.write("mara", now + timedelta(days=days)) as tx:
            requests.keep(tx, f"k{days}", "hash", days)
    with store.read() as tx:
        found = [requests.recall(tx, f"k{days}", "hash") for days in (0, 6, 8)]
    assert found == [None, 6, 8]
