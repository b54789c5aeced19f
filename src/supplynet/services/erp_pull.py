"""From the ERP: orders and receipts are taken in; its stock is compared and never taken over."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from supplynet.connectors.erp import Erp
from supplynet.core.events import Event
from supplynet.cycle.intake import post_each
from supplynet.cycle.letters import Letter, TakenLetters, take_in_letters
from supplynet.errors import SupplyNetError
from supplynet.services.books import Books
from supplynet.services.erp_done import Done
from supplynet.services.erp_import import ACTOR, rehearsed
from supplynet.services.erp_orders import take_orders
from supplynet.storage import ledger, values

CHANNEL = "erp"
PULLED = "erp_pulled"
FIRST_PULL = timedelta(days=30)
_BATCH = 1000
"""Receipts of one transaction."""
OVERLAP = timedelta(days=1)
"""Asked for once more: a record may become visible after one that was changed later."""


def pull_stock(books: Books, erp: Erp, _: datetime, dry_run: bool) -> Done:
    """Where the ERP's book and ours differ."""
    theirs = {(row.location_id, row.part_id): row.on_hand for row in erp.pull_stock()}
    with books.store.read() as tx:
        ours = ledger.on_hand(tx)
    places = {place for place, _ in theirs}
    pairs = sorted(theirs.keys() | {pair for pair in ours if pair[0] in places})
    rows = [
        {
            "location_id": place,
            "part_id": part,
            "ours": ours.get((place, part), 0),
            "theirs": theirs.get((place, part), 0),
        }
        for place, part in pairs
        if ours.get((place, part), 0) != theirs.get((place, part), 0)
    ]
    return Done(
        kind="stock",
        dry_run=dry_run,
        summary=f"{len(rows):,} of {len(pairs):,} differ; nothing was taken over: count them",
        rows=tuple(rows),
        refused=tuple(erp.left_out),
    )


def pull_receipts(books: Books, erp: Erp, since: datetime, dry_run: bool) -> Done:
    """Post its receipts; those that cannot be posted become dead letters."""
    found = erp.pull_receipts(since)
    skew = timedelta(minutes=books.settings.clock_skew_minutes)
    letters = [
        Letter(channel=CHANNEL, source=event.key, payload=_payload(event), event=event)
        for event in found
    ]
    batches = [letters[i : i + _BATCH] for i in range(0, len(letters), _BATCH)]
    if dry_run:
        taken = [_rehearse(books, letters, skew)]
    else:
        taken = [
            take_in_letters(
                books.store, books.plant, batch, actor=ACTOR, now=books.now(), skew=skew
            )
            for batch in batches
        ]
    new, known = sum(each.new for each in taken), sum(each.known for each in taken)
    dead = [f"{letter.source}: {letter.problem}" for each in taken for letter in each.dead]
    return Done(
        kind="receipts",
        dry_run=dry_run,
        summary=f"{len(found):,} receipts: {new:,} new, {known:,} known, {len(dead):,} put aside",
        refused=(*erp.left_out, *dead),
    )


def _rehearse(books: Books, letters: list[Letter], skew: timedelta) -> TakenLetters:
    """What would become of letters."""
    dead: list[Letter] = []

    def refuse(event: Event, error: SupplyNetError) -> None:
        dead.append(
            Letter(channel=CHANNEL, source=event.key, payload=b"", event=event, problem=str(error))
        )

    batch = [letter.event for letter in letters if letter.event is not None]
    with rehearsed(books, dry_run=True) as tx:
        taken = post_each(tx, books.plant, batch, refuse, skew=skew)
    return TakenLetters(new=taken.new, known=taken.known, dead=tuple(dead))


def pull_orders(books: Books, erp: Erp, since: datetime, dry_run: bool) -> Done:
    """Take its orders in; one that cannot be does not stop the others."""
    found = erp.pull_orders(since)
    with rehearsed(books, dry_run=dry_run) as tx:
        taken, refused = take_orders(tx, books.plant, found)
    return Done(
        kind="orders",
        dry_run=dry_run,
        summary=f"{len(found):,} orders: {taken.new:,} new, {taken.changed:,} changed, "
        f"{taken.unchanged:,} known, {len(refused):,} refused",
        refused=(*erp.left_out, *(str(each) for each in refused)),
    )


def _payload(event: Event) -> bytes:
    """The event as it would come over the wire; what a replay reads."""
    body = {
        "schema": 1,
        "event_id": event.event_id,
        "source": event.source,
        "type": event.type.value,
        "occurred_at": event.occurred_at.isoformat(),
        "location_id": event.location_id,
        "part_id": event.part_id,
        "quantity": event.quantity,
        "data": dict(event.data),
    }
    return json.dumps(body).encode()


def since_last(books: Books, kind: str) -> datetime:
    """From when on to ask: a day before the last pull of this kind, or 30 days back."""
    with books.store.read() as tx:
        known = values.get_value(tx, PULLED, {}).get(kind)
    if known is None:
        return books.now() - FIRST_PULL
    return datetime.fromisoformat(known) - OVERLAP
