"""The outbox: what was sent where, once more on demand, and whether a channel works."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from supplynet.core.ids import uuid7
from supplynet.core.network import Plant
from supplynet.core.spelling import nearest
from supplynet.errors import NotFound
from supplynet.notify.message import TEST, Outgoing, Sender
from supplynet.notify.registry import open_sender, tools_of
from supplynet.notify.routing import Around, Router
from supplynet.notify.settings import AnyChannel, NotifySettings
from supplynet.notify.settings_file import read_settings
from supplynet.services.books import Books, plant_of
from supplynet.storage import WriteTx, deliveries, outbox, requests
from supplynet.storage.deliveries import Delivery, DeliveryState

Row = dict[str, Any]
Position = tuple[datetime, str, str]
"""Where a page ended: since when its last delivery is tried, its message and its channel."""
_HIDDEN = ("payload", "leased_by")


@dataclass(frozen=True, kw_only=True)
class Channels:
    """Everything that ``notify.toml`` says, opened."""

    settings: NotifySettings
    router: Router
    senders: Mapping[str, Sender]


def open_channels(books: Books) -> Channels:
    """The channels of the workspace.

    Raises:
        ConfigError: ``notify.toml`` is wrong, or a secret that it names is not there.
    """
    settings, zone = read_settings(books.workspace.folder), _zone(books)
    tools = tools_of(settings, books.workspace.folder, zone)
    senders = {each.name: open_sender(each, tools, os.environ) for each in settings.channels}
    router = Router(settings, around_of(plant_of(books)), zone)
    return Channels(settings=settings, router=router, senders=senders)


def around_of(plant: Plant | None) -> Around:
    """A location with every location around it; one that does not exist has none."""
    places = {} if plant is None else plant.location_by_id

    def around(location_id: str) -> Collection[str]:
        found, place = [], places.get(location_id)
        while place is not None:
            found.append(place.location_id)
            place = None if place.parent_id is None else places.get(place.parent_id)
        return found

    return around


def channel_rows(books: Books) -> list[Row]:
    """The channels of ``notify.toml``: what each wants, and nothing of its address or secret.

    Raises:
        ConfigError: It is wrong.
    """
    return [
        {
            "name": each.name,
            "kind": each.kind,
            "messages": list(each.messages),
            "role": each.role,
            "locations": list(each.locations),
            "quiet_hours": each.quiet_hours,
        }
        for each in read_settings(books.workspace.folder).channels
    ]


def list_deliveries(
    books: Books,
    *,
    state: DeliveryState | None = None,
    channel: str | None = None,
    limit: int = 200,
    after: Position | None = None,
) -> tuple[list[Row], Position | None]:
    """Deliveries, the newest first, and the position of the last one (None after the last page)."""
    with books.store.read() as tx:
        found = deliveries.list_deliveries(
            tx, state=state, channel=channel, before=after, limit=limit + 1
        )
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    following = None if last is None else (last.created_at, last.message_id, last.channel)
    return [_row(each) for each in page], following


def get_message(books: Books, message_id: str) -> Row:
    """One message with its deliveries and every try.

    Raises:
        NotFound: There is none with this id.
    """
    with books.store.read() as tx:
        message = outbox.get(tx, message_id)
        found = deliveries.of_message(tx, message_id)
        tries = deliveries.tries_of(tx, message_id)
    return asdict(message) | {
        "deliveries": [
            _row(each) | {"tries": [asdict(one) for one in tries.get(each.channel, [])]}
            for each in found
        ]
    }


def replay(
    books: Books, message_id: str, *, channel: str | None, actor: str, key: str | None = None
) -> list[Row]:
    """Send a sent or dead message once more, under the same id; on one channel or on all.

    Raises:
        NotFound: There is no such message, or it did not go to this channel.
        DeliveryStateError: It still waits to be sent.
        ConflictingContent: The key was used for something else.
    """

    def do(tx: WriteTx) -> Row:
        return {"items": [_row(each) for each in deliveries.replay(tx, message_id, channel)]}

    with books.store.write(actor, books.wall_clock()) as tx:
        asked = ["replay message", message_id, channel]
        found: list[Row] = requests.once(tx, key, asked, lambda: do(tx))["items"]
        return found


def test_channel(books: Books, name: str) -> Row:
    """Send a test message over a channel now; what became of it is not kept.

    Raises:
        NotFound: ``notify.toml`` has no such channel.
        ConfigError: It is wrong.
    """
    settings = read_settings(books.workspace.folder)
    channel = _known(settings, name)
    tools = tools_of(settings, books.workspace.folder, _zone(books))
    sender = open_sender(channel, tools, os.environ)
    now = books.wall_clock()
    message = Outgoing(
        message_id=uuid7(now, random.SystemRandom()),
        kind=TEST,
        payload={"channel": name, "message": "This is a test of SupplyNet."},
        created_at=now,
    )
    begun = time.monotonic()
    outcome = sender.send(message, now)
    seconds = round(time.monotonic() - begun, 3)
    return {"channel": name, "ok": outcome.ok, "said": outcome.said, "seconds": seconds}


def _known(settings: NotifySettings, name: str) -> AnyChannel:
    channel = settings.channel(name)
    if channel is not None:
        return channel
    names = [each.name for each in settings.channels]
    near = nearest(name, names)
    known = "it has " + ", ".join(names) if names else "it has none: see docs/notifications.md"
    raise NotFound("channel in notify.toml", name, f"did you mean {near!r}?" if near else known)


def _zone(books: Books) -> ZoneInfo:
    plant = plant_of(books)
    return ZoneInfo("UTC" if plant is None else plant.time_zone)


def _row(delivery: Delivery) -> Row:
    row = {name: value for name, value in asdict(delivery).items() if name not in _HIDDEN}
    return row | {"state": delivery.state.value}
