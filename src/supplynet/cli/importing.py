"""``import``: real data in; also the layouts that are known, and templates to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from supplynet.cli import options
from supplynet.cli.hints import as_options
from supplynet.cli.output import capped, emit, progress, table
from supplynet.errors import InvalidInput

if TYPE_CHECKING:
    from supplynet.services.importing import ImportOutcome, ImportRequest

Kind = Literal["demand", "consumption", "stock", "plan", "deliveries"]
WHOLE_FILE = {"missing_column", "empty_file"}
"""Mistakes that no row can be blamed for."""


def register(app: typer.Typer) -> None:
    """Add this group's command."""
    app.command(
        name="import",
        epilog=options.example(
            "import sales.csv --map part_id=sku --lead-time-days 2 --dry-run",
            "import orders.csv.gz --dry-run --problems problems.csv",
            "import stock.xlsx --kind stock",
            "import --template stock --output stock.xlsx",
        ),
    )(import_file)


def import_file(
    file: Annotated[
        Path | None, typer.Argument(help="CSV, TSV (also .gz), Parquet or Excel file.")
    ] = None,
    workspace: options.Workspace = options.HERE,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="ours=theirs, e.g. --map part_id=product_code; repeatable."),
    ] = None,
    constants: Annotated[
        list[str] | None,
        typer.Option("--constant", help="ours=value for all rows, e.g. location_id=W1."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", help="theirs=value[,value]: take only these rows; repeatable."),
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="What the file holds; default: as recognised, else demand.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="Layout: a name, a TOML file or 'none'; default: as recognised."),
    ] = None,
    save_profile: Annotated[
        str | None, typer.Option(help="Remember under this name how the file was read.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every cell; take nothing.")
    ] = False,
    problems: Annotated[
        Path | None, typer.Option(help="Write every mistake to this csv, parquet or xlsx file.")
    ] = None,
    lead_time_days: Annotated[
        float | None,
        typer.Option(min=0, help="Supply lead time of new locations; sales do not tell it."),
    ] = None,
    container_size: Annotated[
        int, typer.Option(min=1, help="Parts per container of new locations.")
    ] = 1,
    duplicates: Annotated[
        Literal["error", "sum", "drop"] | None,
        typer.Option(help="Rows that are exactly alike: separate orders (sum) or sent twice."),
    ] = None,
    brackets: Annotated[
        Literal["error", "negative", "positive"] | None, typer.Option(help="What '(100)' means.")
    ] = None,
    negatives: Annotated[
        Literal["error", "return"] | None, typer.Option(help="What '-100' means.")
    ] = None,
    fractions: Annotated[
        Literal["error", "round"] | None, typer.Option(help="What '2.5' means.")
    ] = None,
    date_order: Annotated[
        Literal["dmy", "mdy"] | None, typer.Option(help="Order of dates like 01/02/2024.")
    ] = None,
    clean_ids: Annotated[
        bool | None,
        typer.Option("--clean-ids/--keep-ids", help="Replace what an id may not contain by '-'."),
    ] = None,
    gaps: Annotated[
        Literal["zero", "missing"] | None, typer.Option(help="What a day without a row means.")
    ] = None,
    thousands: Annotated[
        Literal[",", ".", " ", "'"] | None, typer.Option(help="Separator in numbers like 1.000.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Of clock times that name none; default: UTC.")
    ] = None,
    on_error: Annotated[
        Literal["stop", "skip"] | None, typer.Option(help="'skip' leaves rows with mistakes out.")
    ] = None,
    template: Annotated[
        Kind | None, typer.Option(help="Write a file to fill in, with headings and examples.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="csv or xlsx file of --template; default: print csv.")
    ] = None,
    profiles: Annotated[
        bool, typer.Option("--profiles", help="List the layouts that are recognised.")
    ] = False,
    rows: options.Rows = 20,
    as_json: options.Json = False,
) -> None:
    """Take real data in, all or nothing.

    Finds the columns and checks every cell; each mistake is named with its row and column.
    """
    if template is not None:
        _write_template(template, output, as_json)
        return
    if profiles:
        _list_profiles(workspace, as_json)
        return
    if file is None:
        raise typer.BadParameter("say which file, or --template KIND, or --profiles")
    choices = {
        "duplicates": duplicates,
        "brackets": brackets,
        "negatives": negatives,
        "fractions": fractions,
        "date_order": date_order,
        "clean_ids": clean_ids,
        "gaps": gaps,
        "thousands": thousands,
        "time_zone": time_zone,
        "on_error": on_error,
    }
    from supplynet.services.import_asking import Asked

    asked = Asked(
        kind=kind,
        columns=columns or (),
        constants=constants or (),
        where=where or (),
        options=choices,
        profile=profile,
        save_profile=save_profile,
        lead_time_days=lead_time_days,
        container_size=container_size,
    )
    request = asked.request(file, dry_run=dry_run, problems=problems)
    _import(workspace, request, rows, as_json)


def _import(workspace: Path, request: ImportRequest, rows: int, as_json: bool) -> None:
    from supplynet.services import importing

    with progress() as report:
        outcome = importing.import_table(workspace, request, report=report)
    emit(outcome, as_json, lambda: _import_lines(outcome, rows))
    if outcome.refused:
        skipping = "" if set(outcome.counts) <= WHOLE_FILE else ", or choose --on-error skip"
        raise InvalidInput(f"nothing of {outcome.file} was taken: correct it{skipping}")


def _import_lines(outcome: ImportOutcome, rows: int) -> list[str]:
    every = outcome.lines()
    first = len(every) - len(outcome.mistakes)
    mistakes = [as_options(line) for line in every[first:]]
    return [*every[:first], *capped(mistakes, rows, total=outcome.total)]


def _write_template(kind: str, output: Path | None, as_json: bool) -> None:
    from supplynet.services import importing

    made = importing.template(kind)
    if output is not None:
        importing.write_template(kind, output)
    said = {"kind": kind, "columns": made.columns, "file": output}
    written = f"template of {kind} written to {output}"
    text = [written] if output is not None else made.write_csv().splitlines()
    emit(said, as_json, lambda: text)


def _list_profiles(workspace: Path, as_json: bool) -> None:
    from supplynet.services import importing

    items = importing.profile_rows(workspace)
    emit({"items": items}, as_json, lambda: _profile_lines(items))


def _profile_lines(items: list[dict[str, Any]]) -> list[str]:
    head = table(
        ["profile", "kind", "layout"],
        [[each["name"], each["kind"], each["title"]] for each in items],
    )
    details = [f"{each['name']}: {each['about']}. Columns: {each['columns']}" for each in items]
    return [*head, "", *details]
