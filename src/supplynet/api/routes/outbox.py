"""The outbox: what was sent where; once more on demand; whether a channel works."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from supplynet.api import cursors
from supplynet.api.admission import AccessDep
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey, RecordId
from supplynet.api.models import Page
from supplynet.api.outbox_models import (
    ChannelName,
    ChannelRow,
    ChannelTest,
    DeliveryRow,
    MessageRow,
    OutboxParameters,
    Replay,
)
from supplynet.api.routing import Router
from supplynet.errors import ConfigError, InvalidInput
from supplynet.services import outbox

router = Router(tags=["outbox"])
Json = dict[str, Any]


@router.get("/outbox", response_model=Page[DeliveryRow])
def list_deliveries(books: BooksDep, query: OutboxParameters) -> Json:
    """Deliveries of outgoing messages, the newest first."""
    rows, following = outbox.list_deliveries(
        books,
        state=query.state,
        channel=query.channel,
        limit=query.limit,
        after=cursors.decode(query.cursor, datetime, str, str),
    )
    return {"items": rows, "next_cursor": cursors.encode(following)}


@router.get("/outbox/{message_id}", response_model=MessageRow, dependencies=[NO_PARAMETERS])
def get_message(books: BooksDep, message_id: RecordId) -> Json:
    """One message with its deliveries and every try."""
    return outbox.get_message(books, message_id)


@router.post(
    "/outbox/{message_id}/replay", response_model=Page[DeliveryRow], dependencies=[NO_PARAMETERS]
)
def replay_message(
    books: BooksDep,
    access: AccessDep,
    message_id: RecordId,
    body: Replay | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Send a sent or dead message once more, under the same id, so that receivers can skip it.

    409 while it still waits to be sent.
    """
    channel = None if body is None else body.channel
    key = access.key(idempotency_key)
    rows = outbox.replay(books, message_id, channel=channel, actor=access.actor, key=key)
    return {"items": rows}


@router.get("/channels", response_model=Page[ChannelRow], dependencies=[NO_PARAMETERS])
def list_channels(books: BooksDep) -> Json:
    """The channels of `notify.toml`, in its order.

    422: it is wrong.
    """
    try:
        return {"items": outbox.channel_rows(books), "next_cursor": None}
    except ConfigError as error:  # the file that is shown, not the server's own settings
        raise InvalidInput(str(error)) from error


@router.post("/channels/{name}/test", response_model=ChannelTest, dependencies=[NO_PARAMETERS])
def run_channel_test(books: BooksDep, name: ChannelName) -> Json:
    """Send a test message over a channel of `notify.toml` now, and say what became of it.

    422: `notify.toml` is wrong, or a secret that it names is not there.
    """
    try:
        return outbox.test_channel(books, name)
    except ConfigError as error:  # the file that is tried, not the server's own settings
        raise InvalidInput(str(error)) from error
