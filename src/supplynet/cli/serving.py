"""``serve`` and ``worker``: the API and the page, and what works beside them."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supplynet.cli import options
from supplynet.errors import ConfigError

if TYPE_CHECKING:
    from supplynet.services.books import Books

INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=options.example("serve --workspace plant-1 --local"))(serve)
    app.command(epilog=options.example("worker --workspace plant-1"))(worker)


def serve(
    workspace: options.Workspace = options.HERE,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; others than the loopback need TLS.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    speed: Annotated[
        float | None,
        typer.Option(min=1, max=7200, help="Run the plant's twin at this many times real time."),
    ] = None,
    local: Annotated[
        bool,
        typer.Option("--local", help="Whoever sits at this machine may do everything; loopback."),
    ] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Serve other machines without TLS. Dangerous.")
    ] = False,
) -> None:
    """Serve the API and the control room, and keep planning.

    Ctrl+C ends it in order; a second one ends it at once.
    """
    run_server(workspace, host=host, port=port, speed=speed, local=local, insecure=insecure)


def worker(workspace: options.Workspace = options.HERE) -> None:
    """Do a server's work without HTTP.

    Plan, run jobs, send messages, hear machines.

    For a second machine on the same PostgreSQL; of several one plans and one receives.
    """
    from supplynet.services.books import open_books
    from supplynet.worker.crew import working

    books = open_books(workspace)
    _configure_logs(books)
    typer.echo(f"SupplyNet works on {books.workspace.folder}  (stop with Ctrl+C)", err=True)
    with _ended_in_order(), working(books):
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
        _end_at_once_from_now_on()


def run_server(
    workspace: Path,
    *,
    host: str | None,
    port: int | None,
    speed: float | None,
    local: bool = False,
    insecure: bool = False,
) -> None:
    """Serve until interrupted or told to end; plans and runs jobs meanwhile.

    Raises:
        ConfigError: It may not be served like that; see ``services.front_door.open_door``.
    """
    from supplynet.api.app import create_app
    from supplynet.api.server import Server, configure_server, settle
    from supplynet.services.books import open_books
    from supplynet.services.front_door import open_door
    from supplynet.services.running import Running
    from supplynet.worker.crew import working

    books = open_books(workspace)
    door = open_door(books, host=host, port=port, local=local, insecure=insecure)
    check_free(door.host, door.port)
    _configure_logs(books)
    for warning in door.warnings:
        typer.echo(f"WARNING: {warning}", err=True)
    typer.echo(f"SupplyNet serves {door.url}  (stop with Ctrl+C)", err=True)
    with _ended_in_order(), working(books, speed=speed) as crew:
        app = create_app(
            books,
            local=local,
            closing=lambda: server.should_exit,
            hosts=door.names,
            running=Running(
                stopping=lambda: server.stopping,
                threads=crew.threads,
                mqtt_connected=crew.mqtt_connected,
            ),
        )
        tls = door.tls.context() if door.tls else None
        config = configure_server(app, host=door.host, port=door.port, tls=tls)
        server = Server(config, stop_delay_seconds=books.settings.stop_delay_seconds)
        settle()
        server.run()
        _end_at_once_from_now_on()


def check_free(host: str, port: int) -> None:
    """Before any work whose result could then not be shown.

    Raises:
        ConfigError: Nothing can listen there.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ConfigError(
            f"port {port} of {host} cannot be used ({error.strerror}); choose another with --port"
        ) from error


def _configure_logs(books: Books) -> None:
    """People at a terminal are not shown every request."""
    from supplynet import logs

    settings = books.settings
    access = settings.log_format == "json" or not sys.stderr.isatty()
    logs.configure(style=settings.log_format, level=settings.log_level, access=access)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """``kill`` ends it as Ctrl+C does: what runs is given back, not torn off.

    Interrupted before it serves or works, it ends like every command; later, with status 0.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, signal.default_int_handler),
        signal.SIGINT: signal.getsignal(signal.SIGINT),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_at_once_from_now_on() -> None:
    """It is ending: who asks again does not want to wait."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: os._exit(INTERRUPTED))
