"""``stock``: what lies where, now or then; what moved it; what people report. ``history``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from supplynet.cli import options
from supplynet.cli.output import capped, emit, table
from supplynet.cli.person import person
from supplynet.errors import InvalidInput

if TYPE_CHECKING:
    from supplynet.services.books import Books
    from supplynet.services.stock import What

Row = dict[str, Any]
_FORMATS = ["%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]
Moment = Annotated[
    datetime | None,
    typer.Option(formats=_FORMATS, help="Such as 2026-01-05T22:00Z; UTC unless it names a zone."),
]
Place = Annotated[str, typer.Argument(help="Stock point (a line, for returns from it).")]
Part = Annotated[str, typer.Argument(help="Part id.")]
Quantity = Annotated[
    str | None, typer.Option("--quantity", "-q", help="Whole number in the part's unit.")
]
Packs = Annotated[str | None, typer.Option(help="Whole containers of the supply rule instead.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the movement.")]
Key = Annotated[str | None, typer.Option(help="The same report under the same key is done once.")]
To = Annotated[str | None, typer.Option("--to", help="Where the parts go.")]
PartOption = Annotated[str | None, typer.Option("--part", help="Only this part.")]
_HEAD = ("location", "part", "on hand", "blocked", "in transit", "on order", "unit")
_MOVES = ("number", "occurred", "part", "quantity", "from", "to", "reason", "id")


class _StockGroup(TyperGroup):
    """``stock SR1`` is ``stock show SR1``: what is no command is a place."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in {"--help", "-h"}):
            args = ["show", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(
        cls=_StockGroup,
        rich_markup_mode=None,
        help="See what lies where, now or then; count, scrap, move.",
        epilog=options.example(
            "stock SR1 --as-of 2026-01-05T06:00Z", "stock count SR1 P-001 --packs 3"
        ),
    )
    group.command(epilog=options.example("stock SR1", "stock --part P-001"))(show)
    group.command(epilog=options.example("stock movements --part P-001"))(movements)
    group.command(epilog=options.example("stock count SR1 P-001 -q 118"))(count)
    group.command(epilog=options.example("stock scrap SR1 P-001 -q 2 --reason bent"))(scrap)
    group.command(name="return", epilog=options.example("stock return SR1.ST1.A P-001 -q 5"))(
        give_back
    )
    group.command(epilog=options.example("stock transfer SR1 P-001 --to SR2 --packs 1"))(transfer)
    group.command(epilog=options.example("stock undo scanner-3/4711#0 --reason 'scanned twice'"))(
        undo
    )
    app.add_typer(group, name="stock")
    past = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Work with the consumption history.",
        epilog=options.example("history rebuild"),
    )
    past.command(epilog=options.example("history rebuild"))(rebuild)
    app.add_typer(past, name="history")


def show(
    location: Annotated[str | None, typer.Argument(help="Only this place.")] = None,
    workspace: options.Workspace = options.HERE,
    part: PartOption = None,
    as_of: Moment = None,
    known_at: Moment = None,
    rows: options.Rows = 50,
    as_json: options.Json = False,
) -> None:
    """List stock now, or as it was.

    --as-of is the moment; --known-at leaves out what the books learned later.
    """
    from supplynet.services import overview, stock

    books = _books(workspace)
    if location is not None:
        books.plant.location(location)
    wanted: Row = {"location_id": location, "part_id": part, "limit": 1_000_000}
    if as_of is None and known_at is None:
        found, _ = overview.stock(books, **wanted)
    else:
        found, _ = stock.stock_at(books, as_of=_aware(as_of), known_at=_aware(known_at), **wanted)
    names = ("location_id", "part_id", "on_hand", "blocked", "in_transit", "on_order", "unit")
    cells = [[row.get(name) for name in names] for row in found]
    emit(found, as_json, lambda: capped(table(_HEAD, cells), rows + 2))


def movements(
    workspace: options.Workspace = options.HERE,
    location: Annotated[str | None, typer.Option(help="Only from or to this place.")] = None,
    part: PartOption = None,
    order: Annotated[str | None, typer.Option(help="Only of this order.")] = None,
    account: Annotated[str | None, typer.Option(help="Only from or to this account.")] = None,
    since: Moment = None,
    until: Moment = None,
    before: Annotated[
        int | None, typer.Option(min=1, help="Only those posted before this number.")
    ] = None,
    rows: options.Rows = 50,
    as_json: options.Json = False,
) -> None:
    """List movements, the last posted first; --rows of them, also with --json."""
    from supplynet.core.ledger import Account
    from supplynet.services import stock
    from supplynet.storage.ledger import MovementFilter

    if account is not None and account not in set(Account):
        raise InvalidInput(f"no account {account!r}; choose from {', '.join(Account)}")
    wanted = MovementFilter(
        location_id=location,
        part_id=part,
        order_id=order,
        account=None if account is None else Account(account),
        since=_aware(since),
        until=_aware(until),
    )
    found, following = stock.movements(_books(workspace), wanted, limit=rows, before=before)
    emit(found, as_json, lambda: _movement_lines(found, following))


