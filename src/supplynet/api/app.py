"""The HTTP application: routes, problems, guard, pages."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.middleware.gzip import GZipMiddleware

from supplynet._version import __version__
from supplynet.api import openapi, problems
from supplynet.api.answers import Answers
from supplynet.api.clock import SmoothClock
from supplynet.api.door import Door
from supplynet.api.guard import GuardMiddleware
from supplynet.api.identity import Identity
from supplynet.api.observed import HttpMetrics, ObservedMiddleware
from supplynet.api.pages import pages
from supplynet.api.routes import (
    alerts,
    anomalies,
    audit,
    backups,
    bulk,
    changes,
    changes_since,
    control_room,
    data,
    decisions,
    erp,
    events,
    exports,
    flow,
    guide,
    imports,
    jobs,
    keys,
    models,
    network,
    operation,
    orders,
    outbox,
    parts,
    planning,
    session,
    shipments,
    signals,
    stock,
    timetable,
    tokens,
    users,
    what_if,
    why,
)
from supplynet.api.routing import ReadAtOnce
from supplynet.api.shown import Shown
from supplynet.api.stream import ChangeFeed
from supplynet.api.stream import router as stream_router
from supplynet.security.passwords import Passwords
from supplynet.services.books import Books
from supplynet.services.front_door import LOOPBACK_NAMES
from supplynet.services.metrics import BooksCollector
from supplynet.services.reads import ReadLog
from supplynet.services.refusals import RefusalLog
from supplynet.services.running import Running
from supplynet.worker.anchoring import ReadWriter

# What is asked all the time stands first: a route is found by trying one after the other.
_ROUTERS = (
    control_room.router,
    flow.router,
    stream_router,
    alerts.router,
    stock.router,
    parts.router,
    shipments.router,
    planning.router,
    network.router,
    bulk.router,
    orders.router,
    guide.router,
    changes.router,
    imports.router,
    exports.router,
    erp.router,
    signals.router,
    why.router,
    session.router,
    users.router,
    tokens.router,
    changes_since.router,
    anomalies.router,
    outbox.router,
    timetable.router,
    what_if.router,
    decisions.router,
    events.router,
    data.router,
    models.router,
    jobs.router,
    keys.router,
    audit.router,
    backups.router,
    operation.router,
)


def create_app(
    books: Books,
    *,
    local: bool = False,
    closing: Callable[[], bool] = lambda: False,
    hosts: Collection[str] = LOOPBACK_NAMES,
    running: Running | None = None,
) -> FastAPI:
    """The application over one workspace's ``books``.

    It answers to known host names only: a page of another site must not reach it through a name
    that resolves here.

    Args:
        books: The workspace.
        local: Whoever asks from this machine may do everything without signing in: a demo.
        closing: Whether the server is about to stop: open streams then end by themselves.
        hosts: Names that a request may call this server by.
        running: The rest of the process, for those who watch it.
    """
    clock = SmoothClock()
    feed = ChangeFeed(books, clock, closing)
    shown = Shown(books, clock)
    reads, refusals = ReadLog(), RefusalLog()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = books.settings.worker_threads
        async with feed.running():
            with ReadWriter(books, reads, refusals):
                yield

    app = FastAPI(
        title="SupplyNet",
        version=__version__,
        description="Keeps assembly lines running. `/api/v1` only ever adds.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.books, app.state.feed, app.state.clock, app.state.shown = books, feed, clock, shown
    app.state.answers = Answers(moves=books.store.moves, seq=feed.newest)
    app.state.planning = threading.Lock()
    app.state.reads, app.state.refusals = reads, refusals
    app.state.door = door = Door.of(books.settings, local=local)
    app.state.identify, app.state.passwords = Identity(books, local), Passwords()
    app.openapi = partial(openapi.document, app)  # type: ignore[method-assign]  # FastAPI's own way
    app.state.running, app.state.registry = running or Running(), CollectorRegistry()
    app.state.http_metrics = HttpMetrics(app.state.registry)
    app.state.registry.register(BooksCollector(books, app.state.running))
    problems.install(app)
    routes = [route for router in _ROUTERS for route in router.routes]
    # Not included: a router in another is searched anew, level by level, with every request.
    app.router.routes += [ReadAtOnce(routes), *routes]
    # Not mounted: a mount at "/" would hide "method not allowed" of the routes above.
    app.router.default = pages()
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=4)
    app.add_middleware(GuardMiddleware, hosts=hosts, door=door)
    app.add_middleware(ObservedMiddleware, metrics=app.state.http_metrics)
    return app
