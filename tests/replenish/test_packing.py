from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.packing import ROOM_TOLERANCE, Claims, containers_at_once, pack


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int32)


def claims(
    packs: list[int],
    *,
    first: list[int] | None = None,
    size: list[int] | None = None,
    litres: list[float] | None = None,
    stock_of: list[int] | None = None,
    room_of: list[int] | None = None,
    stock: list[int] | None = None,
    room: list[float] | None = None,
) -> Claims:
    count = len(packs)
    return Claims(
        packs=ints(*packs),
        first=ints(*(first or [1] * count)),
        size=ints(*(size or [1] * count)),
        litres=np.array(litres or [1.0] * count),
        stock_of=ints(*(stock_of or [-1] * count)),
        room_of=ints(*(room_of or [-1] * count)),
        stock=np.array(stock or [], dtype=np.int64),
        room=np.array(room or [], dtype=np.float64),
    )


def one_by_one(wanted: Claims, merit: FloatArray) -> tuple[list[int], list[bool]]:
    """The slow twin: block after block in order of merit, as a person would do it."""
    blocks = wanted.blocks
    stock, room = wanted.stock.tolist(), (wanted.room + ROOM_TOLERANCE).tolist()
    given, refused, for_room = [0] * len(wanted.packs), set[int](), [False] * len(wanted.packs)
    for block in sorted(range(len(merit)), key=lambda index: (-merit[index], index)):
        claim, count = int(blocks.claim[block]), int(blocks.packs[block])
        if claim in refused:
            continue
        source, vehicle = int(wanted.stock_of[claim]), int(wanted.room_of[claim])
        parts, litres = count * int(wanted.size[claim]), count * float(wanted.litres[claim])
        no_room = vehicle >= 0 and litres > room[vehicle]
        if no_room or (source >= 0 and parts > stock[source]):
            refused.add(claim)
            for_room[claim] = no_room
            continue
        given[claim] += count
        if source >= 0:
            stock[source] -= parts
        if vehicle >= 0:
            room[vehicle] -= litres
    return given, for_room


def test_blocks_begin_with_the_smallest_order() -> None:
    blocks = claims([4, 2], first=[3, 1]).blocks
    assert blocks.claim.tolist() == [0, 0, 1, 1]
    assert blocks.packs.tolist() == [3, 1, 1, 1]
    assert blocks.pack.tolist() == [0, 3, 4, 5]


def test_the_best_container_comes_first_and_a_smaller_one_fills_the_rest() -> None:
    wanted = claims([2, 3], size=[4, 1], stock_of=[0, 0], stock=[6])
    packed = pack(wanted, np.array([9.0, 8.0, 3.0, 2.0, 1.0]))
    assert packed.packs.tolist() == [1, 2]  # 4 and, as another 4 no longer fits, 1 and 1
    assert packed.refused.tolist() == [1, 4]
    assert packed.for_room.tolist() == [False, False]


def test_what_ends_first_is_named() -> None:
    wanted = claims([2, 2], stock_of=[0, 0], room_of=[0, -1], stock=[3], room=[1.0])
    packed = pack(wanted, np.array([4.0, 3.0, 2.0, 1.0]))
    assert packed.packs.tolist() == [1, 2]
    assert packed.for_room.tolist() == [True, False]


def test_millions_of_single_parts_are_handled_many_at_once() -> None:
    few, many = ints(40, 7), np.full(10_000, 5_000, dtype=np.int32)
    assert containers_at_once(few).tolist() == [1, 1]
    at_once = containers_at_once(many)
    assert int((many // at_once).sum()) < 1_000_000
    assert containers_at_once(ints(0)).tolist() == [1]


def test_no_claims_are_no_work() -> None:
    assert pack(claims([]), np.zeros(0)).packs.tolist() == []


@st.composite
def tangled(draw: st.DrawFn) -> tuple[Claims, FloatArray]:
    """Claims that share stock and room across each other, with merits that never rise."""
    count = draw(st.integers(1, 7))
    packs = draw(st.lists(st.integers(1, 5), min_size=count, max_size=count))
    made = claims(
        packs,
        first=[draw(st.integers(1, each)) for each in packs],
        size=draw(st.lists(st.integers(1, 6), min_size=count, max_size=count)),
        litres=draw(
            st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.5]), min_size=count, max_size=count)
        ),
        stock_of=draw(st.lists(st.integers(-1, 1), min_size=count, max_size=count)),
        room_of=draw(st.lists(st.integers(-1, 1), min_size=count, max_size=count)),
        stock=draw(st.lists(st.integers(0, 25), min_size=2, max_size=2)),
        room=draw(st.lists(st.sampled_from([0.0, 1.0, 4.5, 12.0]), min_size=2, max_size=2)),
    )
    falls = draw(
        st.lists(
            st.integers(0, 3), min_size=len(made.blocks.claim), max_size=len(made.blocks.claim)
        )
    )
    fallen = np.cumsum(falls)
    begins = np.flatnonzero(made.blocks.rank == 0)
    start = draw(st.lists(st.integers(0, 12), min_size=count, max_size=count))
    merit = np.array(start)[made.blocks.claim] - (fallen - fallen[begins][made.blocks.claim])
    return made, merit.astype(np.float64)


@given(tangled())
def test_all_at_once_gives_what_one_by_one_gives(case: tuple[Claims, FloatArray]) -> None:
    wanted, merit = case
    packed = pack(wanted, merit)
    given_one_by_one, for_room = one_by_one(wanted, merit)
    assert packed.packs.tolist() == given_one_by_one
    assert packed.for_room.tolist() == for_room
    assert ((packed.refused < 0) == (packed.packs == wanted.packs)).all()
