"""``serve``: the API and the page."""

from __future__ import annotations

import random
import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supplynet.cli import options
from supplynet.errors import ConfigError

if TYPE_CHECKING:
    from supplynet.services.books import Books

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(serve)


def serve(
    workspace: options.Workspace = options.HERE,
    host: Annotated[str | None, typer.Option(help="Loopback only, until users exist.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    speed: Annotated[
        float | None,
        typer.Option(min=1, max=7200, help="Run the plant's twin at this many times real time."),
    ] = None,
) -> None:
    """Serve the API and the control room, and keep planning."""
    run_server(workspace, host=host, port=port, speed=speed)


def run_server(workspace: Path, *, host: str | None, port: int | None, speed: float | None) -> None:
    """Serve until interrupted or told to end; plans and runs jobs meanwhile.

    Raises:
        ConfigError: The host is not on the loopback.
    """
    import uvicorn

    from supplynet.api.app import create_app
    from supplynet.services.books import open_books
    from supplynet.worker.dispatch import dispatching
    from supplynet.worker.drop_folder import DropFolderWorker
    from supplynet.worker.loop import Loop
    from supplynet.worker.mqtt import MqttWorker
    from supplynet.worker.watch import Watch

    books = open_books(workspace)
    host, port = host or books.settings.host, port or books.settings.port
    if host not in LOOPBACK:
        raise ConfigError(
            f"host {host} is not on the loopback; SupplyNet has no users and roles yet, "
            "so it serves 127.0.0.1 only"
        )
    typer.echo(f"SupplyNet serves http://{host}:{port}  (stop with Ctrl+C)", err=True)
    config = uvicorn.Config(
        create_app(books, closing=lambda: server.should_exit),
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    interrupted = suppress(KeyboardInterrupt)  # raised again by the server once it has stopped
    with (
        _ended_like_interrupted(),
        Loop(books, speed=speed),
        _running_jobs(books),
        dispatching(books),
        DropFolderWorker(books),
        MqttWorker(books, random.Random()) as broker,  # noqa: S311 - spreads tries
        Watch(books, broker),
        interrupted,
    ):
        server.run()


@contextmanager
def _running_jobs(books: Books) -> Iterator[None]:
    """A thread that runs queued jobs; one that is running at the end is queued again."""
    from supplynet.services.books import system_now
    from supplynet.worker.jobs import KINDS
    from supplynet.worker.runner import JobRunner

    runner = JobRunner(
        books.store,
        books.workspace.folder,
        KINDS,
        runner_id=f"server-{uuid.uuid4()}",
        clock=system_now,
    )
    stop = threading.Event()
    thread = threading.Thread(target=runner.serve, args=(stop,), name="supplynet-jobs", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=30)


@contextmanager
def _ended_like_interrupted() -> Iterator[None]:
    """``kill`` stops the server as Ctrl+C does: what runs is given back, not torn off."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