def count(
    location: Place,
    part: Part,
    quantity: Quantity = None,
    packs: Packs = None,
    reason: Reason = "",
    at: Moment = None,
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Say how many parts lie there; the books follow."""
    said = _said(location, part, quantity, packs, reason=reason, at=at, key=key)
    _report(workspace, "count", said, as_json)


def scrap(
    location: Place,
    part: Part,
    quantity: Quantity = None,
    packs: Packs = None,
    reason: Reason = "",
    at: Moment = None,
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Say how many parts went to waste."""
    said = _said(location, part, quantity, packs, reason=reason, at=at, key=key)
    _report(workspace, "scrap", said, as_json)


def give_back(
    location: Place,
    part: Part,
    quantity: Quantity = None,
    packs: Packs = None,
    to: To = None,
    reason: Reason = "",
    at: Moment = None,
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Say how many parts a line gave back, or went back --to a warehouse or supplier."""
    said = _said(location, part, quantity, packs, reason=reason, at=at, key=key)
    _report(workspace, "return", said | {"to_location": to}, as_json)


def transfer(
    location: Place,
    part: Part,
    to: Annotated[str, typer.Option("--to", help="Where the parts go.")],
    quantity: Quantity = None,
    packs: Packs = None,
    under_way: Annotated[
        bool, typer.Option("--under-way", help="They have left and are not there yet.")
    ] = False,
    reason: Reason = "",
    at: Moment = None,
    key: Key = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Say that parts went from one stock point to another."""
    said = _said(location, part, quantity, packs, reason=reason, at=at, key=key)
    _report(workspace, "transfer", said | {"to_location": to, "received": not under_way}, as_json)


def undo(
    movement: Annotated[str, typer.Argument(help="Id, as stock movements shows it.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the audit log.")],
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Undo a mis-scan by a second movement, once."""
    from supplynet.services import stock

    made = stock.undo(_books(workspace), movement, reason=reason, actor=person())
    emit(made, as_json, lambda: [f"undone by {made['movement_id']}"])


def rebuild(workspace: options.Workspace = options.HERE, as_json: options.Json = False) -> None:
    """Throw the history that is made from the ledger away and make it again."""
    from supplynet.services import ledger_history

    written = ledger_history.rebuild(_books(workspace))
    emit({"rows": written}, as_json, lambda: [f"{written:,} rows made from the ledger"])


def _books(workspace: Path) -> Books:
    from supplynet.services.books import open_books

    return open_books(workspace)


def _aware(moment: datetime | None) -> datetime | None:
    from datetime import UTC

    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _said(
    location: str,
    part: str,
    quantity: str | None,
    packs: str | None,
    *,
    reason: str,
    at: datetime | None,
    key: str | None,
) -> Row:
    from supplynet.services.stock import whole_number

    return {
        "location_id": location,
        "part_id": part,
        "quantity": None if quantity is None else whole_number(quantity, "quantity"),
        "packs": None if packs is None else whole_number(packs, "packs"),
        "reason": reason,
        "occurred_at": _aware(at),
        "key": key,
    }


def _report(workspace: Path, what: What, said: Row, as_json: bool) -> None:
    from supplynet.services import stock

    made = stock.report(_books(workspace), stock.Report(what=what, **said), actor=person())
    line = "{what} {quantity:,} {unit} of {part_id}: {location_id} now has {on_hand:,}"
    emit(made, as_json, lambda: [line.format(what=what, **made)])


def _movement_lines(found: Sequence[Row], following: int | None) -> list[str]:
    cells = [
        [
            row["seq"],
            row["occurred_at"],
            row["part_id"],
            row["quantity"],
            f"{row['from_location']} {row['from_account']}",
            f"{row['to_location']} {row['to_account']}",
            row["reason"],
            row["movement_id"],
        ]
        for row in found
    ]
    lines = table(_MOVES, cells)
    return lines if following is None else [*lines, f"... more: --before {following}"]
