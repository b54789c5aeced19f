"""``mqtt acl``: users and topic limits for the broker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supplynet.cli import options
from supplynet.cli.output import emit, table


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(
        help="Machines by MQTT.",
        no_args_is_help=True,
        rich_markup_mode=None,
        epilog=options.example("mqtt acl /etc/mosquitto/supplynet"),
    )
    group.command(
        "acl", epilog=options.example("mqtt acl /etc/mosquitto/supplynet --workspace plant-1")
    )(acl)
    app.add_typer(group, name="mqtt")


def acl(
    folder: Annotated[Path, typer.Argument(help="Where acl and passwords are written.")],
    workspace: options.Workspace = options.HERE,
    rotate: Annotated[bool, typer.Option("--rotate", help="New passwords for everybody.")] = False,
    as_json: options.Json = False,
) -> None:
    """Write Mosquitto's users and topic limits for the plant.

    One user per station, store and warehouse, which may publish below its own place only, and one
    for SupplyNet, which may only read. New passwords are shown once; users that are there keep
    theirs.
    """
    from supplynet.services.mqtt import write_acl

    users = write_acl(workspace, folder, rotate=rotate)
    rows = [
        (user.name, user.password or "kept", ", ".join(user.reads or user.writes)) for user in users
    ]
    emit(users, as_json, lambda: table(("user", "password", "may publish or read"), rows))
