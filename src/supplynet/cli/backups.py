"""``backup``, ``backups`` and ``restore``: copies of everything, and everything back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supplynet.cli import options
from supplynet.cli.output import emit, progress, table

if TYPE_CHECKING:
    from supplynet.services.backup_check import Checked
    from supplynet.services.restore import Restored

ACTOR = "cli"
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        envvar="SUPPLYNET_DATABASE_URL",
        help="An empty PostgreSQL database, where the books were in one.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=options.example("backup", "backup --to /mnt/backups"))(backup)
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="See and thin out the backups made.",
        epilog=options.example("backups list", "backups prune"),
    )
    group.command("list", epilog=options.example("backups list"))(list_backups)
    group.command(epilog=options.example("backups prune"))(prune)
    app.add_typer(group, name="backups")
    app.command(
        epilog=options.example("restore backups/supplynet-20260105T220000Z.backup --to plant-2")
    )(restore)


def backup(
    to: Annotated[
        Path | None,
        typer.Option(help="Folder or new file; without, the folder of scheduled backups."),
    ] = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Back up books, history, models and settings.

    Into one file; a server may run meanwhile.

    Keys are never in it: keep a copy of them elsewhere.
    """
    from supplynet.services import backup as service
    from supplynet.services.books import open_books

    with progress() as report:
        made = service.make(open_books(workspace), actor=ACTOR, to=to, report=report)
    lines = [f"{made.folder / made.name}: {_size(made.size)}, change {made.change:,}{_seal(made)}"]
    lines += [f"not in it: {each}" for each in made.left_out]
    lines += [f"deleted: {each}" for each in made.pruned]
    emit(made, as_json, lambda: lines)


def list_backups(
    workspace: options.Workspace = options.HERE, as_json: options.Json = False
) -> None:
    """List the scheduled backups, the newest first."""
    from supplynet.services import backup as service
    from supplynet.services.books import open_books

    found = service.list_backups(open_books(workspace))
    emit(found, as_json, lambda: _rows(found))


def prune(workspace: options.Workspace = options.HERE, as_json: options.Json = False) -> None:
    """Delete what retention no longer wants: only backups that this workspace made."""
    from supplynet.services import backup as service
    from supplynet.services.books import open_books

    gone = service.prune(open_books(workspace), actor=ACTOR)
    emit(gone, as_json, lambda: [f"deleted: {name}" for name in gone] or ["none to delete"])


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    to: Annotated[Path, typer.Option(help="Folder of the workspace to make; new or empty.")],
    database_url: DatabaseUrl = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Put a workspace that is there aside; drop its tables."),
    ] = False,
    unproven: Annotated[
        bool, typer.Option("--unproven", help="Take books that do not prove themselves.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Make a workspace from a backup, proven.

    It is checked first, and there whole or not at all.

    A sealed backup needs the keys that it was made with, named by SUPPLYNET_KEYS.
    """
    from supplynet.services import restore as service

    wanted = service.Wanted(
        file=file, folder=to, database_url=database_url, replace=replace, unproven=unproven
    )
    with progress() as report:
        made = service.restore(wanted, report=report)
    emit(made, as_json, lambda: _restored(made))


def checked_lines(found: Checked) -> list[str]:
    """What ``verify --backup`` prints."""
    lines = [
        f"{found.name}: made {found.made_at} by SupplyNet {found.version}",
        f"books in {found.database} (schema {found.schema}) at change {found.change:,}",
        f"{found.members} files, {_size(found.size)}, every sum is right",
        found.trust,
        *(f"not in it: {each}" for each in found.left_out),
        *found.findings,
    ]
    if found.proven:
        lines.append("its books, brought up beside, prove themselves")
    return lines


def _restored(made: Restored) -> list[str]:
    lines = [f"restored to {made.folder}", *checked_lines(made.backup)]
    if made.history_rows is not None:
        lines.append(f"history/ledger was made again from the ledger: {made.history_rows:,} rows")
    if made.signed_out:
        lines.append(f"{made.signed_out} sessions were ended: people sign in again")
    lines += [f"model {name} is now signed by this workspace's key" for name in made.adopted]
    lines += [f"model {each}" for each in made.refused]
    if made.anchors_aside:
        lines.append(f"anchors of the audit log by keys that are not here: {made.anchors_aside}")
    if made.replaced is not None:
        lines.append(f"the workspace before lies in {made.replaced}")
    return lines


def _rows(found: Sequence[dict[str, Any]]) -> list[str]:
    if not found:
        return ["no backup yet: supplynet backup"]
    rows = [
        (
            row["name"],
            "-" if row["size"] is None else _size(row["size"]),
            "-" if row["change"] is None else f"{row['change']:,}",
            {True: "yes", False: "no", None: "?"}[row["sealed"]],
            row["state"],
        )
        for row in found
    ]
    return table(("name", "size", "change", "sealed", "state"), rows)


def _seal(made: Any) -> str:
    return ", sealed" if made.sealed else ""


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"
