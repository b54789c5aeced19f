"""The HTTP application: routes, problems, guard, pages."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from supplynet._version import __version__
from supplynet.api import openapi, problems
from supplynet.api.clock import SmoothClock
from supplynet.api.guard import GuardMiddleware
from supplynet.api.pages import pages
from supplynet.api.routes import (
    alerts,
    anomalies,
    control_room,
    data,
    decisions,
    events,
    jobs,
    models,
    network,
    orders,
    outbox,
    planning,
    shipments,
    stock,
    what_if,
)
from supplynet.api.stream import ChangeFeed
from supplynet.api.stream import router as stream_router
from supplynet.services.books import Books

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_ROUTERS = (
    control_room.router,
    alerts.router,
    anomalies.router,
    outbox.router,
    stream_router,
    orders.router,
    shipments.router,
    planning.router,
    what_if.router,
    decisions.router,
    stock.router,
    network.router,
    events.router,
    data.router,
    models.router,
    jobs.router,
)


def create_app(books: Books, *, closing: Callable[[], bool] = lambda: False) -> FastAPI:
    """The application over one workspace's ``books``.

    It answers to loopback host names only: users and roles do not exist yet, and a page of
    another site must not reach it through a name that resolves here.

    Args:
        books: The workspace.
        closing: Whether the server is about to stop: open streams then end by themselves.
    """
    clock = SmoothClock()
    feed = ChangeFeed(books, clock, closing)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = books.settings.worker_threads
        async with feed.running():
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
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.books, app.state.feed, app.state.clock = books, feed, clock
    app.state.planning = threading.Lock()
    app.openapi = partial(openapi.document, app)  # type: ignore[method-assign]  # FastAPI's own way
    problems.install(app)
    for router in _ROUTERS:
        app.include_router(router, prefix="/api/v1")
    # Not mounted: a mount at "/" would hide "method not allowed" of the routes above.
    app.router.default = pages()
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=4)
    app.add_middleware(GuardMiddleware, hosts=LOOPBACK_HOSTS)
    return app
