"""``audit``: the log of who did what; prove it, read it, hand it out, anchor it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit, table
from supplynet.errors import InvalidInput

if TYPE_CHECKING:
    from supplynet.services.audit import Form, Verdict
    from supplynet.storage.audit import Wanted

group = typer.Typer(no_args_is_help=True, help="The audit log: who did what, when, and why.")
_FORMS: dict[str, Form] = {".csv": "csv", ".jsonl": "jsonl"}
_MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"]
_HEAD = ("row", "at", "actor", "from", "action", "subject", "reason")
_CELLS = ("seq", "at", "actor", "origin", "action", "subject", "reason")
Actor = Annotated[str | None, typer.Option(help="Only what this person or machine did.")]
Action = Annotated[str | None, typer.Option(help="Only this, such as order_approved or read.")]
Subject = Annotated[str | None, typer.Option(help="Only what was done to this id.")]
Since = Annotated[
    datetime | None, typer.Option(formats=_MOMENTS, help="Not before; UTC unless it names a zone.")
]
Until = Annotated[datetime | None, typer.Option(formats=_MOMENTS, help="Before.")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(group, name="audit", epilog=options.example("audit verify"))


@group.command(epilog=options.example("audit verify", "audit verify --anchors /mnt/share/a.jsonl"))
def verify(
    workspace: options.Workspace = options.HERE,
    anchors: Annotated[
        list[Path] | None, typer.Option(help="A file of anchors beside our own; repeatable.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Prove every row by the one before it, and the whole by its anchors.

    Names the first bad row and what became of it; exit status 1 when there is one.
    """
    from supplynet.services import audit
    from supplynet.services.books import open_books

    found = audit.verify(open_books(workspace), anchors or ())
    emit(found, as_json, lambda: _verdict(found))
    if found.faults:
        raise typer.Exit(1)


@group.command("list", epilog=options.example("audit list --actor ana --since 2026-01-05"))
def show(
    workspace: options.Workspace = options.HERE,
    actor: Actor = None,
    action: Action = None,
    subject: Subject = None,
    since: Since = None,
    until: Until = None,
    rows: options.Rows = 30,
    as_json: options.Json = False,
) -> None:
    """List entries, the newest first."""
    from supplynet.services import audit
    from supplynet.services.books import open_books

    wanted = _wanted(actor, action, subject, since, until)
    most = 100_000 if as_json else rows
    found, more = audit.list_entries(open_books(workspace), wanted, limit=most)
    cells = [[row[name] or "" for name in _CELLS] for row in found]
    lines = table(_HEAD, cells)
    rest = [] if more is None else ["... and more (--rows N shows N)"]
    emit(found, as_json, lambda: [*capped(lines, rows + 2), *rest])


@group.command(epilog=options.example("audit export audit.csv", "audit export audit.jsonl"))
def export(
    file: Annotated[Path, typer.Argument(help="To write: .csv or .jsonl.")],
    workspace: options.Workspace = options.HERE,
    actor: Actor = None,
    action: Action = None,
    subject: Subject = None,
    since: Since = None,
    until: Until = None,
    as_json: options.Json = False,
) -> None:
    """Write entries to a file, the oldest first; CSV is safe to open in a spreadsheet."""
    from supplynet.services import audit
    from supplynet.services.books import open_books

    form = _FORMS.get(file.suffix.lower())
    if form is None:
        raise InvalidInput(f"{file.name} is neither .csv nor .jsonl")
    wanted = _wanted(actor, action, subject, since, until)
    with file.open("wb") as opened:
        for piece in audit.export(open_books(workspace), wanted, form):
            opened.write(piece)
    emit({"file": str(file)}, as_json, lambda: [f"written: {file}"])


@group.command(epilog=options.example("audit anchor"))
def anchor(
    workspace: options.Workspace = options.HERE,
    restored: Annotated[
        str,
        typer.Option(help="After a restore: which and why. Anchors of lost rows stop counting."),
    ] = "",
    as_json: options.Json = False,
) -> None:
    """Sign the newest row's hash and keep it outside the database; a server does so by itself."""
    from supplynet.services import audit
    from supplynet.services.books import open_books

    made = audit.anchor(open_books(workspace), restored=restored)
    said = "the log is empty" if made is None else f"anchored: row {made.seq:,}, hash {made.hash}"
    emit(made, as_json, lambda: [said])


def _wanted(
    actor: str | None,
    action: str | None,
    subject: str | None,
    since: datetime | None,
    until: datetime | None,
) -> Wanted:
    from supplynet.storage.audit import Wanted

    return Wanted(
        actor=actor, action=action, subject=subject, since=_aware(since), until=_aware(until)
    )


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _verdict(found: Verdict) -> list[Any]:
    if found.faults:
        return [fault.says for fault in found.faults]
    lines = [f"{found.rows:,} rows, each follows from the one before it; head {found.head}"]
    if found.newest is None:
        return [*lines, "no anchors: a cut-off end would not show; run supplynet audit anchor"]
    newest = f"the newest of row {found.newest.seq:,} at {found.newest.at:%Y-%m-%d %H:%MZ}"
    return [*lines, f"{found.anchors:,} anchors agree, {newest}"]
