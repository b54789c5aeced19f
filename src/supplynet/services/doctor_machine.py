"""The checklist's part on the machine, its clock and what it talks to."""

from __future__ import annotations

import platform
import shutil
import socket
import sqlite3
from datetime import timedelta

import sqlalchemy

from supplynet._version import __version__
from supplynet.connectors.mqtt_broker import Broker, broker_of
from supplynet.services.books import Books
from supplynet.services.checks import Check
from supplynet.services.readiness import LEAST_FREE_BYTES, not_ready
from supplynet.services.running import Running
from supplynet.storage.migrate import revision

GIBIBYTE = 1024**3
PLENTY = 2 * GIBIBYTE
PATIENCE_SECONDS = 3.0
MOST_SKEW = timedelta(seconds=5)
"""Between this machine and the database's: leases count on it."""


def disk(books: Books) -> Check:
    """There is room for the books, the history and a backup."""
    usage = shutil.disk_usage(books.workspace.folder)
    found = f"{usage.free / GIBIBYTE:.1f} GiB of {usage.total / GIBIBYTE:.0f} GiB are free"
    if usage.free >= PLENTY:
        return Check(name="disk", state="ready", found=found)
    step = "make room: when the disk is full the books become read-only"
    if usage.free < LEAST_FREE_BYTES:
        return Check(name="disk", state="broken", found=found, next_step=step)
    return Check(name="disk", state="todo", found=found, next_step=step)


def clock(books: Books) -> Check:
    """This machine and the database's agree on the time."""
    if books.store.is_sqlite:
        return Check(name="clock", state="ready", found=f"{books.wall_clock():%Y-%m-%d %H:%M} UTC")
    with books.store.read() as tx:
        there = tx.connection.scalar(sqlalchemy.text("SELECT clock_timestamp()"))
    apart = abs(books.wall_clock() - there)
    found = f"{apart.total_seconds():.1f} s from the database's"
    if apart <= MOST_SKEW:
        return Check(name="clock", state="ready", found=found)
    step = "set both machines by NTP: leases and time limits count on it"
    return Check(name="clock", state="broken", found=found, next_step=step)


def mqtt(books: Books) -> Check:
    """The broker of the settings is reached."""
    broker = broker_of(books.settings, books.workspace.folder)
    if broker is None:
        return Check(name="MQTT", state="ready", found="no broker is set")
    try:
        _reach(broker)
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        step = "start the broker, or mend mqtt_url, mqtt_ca_file or the network between"
        found = f"{broker} is not reached: {why}"
        return Check(name="MQTT", state="broken", found=found, next_step=step)
    return Check(name="MQTT", state="ready", found=f"{broker} is reached")


def versions(books: Books) -> Check:
    """To say when something is reported."""
    database = f"SQLite {sqlite3.sqlite_version}" if books.store.is_sqlite else "PostgreSQL"
    found = (
        f"SupplyNet {__version__}, Python {platform.python_version()}, {database}, "
        f"schema {revision(books.store)}"
    )
    return Check(name="versions", state="ready", found=found)


def server(books: Books, running: Running) -> Check:
    """The server that answers is ready."""
    reasons = not_ready(books, running)
    if not reasons:
        return Check(name="server", state="ready", found="ready")
    step = "see its log"
    return Check(name="server", state="broken", found="; ".join(reasons), next_step=step)


def _reach(broker: Broker) -> None:
    """Connect, with TLS where it is spoken, and hang up; nobody signs in."""
    context = broker.tls_context()
    with socket.create_connection((broker.host, broker.port), PATIENCE_SECONDS) as plain:
        if context is not None:
            with context.wrap_socket(plain, server_hostname=broker.host):
                pass
