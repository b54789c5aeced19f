"""``generate``, ``quality`` and ``eda``: synthetic data in, and what a history is worth."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit, progress, table
from supplynet.errors import InvalidInput

if TYPE_CHECKING:
    from supplynet.frames.quality import QualityReport

FIRST_YEAR, LAST_YEAR = 1970, 2100
Table = Annotated[
    Path | None, typer.Argument(help="CSV, Parquet or Excel file; default: the history.")
]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(
        epilog=options.example(
            "generate --days 365 --seed 1",
            "generate --scenario nasty --output nasty-world",
            "generate --sales sales.csv --warehouses 5 --skus 20",
        )
    )(generate)
    app.command(epilog=options.example("quality", "quality sales.csv"))(quality)
    app.command(epilog=options.example("eda", "eda sales.csv --output sales.html"))(eda)


def _sensible(day: datetime | None) -> datetime | None:
    """Ten years on, a calendar must still have days left to look at."""
    if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise typer.BadParameter(f"the year must be {FIRST_YEAR} to {LAST_YEAR}")
    return day


def generate(
    workspace: options.Workspace = options.HERE,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=3660, help="Days of history; default: 365, or the scenario's."),
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            callback=_sensible,
            help="First day; default: so that it ends yesterday, or the scenario's.",
        ),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(help="A whole world: small, medium, large, nasty, or a TOML file."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for the scenario's files; default: into the workspace."),
    ] = None,
    sales: Annotated[
        Path | None,
        typer.Option(help="Write daily sales to this CSV, Parquet or Excel file instead."),
    ] = None,
    warehouses: Annotated[int, typer.Option(min=1, max=10_000, help="With --sales.")] = 5,
    skus: Annotated[int, typer.Option(min=1, max=100_000, help="With --sales.")] = 20,
    seed: options.Seed = None,
    as_json: options.Json = False,
) -> None:
    """Write synthetic data.

    A history of the workspace's plant (of a demo plant where it has none), the world of a scenario
    with the truth behind it, or a table of sales.
    """
    from supplynet.services import generating

    first = None if start is None else start.date()
    if sales is not None:
        if scenario is not None or output is not None:
            raise InvalidInput("--sales goes with neither --scenario nor --output")
        _sales(sales, (warehouses, skus, days or 365), first, seed, as_json)
        return
    with progress() as report:
        if scenario is None:
            if output is not None:
                raise InvalidInput("--output goes with --scenario")
            made = generating.generate(
                workspace, days=days or generating.DAYS, start=first, seed=seed, report=report
            )
            emit(made, as_json, lambda: [made.sentence])
            return
        name = Path(scenario) if scenario.endswith(".toml") else scenario
        world = generating.generate_world(
            name,
            workspace=workspace,
            output=output,
            days=days,
            start=first,
            seed=seed,
            report=report,
        )
    emit(world, as_json, world.lines)


def _sales(
    file: Path, size: tuple[int, int, int], start: date | None, seed: int | None, as_json: bool
) -> None:
    from supplynet.services.data import DataService
    from supplynet.services.generating import write_sales

    frame = DataService(file.parent).generate_synthetic_training_data(
        *size, start=start, seed=1 if seed is None else seed
    )
    write_sales(frame, file)
    warehouses, skus, days = size
    found = {"file": str(file), "rows": frame.height, "series": warehouses * skus, "days": days}
    emit(found, as_json, lambda: [f"{frame.height:,} rows of sales written to {file}"])


def quality(
    file: Table = None,
    workspace: options.Workspace = options.HERE,
    rows: options.Rows = 10,
    as_json: options.Json = False,
) -> None:
    """Check the history, or a file before it is imported.

    A score from 0 to 100, what lowers it, where, and what to do.
    """
    from supplynet.services import data

    with progress() as report:
        report(0.1, "checking")
        found = data.quality(workspace, file)
    emit(found.to_dict(), as_json, lambda: _quality_lines(found, rows))


def _quality_lines(found: QualityReport, rows: int) -> list[str]:
    """The score, a sentence for each finding, and the series that need a look first."""
    lines = [f"quality score {found.score:.1f} of 100", *found.issues]
    if not found.issues:
        return [lines[0], "nothing to complain about"]
    worst = found.series.filter(found.series["score"] < 100).sort("score", "location_id", "part_id")
    if worst.is_empty():
        return lines
    cells = [list(row) for row in worst.iter_rows()]
    head, line, *body = table(worst.columns, cells)
    return [*lines, "", "series to look at first:", head, line, *capped(body, rows)]


def eda(
    file: Table = None,
    workspace: options.Workspace = options.HERE,
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML file to write.")] = Path(
        "eda.html"
    ),
    as_json: options.Json = False,
) -> None:
    """Look at the history, or at a file: one HTML page.

    To read, print or mail; it asks for nothing from outside. Consumption by line, shift and
    weekday, seasonality, classes of demand, halts and what they cost, lead times, what is
    missing, and the most unusual series.
    """
    from supplynet.services import data

    if file is not None and output.exists() and file.exists() and output.samefile(file):
        raise InvalidInput(f"{output} is the file to look at; write the page to another one")
    with progress() as report:
        report(0.1, "looking")
        found = data.exploration(workspace, file)
        report(0.8, "drawing")
        page = found.to_html()
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(page, encoding="utf-8")
    said = {key: section.sentence for key, section in found.sections.items()}
    result = {"file": str(output), "bytes": len(page.encode()), "sections": said}
    emit(result, as_json, lambda: [*said.values(), f"the page is {output}"])
