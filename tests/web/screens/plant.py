"""The plants that are pictured: a demo in the middle of a shift, and one with nothing in it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import uvicorn
from starlette.types import ASGIApp

from supplynet import cycle
from supplynet.core.orders import OrderState
from supplynet.security.access import Role
from supplynet.security.passwords import Cost, Passwords
from supplynet.security.principal import Grant, local_administrator
from supplynet.services import demo, planning, users
from supplynet.services.books import Books, open_books
from supplynet.services.setup import init
from supplynet.storage import orders
from supplynet.worker.live import LivePlant

CHEAP = Passwords(cost=Cost(memory_kib=8, passes=1))
PASSWORD = "thing lamp seven cow"
SEED = 1
SIZE = demo.Size(showrooms=3, stations=3, lines="ABC", parts=60, history_days=120, unseen_days=14)
"""The demo's plant with a shorter history: the same screens in a third of the time."""
SLOTS = (30, 120)
"""Played after the opening: at least, and at most until something is on the road and more waits."""
PEOPLE = {
    "lena": (Grant(role=Role.LINE_LEADER, sites=frozenset({"SR1"})), False),
    "piet": (Grant(role=Role.PICKER), False),
    "paula": (Grant(role=Role.PLANNER), False),
    "nora": (Grant(role=Role.PLANNER), True),
}
"""Role, and whether the password must be changed."""
Say = Callable[[str], None]


def make_plant(folder: Path, ready: Path | None, say: Say) -> Books:
    """A demo that has run for some hours and now stands still, with people in it.

    Args:
        folder: Where to.
        ready: A demo that is there already; it is copied.
        say: What is done now.
    """
    if ready is not None:
        shutil.copytree(ready, folder)
    else:
        say("a plant with its history: about a minute")
        with patch.dict(demo.SIZES, {"screens": SIZE}):
            demo.run(folder, size="screens", seed=SEED)
    books = open_books(folder)
    say("some hours of its life")
    _play(books)
    for name, (grant, must_change) in PEOPLE.items():
        new = users.NewUser(
            name=name, grants=(grant,), password=PASSWORD, must_change_password=must_change
        )
        users.add(books, CHEAP, new, local_administrator())
    return books


def _play(books: Books) -> None:
    """What the server's loop does, as fast as it goes; ends with a plan that waits for people."""
    plant = LivePlant(books)
    for slot in range(SLOTS[1]):
        due = plant.due()
        if slot == 0 or due:
            planning.plan_now(books, actor="automation")
        if due:
            until = max(each.cutoff_at for batch in due for each in batch.departures)
            cycle.release_due(
                books.store,
                books.plant,
                actor="automation",
                now=plant.now,
                until=until,
                may=lambda order: cycle.may_release(order, books.plant, books.settings),
            )
        plant.step(1.0)
        if slot >= SLOTS[0] and _is_under_way(books):
            break
    planning.plan_now(books, actor="automation")


def _is_under_way(books: Books) -> bool:
    """Whether a vehicle drives and another one is to be loaded."""
    with books.store.read() as tx:
        states = {order.state for order in orders.list_orders(tx)}
    return {OrderState.SHIPPED, OrderState.APPROVED} <= states


def make_empty(folder: Path) -> Books:
    """A workspace as ``supplynet init`` leaves it."""
    init(folder)
    return open_books(folder)


@contextmanager
def serving(
    make: Callable[[Callable[[], bool]], ASGIApp],
) -> Iterator[tuple[str, uvicorn.Server]]:
    """A real server in a thread, while the block runs; its address, and itself.

    Args:
        make: Makes the application; it is told how to ask whether the server is about to stop.
    """
    config = uvicorn.Config(
        make(lambda: server.should_exit),
        port=0,
        log_level="error",
        ws="none",
        lifespan="auto",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start")
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", server
    stop(server)
    thread.join(timeout=20)


def stop(server: uvicorn.Server) -> None:
    """Let it go; streams that are open are cut off."""
    server.should_exit = True
