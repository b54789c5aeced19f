"""``train`` and ``forecast``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from supplynet.cli import options
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


def train(
    workspace: options.Workspace = options.HERE,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="lightgbm, random_forest, lstm, nhits, shift_mean, ...; repeatable; a name that "
            "is none lists them all."
        ),
    ] = None,
    seed: options.Seed = None,
    as_json: options.Json = False,
) -> None:
    """Train models, compare them, keep the best.

    They are compared on the last weeks of the history, then fitted again on all of it.
    """
    from supplynet.worker import jobs

    params = {"models": model or ["lightgbm"], "seed": seed}
    with progress() as report:
        result = jobs.run_here(workspace, "train", params, report=report)
    rows = [[row.get(key) for key in _COMPARED.values()] for row in result["backtest"]]
    emit(
        result,
        as_json,
        lambda: [
            *table(list(_COMPARED), rows),
            f"champion: {result['champion']} ({result['model_version']}), used by plan",
        ],
    )


def forecast(
    workspace: options.Workspace = options.HERE,
    location: Annotated[str | None, typer.Option(help="Line or warehouse; default: all.")] = None,
    part: Annotated[str | None, typer.Option(help="Part; default: all.")] = None,
    horizon: Annotated[int, typer.Option(min=1, max=400, help="Periods ahead.")] = 14,
    rows: options.Rows = 40,
    as_json: options.Json = False,
) -> None:
    """Forecast demand with its uncertainty.

    From the champion model, per line, part and shift, in the part's unit.
    """
    from supplynet.services import forecasting

    result = forecasting.forecast(workspace, location_id=location, part_id=part, horizon=horizon)
    emit(result.items, as_json, lambda: _forecast_lines(result.wide, rows))


def _forecast_lines(wide: list[dict[str, Any]], rows: int) -> list[str]:
    shown = [[row[key] for key in _FORECAST.values()] for row in wide[:rows]]
    heading, rule, *body = table(list(_FORECAST), shown)
    return [heading, rule, *capped(body, rows, total=len(wide))]
