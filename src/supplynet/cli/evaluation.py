"""``backtest`` and ``tune``: how good a model is, and whether other settings are better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit, progress, table
from supplynet.errors import InvalidInput

_ERRORS = {
    "model": "model",
    "pinball": "pinball",
    "MAE": "mae",
    "RMSE": "rmse",
    "MASE": "mase",
    "RMSSE": "rmsse",
    "WAPE": "wape",
    "sMAPE": "smape",
    "MAPE": "mape",
    "R2": "r2",
    "bias": "bias",
}
_CERTAINTY = {
    "model": "model",
    "80 % covers": "coverage_80",
    "95 % covers": "coverage_95",
    "WRMSSE": "wrmsse",
    "fit s": "fit_seconds",
    "forecast s": "predict_seconds",
}
_GROUPS = {
    "series": {"location": "location_id", "part": "part_id", "class": "demand_class"},
    "class": {"class": "demand_class", "series": "series"},
    "step": {"step": "step"},
    "fold": {"fold": "fold"},
}
"""Columns that name a row of each table, by what the table is by."""
_SHOWN_TRIALS = 5

Row = Mapping[str, Any]
Metric = Annotated[
    str, typer.Option(help="Of --by tables: pinball, mase, wape, mape, bias, coverage_80, ...")
]
Window = Annotated[
    str,
    typer.Option(
        help="What is learnt from: expanding, all before a fold; sliding, always as much of it."
    ),
]
Steps = Annotated[int | None, typer.Option(min=1, help="Steps per forecast; default: a week.")]
Periods = Annotated[
    int | None, typer.Option(min=1, help="Periods of a fold that are forecast; default: 4 weeks.")
]
Days = Annotated[int | None, typer.Option(min=1, help="The same in days.")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(
        epilog=options.example(
            "backtest --model lightgbm --model shift_mean",
            "backtest --folds 4 --window sliding --by class --by step",
            "backtest sales.csv --model lightgbm --days 28 --steps 7",
        )
    )(backtest)
    app.command(
        epilog=options.example("tune lightgbm --minutes 10", "tune lstm --trials 40 --metric mase")
    )(tune)


def backtest(
    file: Annotated[
        Path | None,
        typer.Argument(help="CSV, Parquet or Excel file of sales; default: the history."),
    ] = None,
    workspace: options.Workspace = options.HERE,
    model: Annotated[
        list[str] | None, typer.Option(help="Repeatable; default: the setting model.")
    ] = None,
    periods: Periods = None,
    days: Days = None,
    steps: Steps = None,
    folds: Annotated[
        int, typer.Option(min=1, help="Cut the end into this many folds, and fit before each.")
    ] = 1,
    window: Window = "expanding",
    by: Annotated[
        list[str] | None, typer.Option(help="Also by series, class, step or fold; repeatable.")
    ] = None,
    metric: Metric = "mase",
    rows: options.Rows = 40,
    seed: options.Seed = None,
    as_json: options.Json = False,
) -> None:
    """Judge models on the end of the history, beside naive forecasts.

    Each forecasts from several cutoffs and knows only what lies before them. Nothing is kept; train
    fits models for use.
    """
    from supplynet.forecast.metrics import METRICS
    from supplynet.services import evaluation
    from supplynet.services.evaluation_data import Cut

    if metric not in METRICS:
        raise InvalidInput(f"no metric {metric!r}; choose one of {', '.join(METRICS)}")
    request = evaluation.BacktestRequest(
        models=model or (),
        file=file,
        cut=Cut(folds=folds, periods=periods, days=days, steps=steps, window=cast("Any", window)),
        by=cast("Any", by or ()),
        seed=seed,
    )
    with progress() as report:
        found = evaluation.backtest(workspace, request, report=report)
    emit(found, as_json, lambda: _backtest_lines(found, metric, rows))


def tune(
    model: Annotated[str, typer.Argument(help="lightgbm, random_forest, lstm, shift_mean, ...")],
    workspace: options.Workspace = options.HERE,
    search: Annotated[
        str,
        typer.Option(help="tpe (learns from its trials), random, or grid (three values each)."),
    ] = "tpe",
    metric: Annotated[
        str, typer.Option(help="What is made small: pinball, mase, wape or rmsse.")
    ] = "pinball",
    minutes: Annotated[
        float | None, typer.Option(help="Stop after this time, the final scoring included.")
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="Stop after as many; default: 25, or as --minutes allow."),
    ] = None,
    folds: Annotated[int, typer.Option(min=1, help="Folds that settings are compared on.")] = 3,
    periods: Periods = None,
    days: Days = None,
    steps: Steps = None,
    window: Window = "expanding",
    held_out: Annotated[
        int | None,
        typer.Option(min=1, help="Periods at the end that no trial sees; default: a fold's."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Do not go on with an earlier run of the same search.")
    ] = False,
    seed: options.Seed = None,
    as_json: options.Json = False,
) -> None:
    """Search better settings of a model, for train to use.

    Settings are compared on folds of the history, the default first; the best and the default are
    then scored on its end, which no trial saw. Interrupted, the same command goes on.
    """
    from supplynet.services import evaluation
    from supplynet.services.evaluation_data import Cut

    request = evaluation.TuneRequest(
        model=model,
        method=cast("Any", search),
        metric=cast("Any", metric),
        trials=trials,
        minutes=minutes,
        cut=Cut(folds=folds, periods=periods, days=days, steps=steps, window=cast("Any", window)),
        held_out=held_out,
        fresh=fresh,
        seed=seed,
    )
    with progress() as report:
        found = evaluation.tune(workspace, request, report=report)
    emit(found, as_json, lambda: _tune_lines(found))


def _backtest_lines(found: Row, metric: str, rows: int) -> list[str]:
    lines = [*_about(found["data"], found["plan"]), "", *_figures(found["overall"])]
    tuned = [name for name, settings in found["models"].items() if settings]
    if tuned:
        lines.append(f"{', '.join(tuned)}: with the settings that tune found")
    lines += [f"left out: {name}: {reason}" for name, reason in found["failed"].items()]
    order = [row["model"] for row in found["overall"]]
    for by, figures in found["by"].items():
        lines += ["", f"{metric} by {by}", *_pivot(figures, by, metric, order, rows)]
    return lines


def _about(data: Row, plan: Row) -> list[str]:
    """What was judged, and on which periods."""
    folds = plan["folds"]
    cut, window = f"{plan['periods']:,} periods", ""
    if len(folds) > 1:
        cut, window = f"{len(folds)} folds of {cut}", f", {plan['window']} window"
    cutoffs = sum(fold["cutoffs"] for fold in folds)
    dates = f"from {folds[0]['cutoff'][:10]} to {folds[-1]['end'][:10]}"
    return [
        f"{data['series']:,} series, {data['periods']:,} periods ({data['frequency']})",
        f"{cut} {dates}, {plan['steps']} steps from {cutoffs:,} cutoffs{window}",
    ]


def _figures(overall: Sequence[Row]) -> list[str]:
    """Two tables that fit side by side on no screen: errors, and how sure the models were."""
    lines = _columns(_ERRORS, overall)
    zeros = overall[0]["zero_share"]
    if zeros:
        lines.append(f"MAPE says nothing of the {zeros:.1%} of periods without demand")
    return [*lines, "", *_columns(_CERTAINTY, overall)]


def _columns(columns: Mapping[str, str], rows: Sequence[Row]) -> list[str]:
    return table([*columns], [[row[key] for key in columns.values()] for row in rows])


def _pivot(
    figures: Sequence[Row], by: str, metric: str, models: Sequence[str], rows: int
) -> list[str]:
    """One metric, a column per model, the best model first; the worst series first."""
    names = _GROUPS[by]
    cells: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in figures:
        cells.setdefault(tuple(row[key] for key in names.values()), {})[row["model"]] = row[metric]
    groups = list(cells)
    if by == "series":
        groups.sort(key=lambda group: _worst_first(cells[group][models[0]]))
    made = [[*group, *(cells[group][model] for model in models)] for group in groups]
    head, rule, *body = table([*names, *models], made)
    return [head, rule, *capped(body, rows)]


def _worst_first(value: float | None) -> tuple[bool, float]:
    return (value is None, 0.0 if value is None else -value)


def _tune_lines(found: Row) -> list[str]:
    search, trials = found["search"], found["trials"]
    states = [trial["state"] for trial in trials]
    counts = ", ".join(
        f"{states.count(state)} {state}"
        for state in ("complete", "pruned", "failed")
        if state in states
    )
    resumed = f"; {found['resumed']} of an earlier run" if found["resumed"] else ""
    return [
        f"{found['model']}: {len(trials)} trials ({counts}{resumed})",
        *_about(found["data"], found["plan"]),
        "",
        *_trial_lines(trials, search["metric"], found["default_score"]),
        "",
        *_setting_lines(found),
        "",
        f"the last {found['held_out']['periods']} periods, which no trial saw:",
        *_figures(found["held_out"]["overall"]),
        "",
        _verdict(found),
    ]


def _trial_lines(trials: Sequence[Row], metric: str, default: float | None) -> list[str]:
    """The best trials and the default."""
    mean = [sum(trial["scores"]) / max(1, len(trial["scores"])) for trial in trials]
    whole = [
        place
        for place, trial in enumerate(trials)
        if trial["state"] == "complete" and trial["repeats"] is None
    ]
    best = sorted(whole, key=lambda place: (mean[place], place))[:_SHOWN_TRIALS]
    shown = [*best, *(place for place in whole[:1] if place not in best)]
    folds = len(trials[shown[0]]["scores"])
    head = ["trial", metric, "to default", *(f"fold {n}" for n in range(1, folds + 1)), "seconds"]
    return table(
        head,
        [
            [
                place,
                mean[place],
                f"{mean[place] / default - 1:+.1%}" if default else "-",
                *trials[place]["scores"],
                trials[place]["seconds"],
            ]
            for place in shown
        ],
    )


def _setting_lines(found: Row) -> list[str]:
    default, best = found["default_settings"], found["settings"]
    rows = [[name, str(_short(default[name])), str(_short(best[name]))] for name in best]
    return table(["setting", "default", f"trial {found['best_trial']}"], rows)


def _short(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value


def _verdict(found: Row) -> str:
    if not found["best_trial"]:
        return "nothing was better than the default settings, which train goes on to use"
    if found["adopted"]:
        return f"adopted: train uses these settings of {found['model']} from now on"
    return "not adopted: on the held-out periods the default settings were better; train uses them"
