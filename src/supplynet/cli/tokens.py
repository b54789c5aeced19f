"""``token``: what machines show instead of a password."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from supplynet.cli import options
from supplynet.cli.output import emit, table
from supplynet.cli.own_hand import at_the_machine

group = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Make, list and revoke tokens for machines.",
    epilog=options.example("token add plc-7 --user ana --scope events.send", "token list"),
)
_HEAD = ("actor", "state", "scopes", "sites", "expires", "last used", "id")
_KEYS = ("actor", "state", "scopes", "sites", "expires_at", "last_used_at", "token_id")


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(group, name="token")


@group.command(
    epilog=options.example("token add plc-7 --user ana --scope events.send --site SR1 --days 90")
)
def add(
    name: Annotated[str, typer.Argument(help="What the machine is called.")],
    user: Annotated[str, typer.Option(help="Whose it is: never more than this user may.")],
    scope: Annotated[
        list[str], typer.Option(help="A permission of the user, such as events.send; repeat.")
    ],
    site: Annotated[
        list[str] | None, typer.Option(help="Only at this site; repeat. Default: the user's.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="How long it lasts.")] = 365,
    forever: Annotated[bool, typer.Option("--forever", help="Until it is revoked.")] = False,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Make a token and print it this once."""
    from supplynet.services import tokens
    from supplynet.services.books import open_books

    new = tokens.NewToken(
        name=name,
        scopes=frozenset(scope),
        sites=frozenset(site) if site else None,
        days=None if forever else days,
        owner=user,
    )
    made = tokens.add(open_books(workspace), new, at_the_machine())
    emit({"token": made.token, "secret": made.secret}, as_json, lambda: [made.secret])


@group.command("list", epilog=options.example("token list", "token list --json"))
def show(workspace: options.Workspace = options.HERE, as_json: options.Json = False) -> None:
    """List tokens, the oldest first; their secrets are kept nowhere."""
    from supplynet.services import tokens
    from supplynet.services.books import open_books

    found, _ = tokens.list_tokens(open_books(workspace), at_the_machine(), limit=100_000)

    def lines() -> list[str]:
        return table(_HEAD, [_cells(row) for row in found]) if found else ["no tokens yet"]

    emit(found, as_json, lines)


@group.command(epilog=options.example("token revoke 0199c0de-0000-7000-8000-000000000000"))
def revoke(
    token_id: Annotated[str, typer.Argument(help="Id of the token, as list shows it.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the audit log.")] = "",
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Make a token worthless, for good."""
    from supplynet.services import tokens
    from supplynet.services.books import open_books

    row = tokens.revoke(open_books(workspace), token_id, at_the_machine(), reason=reason)
    emit(row, as_json, lambda: [f"{row['actor']} is {row['state']}"])


def _cells(row: dict[str, Any]) -> list[Any]:
    lists = {key: ", ".join(row[key] or ()) or "all" for key in ("scopes", "sites")}
    return [(row | lists)[key] for key in _KEYS]
