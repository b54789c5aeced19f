"""``intake``: send events in, and look after what could not be taken."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit, table
from supplynet.cli.person import person
from supplynet.errors import InvalidInput, StoreError

MOST_EVENTS = 5000
Row = dict[str, Any]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Send events in; replay or drop what could not be taken.",
        epilog=options.example("intake send events.jsonl", "intake letters", "intake replay 17"),
    )
    group.command(epilog=options.example("intake send events.jsonl", "intake send - < one.json"))(
        send
    )
    group.command(epilog=options.example("intake letters"))(letters)
    group.command(epilog=options.example("intake replay 17", "intake replay --all"))(replay)
    group.command(epilog=options.example('intake drop 17 --reason "a test of the PLC"'))(drop)
    app.add_typer(group, name="intake")


def send(
    file: Annotated[str, typer.Argument(help="One JSON event per line; - = standard input.")],
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Post events, up to 5,000 at a time and each batch whole or not at all; again does no harm."""
    from supplynet.connectors.event_body import parse_event
    from supplynet.services import intake
    from supplynet.services.books import open_books

    books, done = open_books(workspace), {"new": 0, "known": 0}
    lines = [line for line in _read(file).splitlines() if line.strip()]
    for start in range(0, len(lines), MOST_EVENTS):
        batch = []
        for number, line in enumerate(lines[start : start + MOST_EVENTS], start + 1):
            try:
                batch.append(parse_event(line))
            except InvalidInput as error:
                raise InvalidInput(f"{file} line {number}: {error}") from error
        taken = intake.take_in(books, batch, actor=person())
        done = {name: done[name] + taken[name] for name in done}
    emit(done, as_json, lambda: [f"{done['new']:,} new, {done['known']:,} known already"])


def letters(
    workspace: options.Workspace = options.HERE,
    rows: options.Rows = 50,
    as_json: options.Json = False,
) -> None:
    """List what came in and could not be taken, oldest first, with the reason."""
    from supplynet.services import intake
    from supplynet.services.books import open_books

    found, _ = intake.list_dead_letters(open_books(workspace), limit=1000)
    emit(found, as_json, lambda: _letter_lines(found, rows))


def replay(
    number: Annotated[int | None, typer.Argument(min=1, help="Of the letter.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every waiting letter.")] = False,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Try letters again, after the plant's files or the sender were mended."""
    from supplynet.services import intake
    from supplynet.services.books import open_books

    if (number is None) is not everything:
        raise InvalidInput("say which letter, or --all")
    books = open_books(workspace)
    if number is None:
        found = intake.replay_waiting(books, actor=person())
    else:
        found = [intake.replay(books, number, actor=person())]
    emit(found, as_json, lambda: _replayed_lines(found))
    if not all(row["taken"] for row in found):
        raise typer.Exit(1)


def drop(
    number: Annotated[int, typer.Argument(min=1, help="Of the letter.")],
    reason: Annotated[str, typer.Option(help="Why it is worth nothing.")],
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Say that a letter is worth nothing: it is kept and no longer waits."""
    from supplynet.services import intake
    from supplynet.services.books import open_books

    row = intake.drop(open_books(workspace), number, actor=person(), reason=reason)
    emit(row, as_json, lambda: [f"letter {number} dropped"])


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}") from error


def _letter_lines(found: Sequence[Row], rows: int) -> list[str]:
    if not found:
        return ["every letter was taken in"]
    shown = [
        (str(row["seq"]), f"{row['received_at']:%m-%d %H:%M}Z", row["source"], row["reason"])
        for row in found
    ]
    return capped(table(("number", "received", "from", "why not"), shown), rows)


def _replayed_lines(found: Sequence[Row]) -> list[str]:
    if not found:
        return ["no letter waits"]
    return [f"{row['seq']}: " + ("taken" if row["taken"] else row["reason"]) for row in found]
