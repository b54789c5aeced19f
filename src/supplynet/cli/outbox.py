"""``outbox``: what was sent where, once more, and whether a channel works."""

from __future__ import annotations

from typing import Annotated

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit, table
from supplynet.cli.person import person

group = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="See outgoing messages, send them once more.",
    epilog=options.example("outbox list", "outbox test planners"),
)
Channel = Annotated[str | None, typer.Option(help="Only this channel of notify.toml.")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(group, name="outbox")


@group.command("list", epilog=options.example("outbox list --state dead", "outbox list --json"))
def show(
    workspace: options.Workspace = options.HERE,
    state: Annotated[str | None, typer.Option(help="waiting, sent or dead.")] = None,
    channel: Channel = None,
    rows: options.Rows = 30,
    as_json: options.Json = False,
) -> None:
    """List deliveries, the newest first."""
    from supplynet.errors import InvalidInput
    from supplynet.services import outbox
    from supplynet.services.books import open_books
    from supplynet.storage.deliveries import DeliveryState

    if state is not None and state not in set(DeliveryState):
        raise InvalidInput(f"--state {state!r} is none; it is waiting, sent or dead")
    found, following = outbox.list_deliveries(
        open_books(workspace),
        state=None if state is None else DeliveryState(state),
        channel=channel,
        limit=1000 if as_json else rows,
    )

    def lines() -> list[str]:
        if not found:
            return ["no deliveries"]
        keys = ("state", "channel", "kind", "message_at", "attempts", "message_id", "error")
        made = table(keys, [[row[key] for key in keys] for row in found])
        more = [] if following is None else ["... and more (--rows N shows N)"]
        return [*capped(made, rows + 2), *more]

    emit(found, as_json, lines)


@group.command(epilog=options.example("outbox replay 0f3c9a --channel erp"))
def replay(
    message: Annotated[str, typer.Argument(help="Id of the message, as list shows it.")],
    channel: Channel = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Send a sent or dead message once more, under the same id."""
    from supplynet.services import outbox
    from supplynet.services.books import open_books

    rows = outbox.replay(open_books(workspace), message, channel=channel, actor=person())
    emit(rows, as_json, lambda: [f"{row['channel']}: {row['state']}" for row in rows])


@group.command("test", epilog=options.example("outbox test erp"))
def try_out(
    channel: Annotated[str, typer.Argument(help="Name of a channel in notify.toml.")],
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Send a test message over a channel now.

    Exit status 1 when it does not arrive.
    """
    from supplynet.services import outbox
    from supplynet.services.books import open_books

    found = outbox.test_channel(open_books(workspace), channel)
    word = "works" if found["ok"] else "does not work"
    emit(found, as_json, lambda: [f"{channel} {word}: {found['said']} ({found['seconds']:g} s)"])
    if not found["ok"]:
        raise typer.Exit(1)
