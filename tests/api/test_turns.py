"""Who waits for whom."""

from __future__ import annotations

import asyncio

import pytest
from starlette.exceptions import HTTPException

from supplynet.api.turns import Streams, Turns, busy
from supplynet.errors import TooManyRequests


async def ask(turns: Turns, who: str, go_on: asyncio.Event, operation: str = "list_orders") -> str:
    try:
        async with turns.turn(operation, who):
            await go_on.wait()
    except TooManyRequests:
        return "too many of their own"
    except HTTPException as error:
        return f"{error.status_code} after {(error.headers or {})['retry-after']} s"
    return "done"


def outcomes(turns: Turns, *asked: tuple[str, str], at_once: int) -> list[str]:
    """What becomes of requests (who, operation) that all come before the first is done."""

    async def run() -> list[str]:
        go_on = asyncio.Event()
        tasks = [asyncio.create_task(ask(turns, who, go_on, what)) for who, what in asked]
        for _ in range(5):
            await asyncio.sleep(0)
        assert turns.heavy.inside <= at_once
        go_on.set()
        return await asyncio.gather(*tasks)

    return asyncio.run(run())


def test_of_one_user_some_run_some_wait_and_the_rest_is_refused() -> None:
    turns = Turns(of_one=(2, 3, 60.0))
    found = outcomes(turns, *[("ana", "list_orders")] * 6, ("ben", "list_orders"), at_once=0)
    assert found == ["done"] * 5 + ["too many of their own", "done"]


def test_of_heavy_work_twelve_are_let_in_and_the_rest_is_sent_away() -> None:
    found = outcomes(Turns(), *[(f"u{n}", "get_quality") for n in range(14)], at_once=12)
    assert found == ["done"] * 12 + ["503 after 5 s"] * 2


def test_nobody_takes_all_the_room_for_heavy_work() -> None:
    asked = [("ana", "get_quality")] * 9 + [("ben", "get_quality")]
    found = outcomes(Turns(), *asked, at_once=2)
    assert found == ["done"] * 4 + ["too many of their own"] * 5 + ["done"]


def test_who_waits_too_long_is_sent_away_and_leaves_no_trace() -> None:
    async def run() -> Turns:
        turns, never = Turns(of_one=(1, 5, 0.0)), asyncio.Event()
        first = asyncio.create_task(ask(turns, "ana", never))
        await asyncio.sleep(0)
        assert await ask(turns, "ana", never) == "too many of their own"
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        return turns

    turns = asyncio.run(run())
    assert turns == Turns(of_one=(1, 5, 0.0), heavy=turns.heavy)
    assert turns.heavy.inside == 0


def test_streams_are_counted_by_user_and_in_all() -> None:
    streams = Streams(of_one=2, in_all=3)
    mine = [streams.take("ana"), streams.take("ana")]
    with pytest.raises(TooManyRequests, match="2 of your streams are open"):
        streams.take("ana")
    streams.take("ben")
    with pytest.raises(TooManyRequests, match="3 streams are open, which is all"):
        streams.take("eve")
    with mine[0]:
        pass
    streams.take("eve")


def test_busy_says_when_to_ask_again() -> None:
    error = busy("no room", 1.2)
    assert (error.status_code, error.headers) == (503, {"retry-after": "2"})
