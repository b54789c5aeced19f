"""The books against a naive dictionary: any commands, in any order, give the same stock."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from supplynet.core.ledger import Account, Movement, reverse
from supplynet.errors import ConflictingContent, InsufficientStock
from supplynet.storage import ledger, open_store, reservations
from supplynet.storage.balances import free, rebuild_balances, verify
from supplynet.storage.reservations import Reservation, ReservationState

Make = Callable[..., Movement]
PLACES = ("WH1", "SR1")
ACCOUNTS = (Account.ON_HAND, Account.IN_TRANSIT, Account.CONSUMED)
_ends = st.tuples(st.sampled_from(PLACES), st.sampled_from(ACCOUNTS))
_move = st.tuples(
    st.integers(0, 30),  # few ids, so that many come twice
    st.integers(1, 9),
    st.tuples(_ends, _ends).filter(lambda ends: ends[0] != ends[1]),
)


class Machine(RuleBasedStateMachine):
    """The same on both sides: the real books, and two dictionaries."""

    template: Path
    folder: Path
    make: Make
    started: datetime

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        path = self.folder / "machine.db"
        for old in self.folder.glob("machine.db*"):
            old.unlink()
        shutil.copy(self.template, path)
        self.store = open_store(f"sqlite:///{path}")
        self.stack.callback(self.store.close)
        self.now = self.started
        self.moves: dict[str, Movement] = {}
        self.held: dict[str, Reservation] = {}
        self.ended: list[Reservation] = []

    def teardown(self) -> None:
        self.stack.close()

    def stock(self, place: str) -> int:
        total = 0
        for move in self.moves.values():
            if (move.to_location, move.to_account) == (place, Account.ON_HAND):
                total += move.quantity
            if (move.from_location, move.from_account) == (place, Account.ON_HAND):
                total -= move.quantity
        return total

    def free(self, place: str) -> int:
        taken = sum(each.quantity for each in self.held.values() if each.location_id == place)
        return self.stock(place) - taken

    def movement(self, number: int, quantity: int, ends: Any) -> Movement:
        (source, source_account), (target, target_account) = ends
        places = {"from_location": source, "from_account": source_account}
        places |= {"to_location": target, "to_account": target_account}
        return self.make(f"m{number}", quantity, **places)

    @rule(batch=st.lists(_move, max_size=5))
    def post(self, batch: list[tuple[int, int, Any]]) -> None:
        wanted = [self.movement(*each) for each in batch]
        after = dict(self.moves)
        conflict = any(after.setdefault(m.movement_id, m) != m for m in wanted)
        with self.store.write("test", self.now) as tx:
            if conflict:
                with pytest.raises(ConflictingContent):
                    ledger.append_movements(tx, wanted)
            else:
                assert ledger.append_movements(tx, wanted) == len(after) - len(self.moves)
                self.moves = after

    @rule(number=st.integers(0, 30))
    def undo(self, number: int) -> None:
        wrong = self.moves.get(f"m{number}")
        if wrong is None:
            return
        name = f"undo-{number}"
        undo = reverse(wrong, movement_id=name, recorded_at=self.now, actor="ann", reason="typo")
        with self.store.write("ann", self.now) as tx:
            ledger.append_movements(tx, [undo])
        self.moves.setdefault(name, undo)

    @rule(number=st.integers(0, 9), place=st.sampled_from(PLACES), quantity=st.integers(1, 12))
    def reserve(self, number: int, place: str, quantity: int) -> None:
        wanted = Reservation(
            reservation_id=f"r{number}-{len(self.moves)}-{place}-{quantity}",
            part_id="bolt",
            location_id=place,
            quantity=quantity,
            expires_at=self.started + timedelta(hours=number + 1),
        )
        if wanted.reservation_id in self.held or wanted.expires_at <= self.now:
            return
        with self.store.write("ann", self.now) as tx:
            known = {each.reservation_id for each in self.ended}
            if wanted.reservation_id in known:
                return
            if self.free(place) >= quantity:
                reservations.reserve(tx, wanted)
                self.held[wanted.reservation_id] = wanted
            else:
                with pytest.raises(InsufficientStock):
                    reservations.reserve(tx, wanted)

    @rule(number=st.integers(0, 9), used=st.booleans())
    def end(self, number: int, used: bool) -> None:
        if not self.held:
            return
        name = sorted(self.held)[number % len(self.held)]
        state = ReservationState.USED if used else ReservationState.RELEASED
        with self.store.write("ann", self.now) as tx:
            reservations.end(tx, name, state)
            reservations.end(tx, name, state)
        self.ended.append(replace(self.held.pop(name), state=state))

    @rule(hours=st.integers(1, 4))
    def expire(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        with self.store.write("ann", self.now) as tx:
            gone = {each.reservation_id for each in reservations.expire_due(tx)}
        assert gone == {name for name, each in self.held.items() if each.expires_at <= self.now}
        self.ended.extend(self.held.pop(name) for name in gone)

    @rule()
    def rebuild(self) -> None:
        with self.store.write("ann", self.now) as tx:
            rebuild_balances(tx)

    @invariant()
    def the_books_are_the_dictionaries(self) -> None:
        expected: Counter[tuple[str, str, Account]] = Counter()
        for move in self.moves.values():
            expected["bolt", move.from_location, move.from_account] -= move.quantity
            expected["bolt", move.to_location, move.to_account] += move.quantity
        with self.store.read() as tx:
            assert ledger.balances(tx) == {key: each for key, each in expected.items() if each}
            assert verify(tx) == []
            for place in PLACES:
                assert free(tx, "bolt", place) == max(self.free(place), 0)
            assert {each.reservation_id for each in reservations.held(tx)} == set(self.held)


@pytest.fixture
def machine(sqlite_template: Path, tmp_path: Path, receipt: Make, now: datetime) -> type[Machine]:
    class Here(Machine):
        template, folder, started = sqlite_template, tmp_path, now
        make = staticmethod(receipt)

    return Here


def test_the_ledger_is_a_dictionary_that_forgets_nothing(machine: type[Machine]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=10, stateful_step_count=25))


@pytest.mark.drill
def test_the_ledger_is_a_dictionary_that_forgets_nothing_10000_times(
    machine: type[Machine],
) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=10_000, stateful_step_count=20)
    )
