"""Stock of the past by the database, against movements gone through one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from supplynet.core.ledger import Account, Balances, Movement, post
from supplynet.storage import Store, ledger
from supplynet.storage.ledger import MovementFilter

Make = Callable[..., Movement]
HOUR = timedelta(hours=1)
_ids = count()
_facts = st.lists(
    st.tuples(
        st.integers(0, 9),  # happened
        st.integers(0, 9),  # was learned so much later
        st.sampled_from(["bolt", "nut"]),
        st.integers(1, 99),
        st.booleans(),
    ),
    max_size=12,
)


def by_hand(
    moves: list[Movement], moment: datetime, known: datetime | None, part: str | None
) -> Balances:
    then = [
        move
        for move in moves
        if move.occurred_at <= moment
        and (known is None or move.recorded_at <= known)
        and part in {None, move.part_id}
    ]
    return Counter({key: each for key, each in post(Counter(), then).items() if each})


@hypothesis_settings(max_examples=25)
@given(
    facts=_facts,
    moment=st.integers(-1, 10),
    known=st.none() | st.integers(0, 20),
    part=st.sampled_from([None, "bolt"]),
)
def test_stock_of_the_past_is_the_sum_of_what_had_happened_and_was_known(
    sqlite_store: Store,
    now: datetime,
    receipt: Make,
    usage: Make,
    facts: list[tuple[int, int, str, int, bool]],
    moment: int,
    known: int | None,
    part: str | None,
) -> None:
    made = [
        (usage if used else receipt)(
            f"m{next(_ids)}",
            quantity,
            kind,
            occurred_at=now + happened * HOUR,
            recorded_at=now + (happened + later) * HOUR,
        )
        for happened, later, kind, quantity, used in facts
    ]
    with sqlite_store.write("test", now) as tx:
        ledger.append_movements(tx, made)
    until = None if known is None else now + known * HOUR
    with sqlite_store.read() as tx:
        every = ledger.movements_between(tx)
        found = ledger.balances_at(tx, now + moment * HOUR, until, part_id=part)
    assert found == by_hand(every, now + moment * HOUR, until, part)


def test_both_databases_give_the_same_past_and_of_one_place_only(
    store: Store, now: datetime, receipt: Make, usage: Make
) -> None:
    moves = [receipt(f"m{i}", i + 1, occurred_at=now + i * HOUR) for i in range(10)]
    moves.append(usage("late", 5, occurred_at=now, recorded_at=now + 20 * HOUR))
    with store.write("test", now) as tx:
        ledger.append_movements(tx, moves)
    shelf = ("bolt", "WH1", Account.ON_HAND)
    with store.read() as tx:
        for hours in range(-1, 11):
            until = now + hours * HOUR
            assert ledger.balances_at(tx, until) == by_hand(moves, until, None, None)
        assert ledger.balances_at(tx, now, now, location_id="WH1") == {shelf: 1}
        assert ledger.balances_at(tx, now, location_id="WH1") == {shelf: -4}


def test_movements_are_listed_by_what_is_asked_the_newest_first(
    store: Store, now: datetime, receipt: Make, usage: Make
) -> None:
    moves = [
        receipt("m1", 1),
        usage("m2", 1, order_id="o1"),
        usage("m3", 1, "nut", occurred_at=now + HOUR),
        receipt("m4", 1, to_location="WH2"),
    ]
    with store.write("test", now) as tx:
        ledger.append_movements(tx, moves)

    def ids(limit: int = 9, before: int | None = None, **wanted: object) -> list[str]:
        asked = MovementFilter(**wanted)  # type: ignore[arg-type]  # by name
        with store.read() as tx:
            found = ledger.newest_movements(tx, asked, limit=limit, before=before)
        return [move.movement_id for _, move in found]

    assert ids() == ["m4", "m3", "m2", "m1"]
    assert ids(limit=2, before=4) == ["m3", "m2"]
    assert ids(location_id="WH1") == ["m3", "m2", "m1"]
    assert ids(part_id="nut") == ["m3"]
    assert ids(order_id="o1") == ["m2"]
    assert ids(account=Account.CONSUMED) == ["m3", "m2"]
    assert ids(since=now + HOUR) == ["m3"]
    assert ids(until=now + HOUR) == ["m4", "m2", "m1"]
