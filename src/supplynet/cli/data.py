"""``generate``, ``import`` and ``quality``: data in, and what it is worth."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from supplynet.cli import options
from supplynet.cli.hints import as_options
from supplynet.cli.output import capped, emit, progress
from supplynet.errors import InvalidInput

if TYPE_CHECKING:
    from supplynet.services.data import ImportOutcome

FIRST_YEAR, LAST_YEAR = 1970, 2100
WHOLE_FILE = {"missing_column", "empty_file"}
"""Mistakes that no row can be blamed for."""


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=options.example("generate --days 365 --seed 1"))(generate)
    app.command(
        name="import",
        epilog=options.example(
            "import sales.csv --map part_id=sku --lead-time-days 2 --dry-run",
            "import stock.xlsx --kind stock",
        ),
    )(import_file)
    app.command(epilog=options.example("quality --workspace plant-1"))(quality)


def _sensible(day: datetime | None) -> datetime | None:
    """Ten years on, a calendar must still have days left to look at."""
    if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise typer.BadParameter(f"the year must be {FIRST_YEAR} to {LAST_YEAR}")
    return day


def generate(
    workspace: options.Workspace = options.HERE,
    days: Annotated[int, typer.Option(min=1, max=3660, help="Days of history.")] = 365,
    start: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            callback=_sensible,
            help="First day; default: so that it ends yesterday.",
        ),
    ] = None,
    seed: options.Seed = None,
    as_json: options.Json = False,
) -> None:
    """Write a synthetic history.

    Of the workspace's plant, or of a demo plant where it has none.
    """
    from supplynet.services import data

    first = None if start is None else start.date()
    with progress() as report:
        made = data.generate(workspace, days=days, start=first, seed=seed, report=report)
    emit(made, as_json, lambda: [made.sentence])


def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, Parquet or Excel file.")],
    workspace: options.Workspace = options.HERE,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="ours=theirs, e.g. --map part_id=product_code; repeatable."),
    ] = None,
    kind: Annotated[
        Literal["demand", "stock"], typer.Option(help="Consumption, or stock on hand.")
    ] = "demand",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every cell; take nothing.")
    ] = False,
    lead_time_days: Annotated[
        float | None,
        typer.Option(min=0, help="Supply lead time of new locations; sales do not tell it."),
    ] = None,
    container_size: Annotated[
        int, typer.Option(min=1, help="Parts per container of new locations.")
    ] = 1,
    duplicates: Annotated[
        Literal["error", "sum", "drop"],
        typer.Option(help="Rows that are exactly alike: separate orders (sum) or sent twice."),
    ] = "error",
    brackets: Annotated[
        Literal["error", "negative", "positive"], typer.Option(help="What '(100)' means.")
    ] = "error",
    negatives: Annotated[
        Literal["error", "return"], typer.Option(help="What '-100' means.")
    ] = "error",
    date_order: Annotated[
        Literal["dmy", "mdy"] | None, typer.Option(help="Order of dates like 01/02/2024.")
    ] = None,
    clean_ids: Annotated[
        bool, typer.Option("--clean-ids", help="Replace what an id may not contain by '-'.")
    ] = False,
    gaps: Annotated[
        Literal["zero", "missing"], typer.Option(help="What a day without a row means.")
    ] = "zero",
    thousands: Annotated[
        Literal[",", ".", " ", "'"] | None, typer.Option(help="Separator in numbers like 1.000.")
    ] = None,
    time_zone: Annotated[str, typer.Option(help="Of clock times that name none.")] = "UTC",
    on_error: Annotated[
        Literal["stop", "skip"], typer.Option(help="'skip' leaves rows with mistakes out.")
    ] = "stop",
    rows: options.Rows = 20,
    as_json: options.Json = False,
) -> None:
    """Take real data in, all or nothing.

    Maps the columns and checks every cell; each mistake is named with its row and column.
    """
    from supplynet.services import data

    terms = None
    if lead_time_days is not None:
        terms = data.SupplyTermsGiven(lead_time_days=lead_time_days, container_size=container_size)
    choices = data.ImportOptions(
        duplicates=duplicates,
        brackets=brackets,
        negatives=negatives,
        date_order=date_order,
        clean_ids=clean_ids,
        gaps=gaps,
        thousands=thousands,
        time_zone=time_zone,
        on_error=on_error,
    )
    request = data.ImportRequest(
        file=file,
        kind=kind,
        columns=data.parse_mapping(columns or []),
        dry_run=dry_run,
        terms=terms,
        options=choices,
    )
    with progress() as report:
        outcome = data.import_table(workspace, request, report=report)
    emit(outcome, as_json, lambda: _import_lines(outcome, rows))
    if outcome.refused:
        skipping = "" if set(outcome.counts) <= WHOLE_FILE else ", or choose --on-error skip"
        raise InvalidInput(f"nothing of {outcome.file} was taken: correct it{skipping}")


def _import_lines(outcome: ImportOutcome, rows: int) -> list[str]:
    every = outcome.lines()
    first = len(every) - len(outcome.mistakes)
    mistakes = [as_options(line) for line in every[first:]]
    return [*every[:first], *capped(mistakes, rows, total=sum(outcome.counts.values()))]


def quality(workspace: options.Workspace = options.HERE, as_json: options.Json = False) -> None:
    """Check the history.

    A score from 0 to 100, and what lowers it.
    """
    from supplynet.services import data

    report = data.quality(workspace)
    emit(
        report,
        as_json,
        lambda: [
            f"quality score {report.score:.1f} of 100",
            *(report.issues or ["nothing to complain about"]),
        ],
    )
