"""``erp``: CSV files for an ERP and from it, and the connector to one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit, say, table
from supplynet.errors import InvalidInput

if TYPE_CHECKING:
    from supplynet.services.erp import Done
    from supplynet.services.erp_import import ErpImport

Exported = Literal["stock", "orders", "receipts", "shipments", "min_max", "kanban"]
Imported = Literal["stock", "orders", "receipts"]
Filled = Literal["stock", "orders", "receipts", "events"]
Pulled = Literal["stock", "orders", "receipts"]
Pushed = Literal["orders", "min_max"]
Since = Annotated[
    str | None, typer.Option(help="2026-01-05T06:00:00Z: what the books learnt from then on.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything; change nothing.")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Exchange stock, orders, receipts and thresholds with an ERP.",
        epilog=options.example("erp export min_max --output min_max.csv", "erp check"),
    )
    group.command(
        name="export",
        epilog=options.example(
            "erp export stock --output stock.csv",
            "erp export receipts --since 2026-01-05T06:00:00Z",
        ),
    )(export)
    group.command(
        name="import", epilog=options.example("erp import receipts receipts.csv --dry-run")
    )(import_file)
    group.command(epilog=options.example("erp template events --output scans.csv"))(template)
    group.command(epilog=options.example("erp check"))(check)
    group.command(epilog=options.example("erp pull receipts", "erp pull stock"))(pull)
    group.command(epilog=options.example("erp push orders --dry-run", "erp push min_max"))(push)
    app.add_typer(group, name="erp")


def export(
    kind: Annotated[Exported, typer.Argument(help="What to write.")],
    output: Annotated[Path | None, typer.Option(help="CSV file; default: print it.")] = None,
    since: Since = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Write a CSV file for an ERP; see docs/erp.md for the columns."""
    from supplynet.connectors.erp_csv import as_csv
    from supplynet.services import erp_export
    from supplynet.services.books import open_books

    books = open_books(workspace)
    moment = _moment(since)
    if output is not None:
        content = erp_export.export_csv(books, kind, since=moment, output=output)
        rows = content.count(b"\n") - 1
        emit(
            {"kind": kind, "file": output, "rows": rows},
            as_json,
            lambda: [f"{rows:,} rows of {kind} written to {output}"],
        )
        return
    found = erp_export.export(books, kind, since=moment)
    if as_json:
        emit({"kind": kind, "items": found}, True, list)
    else:
        say(as_csv(kind, found).decode().rstrip("\n"))


def import_file(
    kind: Annotated[Imported, typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(help="The ERP's file.")],
    dry_run: DryRun = False,
    workspace: options.Workspace = options.HERE,
    rows: options.Rows = 20,
    as_json: options.Json = False,
) -> None:
    """Take an ERP's file in, all or nothing; the same file again changes nothing."""
    from supplynet.services.books import open_books
    from supplynet.services.erp_import import import_file as take

    found = take(open_books(workspace), kind, file, dry_run=dry_run)
    emit(found, as_json, lambda: _import_lines(found, rows))
    if found.total:
        raise InvalidInput(f"nothing of {found.file} was taken: correct it")


def template(
    kind: Annotated[Filled, typer.Argument(help="'events' is for the drop folder.")],
    output: Annotated[Path | None, typer.Option(help="CSV file; default: print it.")] = None,
    workspace: options.Workspace = options.HERE,  # noqa: ARG001 - as every command has it
    as_json: options.Json = False,
) -> None:
    """Write a file to fill in, with headings and example rows."""
    from supplynet.connectors.erp_csv import template_csv

    content = template_csv(kind)
    if output is not None:
        if output.exists():
            raise InvalidInput(f"{output} is there already; choose another name")
        output.write_bytes(content)
    columns = content.decode().partition("\n")[0].split(",")
    written = [f"template of {kind} written to {output}"]
    text = written if output is not None else content.decode().splitlines()
    emit({"kind": kind, "columns": columns, "file": output}, as_json, lambda: text)


def check(workspace: options.Workspace = options.HERE, as_json: options.Json = False) -> None:
    """Sign in to the ERP of erp.toml and see whether its places are there."""
    from supplynet.services import erp
    from supplynet.services.books import open_books

    found = erp.check(open_books(workspace))
    emit(
        found, as_json, lambda: [found.system, *(found.lacking or ("all mapped places are there",))]
    )
    if found.lacking:
        raise typer.Exit(1)


def pull(
    kind: Annotated[Pulled, typer.Argument(help="What to ask for.")],
    since: Annotated[
        str | None, typer.Option(help="2026-01-05T06:00:00Z; default: since the last pull.")
    ] = None,
    dry_run: DryRun = False,
    workspace: options.Workspace = options.HERE,
    rows: options.Rows = 20,
    as_json: options.Json = False,
) -> None:
    """Ask the ERP: its orders and receipts are taken in, its stock is only compared."""
    from supplynet.services import erp
    from supplynet.services.books import open_books

    done = erp.pull(open_books(workspace), kind, since=_moment(since), dry_run=dry_run)
    emit(done, as_json, lambda: _done_lines(done, rows))
    if done.refused:
        raise typer.Exit(1)


def push(
    kind: Annotated[Pushed, typer.Argument(help="What to tell.")],
    dry_run: DryRun = False,
    workspace: options.Workspace = options.HERE,
    rows: options.Rows = 20,
    as_json: options.Json = False,
) -> None:
    """Tell the ERP our approved orders, or the tuned thresholds; twice is once."""
    from supplynet.services import erp
    from supplynet.services.books import open_books

    done = erp.push(open_books(workspace), kind, dry_run=dry_run)
    emit(done, as_json, lambda: _done_lines(done, rows))
    if done.refused:
        raise typer.Exit(1)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.utcoffset() is None:
        raise typer.BadParameter(f"--since {text!r} must be like 2026-01-05T06:00:00Z")
    return found


def _import_lines(found: ErpImport, rows: int) -> list[str]:
    if found.total:
        head = f"{found.file}: {found.total:,} mistakes in {found.rows:,} rows, nothing taken"
        lines = [str(mistake) for mistake in found.mistakes]
        return [head, *capped(lines, rows, total=found.total)]
    verb = "would be" if found.dry_run else "are"
    said = f"{found.new:,} new, {found.changed:,} changed, {found.unchanged:,} as before"
    left = f"; {found.left_out:,} left out" if found.left_out else ""
    return [f"{found.file}: of {found.rows:,} rows {said} {verb} in the books{left}"]


def _done_lines(done: Done, rows: int) -> list[str]:
    lines = [done.summary]
    if done.rows:
        head = list(done.rows[0])
        shown = table(head, [_cells(row, head) for row in done.rows])
        lines += [*shown[:2], *capped(shown[2:], rows)]
    return [*lines, *capped([f"refused: {each}" for each in done.refused], rows)]


def _cells(row: dict[str, Any], head: list[str]) -> list[Any]:
    return [row.get(name) for name in head]
