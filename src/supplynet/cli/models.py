"""``train``, ``forecast`` and ``models``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from supplynet.cli import model_versions, options
from supplynet.cli.output import capped, emit, progress, table

_COMPARED = {
    "model": "model",
    "pinball": "pinball",
    "MASE": "mase",
    "WAPE": "wape",
    "bias": "bias",
    "80 % covers": "coverage_80",
    "fit s": "fit_seconds",
}
_FORECAST = {
    "location": "location_id",
    "part": "part_id",
    "period": "period_start",
    "shift": "shift",
    "low 5 %": "q0.05",
    "likely": "q0.5",
    "high 95 %": "q0.95",
}


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=options.example("train --model lightgbm --model shift_mean"))(train)
    app.command(epilog=options.example("forecast --location SR1.ST1.A --part P-001 --horizon 28"))(
        forecast
    )
    model_versions.register(app)


def train(
    workspace: options.Workspace = options.HERE,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="lightgbm, random_forest, lstm, nhits, shift_mean, ...; repeatable; a name that "
            "is none lists them all."
        ),
    ] = None,
    promote: Annotated[
        Literal["always", "if_better", "never"],
        typer.Option(help="Whether the best takes the champion's place."),
    ] = "if_better",
    seed: options.Seed = None,
    as_json: options.Json = False,
) -> None:
    """Train models, compare them, keep the best.

    They are compared on the last weeks of the history, with the champion's settings beside them,
    then fitted again on all of it. The best becomes champion if it does as well, else challenger.
    """
    from supplynet.worker import jobs

    params = {"models": model or ["lightgbm"], "seed": seed, "promote": promote}
    with progress() as report:
        result = jobs.run_here(workspace, "train", params, report=report)
    rows = [[row.get(key) for key in _COMPARED.values()] for row in result["backtest"]]
    emit(
        result,
        as_json,
        lambda: [
            *table(list(_COMPARED), rows),
            *_outcome(result),
        ],
    )


def _outcome(result: dict[str, Any]) -> list[str]:
    champion = f"champion: {result['champion']} ({result['model_version']}), used by plan"
    if result["promoted"]:
        return [champion]
    new = result["best_version"]
    return [
        champion if result["champion"] else "there is no champion: plan has no model",
        f"challenger: {new} ({result['reason']}); supplynet models promote {new}",
    ]


def forecast(
    workspace: options.Workspace = options.HERE,
    location: Annotated[str | None, typer.Option(help="Line or warehouse; default: all.")] = None,
    part: Annotated[str | None, typer.Option(help="Part; default: all.")] = None,
    horizon: Annotated[int, typer.Option(min=1, max=400, help="Periods ahead.")] = 14,
    level: Annotated[
        str | None,
        typer.Option(
            help="Sums, from joint paths: stock_point_part, warehouse_part, part, line, ..., total."
        ),
    ] = None,
    rows: options.Rows = 40,
    as_json: options.Json = False,
) -> None:
    """Forecast demand with its uncertainty.

    From the champion model, per line, part and shift, in the part's unit; or per stock point,
    warehouse or whole, which agree with the lines path by path.
    """
    from supplynet.services import champion

    result = champion.forecast(
        workspace, location_id=location, part_id=part, horizon=horizon, level=level
    )
    if result.warning:
        typer.echo(f"warning: {result.warning}", err=True)
    emit(result.items, as_json, lambda: _forecast_lines(result.wide, rows))


def _forecast_lines(wide: list[dict[str, Any]], rows: int) -> list[str]:
    shown = [[row[key] for key in _FORECAST.values()] for row in wide[:rows]]
    heading, rule, *body = table(list(_FORECAST), shown)
    return [heading, rule, *capped(body, rows, total=len(wide))]
