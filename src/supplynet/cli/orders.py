"""``orders``: list them, and take one through its life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit, table
from supplynet.cli.person import person
from supplynet.errors import InvalidInput

group = typer.Typer(no_args_is_help=True, help="Work with orders: see them, decide, move goods.")
Row = dict[str, Any]
OrderId = Annotated[str, typer.Argument(help="Id of the order, as list shows it.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit log and the diary.")]
Key = Annotated[
    str | None, typer.Option(help="The same key and content is done once, however often sent.")
]
Parts = Annotated[int | None, typer.Option(min=1, help="Parts; default: as the order says.")]
Moment = Annotated[
    datetime,
    typer.Option(
        formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"],
        help="Plant time unless it names a zone.",
    ),
]
_HEAD = ("state", "departure", "quantity", "part", "from", "to", "arrives", "id")


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(group, name="orders", epilog=options.example("orders list --due"))


@group.command("list", epilog=options.example("orders list", "orders list --state shipped"))
def show_all(
    workspace: options.Workspace = options.HERE,
    state: Annotated[str | None, typer.Option(help="Only orders in this state.")] = None,
    part: Annotated[str | None, typer.Option(help="Only orders for this part.")] = None,
    to: Annotated[str | None, typer.Option(help="Only orders to this place.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Only what waits for an answer now.")] = False,
    rows: options.Rows = 30,
    as_json: options.Json = False,
) -> None:
    """List orders, the earliest departure first."""
    from supplynet.core.orders import OrderState
    from supplynet.services import orders
    from supplynet.services.books import open_books

    states = None if state is None else [_member(OrderState, state)]
    wanted = orders.Filter(states=states, part_id=part, to_location=to, due=due)
    found, _ = orders.list_orders(open_books(workspace), wanted, limit=100_000)
    emit(found, as_json, lambda: capped(table(_HEAD, [_cells(row) for row in found]), rows + 2))


@group.command(epilog=options.example("orders show ORDER"))
def show(
    order_id: OrderId,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Show one order and why it was proposed."""
    from supplynet.services import orders
    from supplynet.services.books import open_books

    row = orders.get_order(open_books(workspace), order_id)
    emit(row, as_json, lambda: _lines(row))


