from __future__ import annotations

from datetime import datetime

import pytest

from supplynet.errors import SnapshotMoved
from supplynet.storage import Store, changes


def write_changes(store: Store, now: datetime, *found: tuple[str, str]) -> None:
    with store.write("ann", now, audited=False) as tx:
        for kind, ref in found:
            tx.change(kind, ref)


def test_a_change_is_told_once_per_transaction(store: Store, now: datetime) -> None:
    write_changes(store, now, ("order", "o1"), ("order", "o1"), ("plan", "p1"))
    write_changes(store, now, ("order", "o1"))
    with store.read() as tx:
        found = changes.changes_since(tx, 0)
    assert [(change.seq, change.kind, change.ref) for change in found] == [
        (1, "order", "o1"),
        (2, "plan", "p1"),
        (3, "order", "o1"),
    ]
    assert found[0].at == now


def test_a_snapshot_moves_only_by_what_it_depends_on(store: Store, now: datetime) -> None:
    write_changes(store, now, ("movement", "m1"), ("job", "j1"))
    with store.read() as tx:
        changes.require_unmoved(tx, 1, ["movement", "order"])
        with pytest.raises(SnapshotMoved) as caught:
            changes.require_unmoved(tx, 0, ["movement", "order"])
    assert (caught.value.expected, caught.value.found) == (0, 1)


def test_old_changes_are_forgotten_and_numbers_go_on(store: Store, now: datetime) -> None:
    write_changes(store, now, *(("order", f"o{i}") for i in range(10)))
    with store.write("ann", now) as tx:
        assert changes.prune(tx, keep=0) == 9
    write_changes(store, now, ("order", "o10"))
    with store.read() as tx:
        assert (changes.oldest_seq(tx), changes.latest_seq(tx)) == (10, 11)
        assert changes.latest_seq(tx, ["plan"]) == 0
