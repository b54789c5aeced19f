"""``keys``: what signs models and the audit log, and seals what must not be read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supplynet.cli import options
from supplynet.cli.output import emit, table

if TYPE_CHECKING:
    from supplynet.services.resealing import Resealed

ACTOR = "cli"
Reason = Annotated[str, typer.Option(help="Why; kept in the audit log.")]
group = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, make, rotate and drop keys; see docs/at-rest.md.",
    epilog=options.example("keys list", "keys new", "keys rotate --reason 'an admin has left'"),
)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(group, name="keys")


@group.command("list", epilog=options.example("keys list", "keys list --json"))
def show(workspace: options.Workspace = options.HERE, as_json: options.Json = False) -> None:
    """List the keys and what needs them; never the keys themselves."""
    from supplynet.services import keys
    from supplynet.services.books import open_books

    found = keys.list_keys(open_books(workspace))
    columns = ("key_id", "kind", "state", "made_at")
    rows = [[*(row[name] for name in columns), _needs(row)] for row in found]
    emit(found, as_json, lambda: table(["key", "kind", "state", "made", "needed by"], rows))


@group.command(epilog=options.example("keys new"))
def new(workspace: options.Workspace = options.HERE, as_json: options.Json = False) -> None:
    """Make the first key to seal with, and seal what is there.

    Models, contacts and, from then on, backups are sealed. Keep a copy of the key file elsewhere:
    without it nothing that is sealed can ever be opened.
    """
    from supplynet.services import keys
    from supplynet.services.books import open_books

    _tell(keys.seal_from_now(open_books(workspace), actor=ACTOR), as_json)


@group.command(epilog=options.example("keys rotate --reason 'an admin has left'"))
def rotate(
    workspace: options.Workspace = options.HERE, reason: Reason = "", as_json: options.Json = False
) -> None:
    """Make new keys, retire those before, and sign and seal everything anew.

    May be killed; 'keys reseal' then does the rest. Retired keys still open what they sealed, such
    as backups.
    """
    from supplynet.services import keys
    from supplynet.services.books import open_books

    _tell(keys.rotate(open_books(workspace), actor=ACTOR, reason=reason), as_json)


@group.command(epilog=options.example("keys reseal"))
def reseal(workspace: options.Workspace = options.HERE, as_json: options.Json = False) -> None:
    """Sign and seal with the active keys what was with others."""
    from supplynet.services import resealing
    from supplynet.services.books import open_books

    _tell(resealing.reseal(open_books(workspace)), as_json)


@group.command(epilog=options.example("keys drop seal-1f2e3d4c --backups-too"))
def drop(
    key: Annotated[str, typer.Argument(help="A retired key that 'keys list' shows.")],
    workspace: options.Workspace = options.HERE,
    backups_too: Annotated[
        bool, typer.Option("--backups-too", help="No backup made with it is needed any more.")
    ] = False,
    reason: Reason = "",
    as_json: options.Json = False,
) -> None:
    """Forget a retired key for ever, unless something still needs it."""
    from supplynet.services import keys
    from supplynet.services.books import open_books

    books = open_books(workspace)
    keys.drop(books, key, backups_too=backups_too, actor=ACTOR, reason=reason)
    emit({"dropped": key}, as_json, lambda: [f"dropped {key}"])


@group.command(epilog=options.example("keys seal --channel planners < secret", "keys seal --erp"))
def seal(
    workspace: options.Workspace = options.HERE,
    channel: Annotated[str | None, typer.Option(help="For this channel of notify.toml.")] = None,
    erp: Annotated[bool, typer.Option("--erp", help="For erp.toml.")] = False,
    as_json: options.Json = False,
) -> None:
    """Seal a secret for a settings file: asks for it, or reads it from a pipe.

    What is printed goes into secret_sealed of the channel, or key_sealed of erp.toml.
    """
    from supplynet.errors import InvalidInput
    from supplynet.services import keys

    if erp == (channel is not None):
        raise InvalidInput("say --channel NAME or --erp, one of them")
    asked = sys.stdin.isatty()
    secret = typer.prompt("secret", hide_input=True, err=True) if asked else sys.stdin.readline()
    sealed = keys.seal_secret(workspace, secret, channel=channel)
    emit({"sealed": sealed}, as_json, lambda: [sealed])


def _tell(found: Resealed, as_json: bool) -> None:
    emit(found, as_json, lambda: _lines(found))
    if found.left:
        raise typer.Exit(1)


def _lines(found: Resealed) -> list[str]:
    counts = {
        "models": len(found.models),
        "ONNX exports": len(found.graphs),
        "contacts": found.contacts,
        "settings files": len(found.files),
    }
    done = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    left = [f"left as it is: {name}: {why}" for name, why in found.left.items()]
    return [f"signed and sealed anew: {done or 'nothing'}", *left]


def _needs(row: dict[str, Any]) -> str:
    said = (f"{count} {what}" for what, count in row["needed_by"].items())
    return ", ".join(said) or "nothing here"