@group.command(epilog=options.example("orders approve ORDER --quantity 80 --reason 'one pallet'"))
def approve(
    order_id: OrderId,
    quantity: Parts = None,
    reason: Reason = "",
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Release a proposal; its parts are reserved."""
    from supplynet.services import orders

    _do(
        workspace,
        as_json,
        reason,
        key,
        lambda books, said: orders.approve(books, order_id, said, quantity=quantity),
    )


@group.command(epilog=options.example("orders change ORDER --quantity 80 --reason 'bin is full'"))
def change(
    order_id: OrderId,
    quantity: Annotated[int, typer.Option(min=1, help="Parts.")],
    reason: Reason = "",
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Another quantity for what nobody has picked yet."""
    from supplynet.services import orders

    _do(
        workspace,
        as_json,
        reason,
        key,
        lambda books, said: orders.change(books, order_id, said, quantity=quantity),
    )


@group.command(epilog=options.example("orders snooze ORDER --until 2026-01-05T18:00"))
def snooze(
    order_id: OrderId,
    until: Moment,
    reason: Reason = "",
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Set a proposal aside for a while."""
    from supplynet.services import orders

    _do(
        workspace,
        as_json,
        reason,
        key,
        lambda books, said: orders.snooze(books, order_id, said, until=_aware(books, until)),
    )


@group.command(
    epilog=options.example("orders split ORDER --quantity 40 --departure 2026-01-05T17:00")
)
def split(
    order_id: OrderId,
    quantity: Annotated[int, typer.Option(min=1, help="Parts that go later.")],
    departure: Moment,
    reason: Reason = "",
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Let a part go with another departure of the lane."""
    from supplynet.services import orders

    _do(
        workspace,
        as_json,
        reason,
        key,
        lambda books, said: orders.split(
            books, order_id, said, quantity=quantity, departure_at=_aware(books, departure)
        ),
    )


@group.command(epilog=options.example("orders reject ORDER --reason 'already on its way'"))
def reject(
    order_id: OrderId,
    reason: Annotated[str, typer.Option(help="Why; stands against the next plan.")],
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Say no to a proposal, or cancel what has not left."""
    from supplynet.services import orders

    _do(workspace, as_json, reason, key, lambda books, said: orders.cancel(books, order_id, said))


@group.command(epilog=options.example("orders pick ORDER"))
def pick(
    order_id: OrderId,
    quantity: Parts = None,
    reason: Reason = "",
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Take the parts from their shelf."""
    from supplynet.services import orders

    _do(
        workspace,
        as_json,
        reason,
        key,
        lambda books, said: orders.pick(books, order_id, said, quantity=quantity),
    )


@group.command(epilog=options.example("orders ship ORDER"))
def ship(
    order_id: OrderId,
    quantity: Parts = None,
    reason: Reason = "",
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Let it leave, all or less."""
    from supplynet.services import orders

    _do(
        workspace,
        as_json,
        reason,
        key,
        lambda books, said: orders.ship(books, order_id, said, quantity=quantity),
    )


@group.command(epilog=options.example("orders receive ORDER --good 95 --damaged 2 --reason wet"))
def receive(
    order_id: OrderId,
    good: Annotated[int, typer.Option(min=0, help="Parts that can be used.")],
    short: Annotated[int | None, typer.Option(min=0, help="Parts that will not come.")] = None,
    damaged: Annotated[int, typer.Option(min=0, help="Parts that came broken.")] = 0,
    reason: Reason = "",
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Take in what has come; what a transfer lacks is short, the rest of a purchase stays open."""
    from supplynet.cycle import Receipt
    from supplynet.services import orders

    receipt = Receipt(good=good, short=short, damaged=damaged)
    _do(
        workspace,
        as_json,
        reason,
        key,
        lambda books, said: orders.receive(books, order_id, receipt, said),
    )


@group.command(epilog=options.example("orders close ORDER --reason 'the rest will not come'"))
def close(
    order_id: OrderId,
    reason: Reason = "",
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """End a received order, or a purchase whose rest will not come."""
    from supplynet.services import orders

    _do(workspace, as_json, reason, key, lambda books, said: orders.close(books, order_id, said))


@group.command(epilog=options.example("orders reverse ORDER --reason 'scanned the wrong lorry'"))
def reverse(
    order_id: OrderId,
    reason: Annotated[str, typer.Option(help="Why; kept in the audit log.")],
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Undo all that was posted for an order that has left."""
    from supplynet.services import orders

    _do(workspace, as_json, reason, key, lambda books, said: orders.reverse(books, order_id, said))


@group.command(
    epilog=options.example(
        "orders add P-001 SR1 --quantity 40", "orders add P-001 WH1 --quantity 500 --purchase"
    )
)
def add(
    part: Annotated[str, typer.Argument(help="Part id.")],
    to: Annotated[str, typer.Argument(help="Stock point, or warehouse of a purchase.")],
    quantity: Annotated[int, typer.Option(min=1, help="Parts.")],
    lane: Annotated[str | None, typer.Option(help="Default: the usual one.")] = None,
    departure: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M%z"], help="Default: the next."),
    ] = None,
    purchase: Annotated[bool, typer.Option("--purchase", help="From the supplier.")] = False,
    reason: Reason = "",
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Add a proposal by hand; plans leave it alone."""
    from supplynet.core.orders import OrderKind
    from supplynet.cycle import Wanted
    from supplynet.services import orders

    def step(books: Any, said: Any) -> Row:
        wanted = Wanted(
            kind=OrderKind.PURCHASE if purchase else OrderKind.TRANSFER,
            part_id=part,
            to_location=to,
            quantity=quantity,
            lane_id=lane,
            departure_at=None if departure is None else _aware(books, departure),
        )
        return orders.add(books, wanted, said)

    _do(workspace, as_json, reason, key, step)


@group.command(epilog=options.example("orders diary --json"))
def diary(
    workspace: options.Workspace = options.HERE,
    rows: options.Rows = 30,
    as_json: options.Json = False,
) -> None:
    """What was done beside the proposals, and who was right; judges what can be judged by now."""
    from supplynet.services import diary as kept
    from supplynet.services.books import open_books

    books = open_books(workspace)
    kept.score(books, actor=person())
    entries, _ = kept.list_diary(books, limit=100_000)
    sums = kept.summary(books)

    def lines() -> list[str]:
        names = tuple(sums[0]) if sums else ("actor", "action", "count")
        shown = [
            (
                row["at"],
                row["actor"],
                row["action"],
                f"{row['location_id']} {row['part_id']}",
                row["proposed"],
                row["done"],
                (row["score"] or {}).get("better", "open"),
            )
            for row in entries
        ]
        head = ("at", "actor", "action", "what", "proposed", "done", "better")
        summed = table(names, [tuple(row.values()) for row in sums])
        return [*summed, "", *capped(table(head, shown), rows + 2)]

    emit({"summary": sums, "items": entries}, as_json, lines)


def _do(
    workspace: Path,
    as_json: bool,
    reason: str,
    key: str | None,
    step: Callable[[Any, Any], Row | list[Row]],
) -> None:
    """Open the books, carry out one command, and print what became of the orders."""
    from supplynet.services.books import open_books
    from supplynet.services.orders import Said

    done = step(open_books(workspace), Said(actor=person(), reason=reason, key=key))
    every = done if isinstance(done, list) else [done]
    emit(done, as_json, lambda: table(_HEAD, [_cells(row) for row in every]))


def _cells(row: Row) -> tuple[Any, ...]:
    names = ("departure_at", "quantity", "part_id", "from_location", "to_location", "arrives_at")
    return (row["state"], *(row[name] for name in names), row["order_id"])


def _lines(row: Row) -> list[str]:
    facts = {name: value for name, value in row.items() if name != "explanation"}
    lines = [f"{name:<18} {'-' if value is None else value}" for name, value in facts.items()]
    return [*lines, "", str(row["explanation"].get("why", ""))]


def _aware(books: Any, moment: datetime) -> datetime:
    """A moment without a zone is the plant's."""
    if moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=ZoneInfo(books.plant.time_zone))


def _member(kinds: Any, name: str) -> Any:
    try:
        return kinds(name)
    except ValueError:
        raise InvalidInput(f"no state {name!r}; use one of {', '.join(kinds)}") from None
