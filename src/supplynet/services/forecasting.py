"""Train, compare, keep the champion, forecast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from supplynet import cycle
from supplynet.core.shifts import ShiftCalendar
from supplynet.errors import HistoryTooShort, InvalidInput, ModelError, NotFound
from supplynet.forecast import registry
from supplynet.forecast.backtest import backtest
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.model import Estimator
from supplynet.frames.panel import Panel, Period, panel_from_frame, shift_periods
from supplynet.learning.artifacts import load_metrics
from supplynet.services import history
from supplynet.services.books import Books, open_books
from supplynet.storage import values

CHAMPION = "champion"
BACKTEST_DAYS = 28
BACKTEST_STEPS = 6
AHEAD_DAYS = 400
"""How far beyond the history the calendar of a forecaster reaches."""
Report = Callable[[float, str], None]


def history_panel(books: Books) -> Panel:
    """All history on the plant's shifts.

    Raises:
        InvalidInput: There is no history, or lines have different shifts.
    """
    frame = history.history_frame(books)
    start = frame["period_start"].min()
    assert isinstance(start, datetime)
    periods = shift_periods(common_calendar(books), start, history.history_end(books, frame))
    return panel_from_frame(frame, periods)


def common_calendar(books: Books) -> ShiftCalendar:
    """The calendar of all lines.

    Raises:
        InvalidInput: Lines have shifts at different times; they cannot yet be forecast together.
    """
    plant = books.plant
    calendars = {c.calendar_id: c for c in (plant.calendar_of(p.location_id) for p in plant.lines)}
    first, *others = calendars.values()
    for other in others:
        if replace(other, calendar_id=first.calendar_id) != first:
            raise InvalidInput(
                f"calendars {first.calendar_id} and {other.calendar_id} have different shifts; "
                "keep lines with different shifts in workspaces of their own for now"
            )
    return first


def train(
    books: Books,
    models: Sequence[str],
    *,
    seed: int | None = None,
    report: Report = lambda _fraction, _what: None,
) -> dict[str, Any]:
    """Compare models on the last weeks, fit each again on everything, and keep the best.

    The champion is the one with the lowest pinball loss in the backtest; its quantiles are what
    orders are made of.

    Raises:
        NotFound: An unknown model.
        MissingExtra: A model's library is not installed.
        HistoryTooShort: For a model or the comparison.
    """
    seed = books.settings.seed if seed is None else seed
    estimators = {name: estimator_of(name, seed) for name in models}
    panel = history_panel(books)
    report(0.1, "comparing on the last weeks")
    periods = _backtest_periods(panel)
    found = backtest(estimators, panel, periods=periods, steps=min(BACKTEST_STEPS, periods))
    # Constant demand has no MASE, and JSON no NaN.
    rows = {row["model"]: row for row in found.table.fill_nan(None).to_dicts()}
    versions = {}
    for index, (name, model) in enumerate(estimators.items()):
        report(0.5 + 0.5 * index / len(estimators), f"fitting {name} on all history")
        version = f"{name}-{books.wall_clock():%Y%m%dT%H%M%S%f}"
        metrics = {
            "backtest": rows[name],
            "dependence": asdict(found.dependence(name)),
            "known_until": panel.periods[-1].end.isoformat(),
            "series": len(panel.series),
        }
        registry.save(books.workspace.folder, version, model.fit(panel), metrics)
        versions[name] = version
    best = next(name for name in rows if name in versions)
    chosen = {"model": best, "model_version": versions[best]}
    with books.store.write("train", books.wall_clock()) as tx:
        values.set_value(tx, CHAMPION, chosen, reason="lowest pinball loss in the backtest")
    return {"champion": best, "model_version": versions[best], "backtest": list(rows.values())}


def estimator_of(name: str, seed: int) -> Estimator:
    """A model of the registry, with the seed where it draws at random.

    Raises:
        NotFound: An unknown model.
        MissingExtra: Its library is not installed.
    """
    settings: dict[str, Any] = {"seed": seed} if "seed" in registry.settings_of(name) else {}
    return registry.estimator(name, **settings)


def _backtest_periods(panel: Panel) -> int:
    """Periods of the last four weeks, or a quarter of a shorter history."""
    since = panel.periods[-1].end - timedelta(days=BACKTEST_DAYS)
    recent = sum(period.start >= since for period in panel.periods)
    count = min(recent, len(panel.periods) // 4)
    if count < 1:
        raise HistoryTooShort(len(panel.periods), 4)
    return count


def champion(books: Books) -> dict[str, str] | None:
    """Name and version of the model in use; None before the first training."""
    with books.store.read() as tx:
        found: dict[str, str] | None = values.get_value(tx, CHAMPION)
    return found


def champion_forecaster(books: Books) -> BoundForecaster:
    """The champion, checked, opened and bound to all history.

    Opened once per version and import: what the ledger has seen since, a plan tells it anew.

    Raises:
        ModelError: Its files are missing or were tampered with.
        NotFound: Nothing was trained yet.
    """
    chosen = champion(books)
    if chosen is None:
        raise NotFound("model in", str(books.workspace.folder), "run supplynet train")
    version = chosen["model_version"]
    key = f"{version} {_imported_at(books)}"
    known = books.opened.get(key)
    if isinstance(known, BoundForecaster):
        return known
    _, predictor = registry.load(books.workspace.folder, version)
    panel = history_panel(books)
    forecaster = BoundForecaster(
        predictor=predictor,
        history=panel,
        calendar=calendar_of(books, panel),
        dependence=_dependence(books, version),
        model_version=version,
    )
    books.opened.clear()
    books.opened[key] = forecaster
    return forecaster


def _imported_at(books: Books) -> int:
    """When imported history was last written, in nanoseconds; 0 before that."""
    files = (books.workspace.history / "imported").glob("*.parquet")
    return max((file.stat().st_mtime_ns for file in files), default=0)


def calendar_of(books: Books, panel: Panel) -> tuple[Period, ...]:
    """The panel's periods and those ahead of it."""
    calendar, end = common_calendar(books), panel.periods[-1].end
    return panel.periods + shift_periods(calendar, end, end + timedelta(days=AHEAD_DAYS))


def _dependence(books: Books, version: str) -> Dependence:
    try:
        return Dependence(**load_metrics(books.workspace.folder, version)["dependence"])
    except (KeyError, TypeError) as error:
        raise ModelError(f"model {version} has no usable metrics; train again") from error


@dataclass(frozen=True, kw_only=True)
class ForecastResult:
    """A forecast for people and programs.

    Attributes:
        items: One row per series, period and quantile.
        wide: One row per series and period with the columns ``q0.05``, ``q0.5``, ``q0.95``.
    """

    items: list[dict[str, Any]]
    wide: list[dict[str, Any]]


def forecast(
    folder: Path,
    *,
    location_id: str | None = None,
    part_id: str | None = None,
    horizon: int = 14,
) -> ForecastResult:
    """Forecast from where the workspace stands, see ``services.history.as_of``.

    Raises:
        NotFound: No model, or no such series.
    """
    books = open_books(folder)
    forecaster = champion_forecaster(books)
    cutoff = history.as_of(books)
    with books.store.read() as tx:
        observed = cycle.observe(
            tx,
            books.workspace.history,
            books.plant,
            forecaster.history.series,
            since=forecaster.history.periods[-1].end,
            now=cutoff,
        )
    frame = forecaster.quantiles(observed, cutoff, steps=horizon)
    for name, wanted in (("location_id", location_id), ("part_id", part_id)):
        if wanted is not None:
            frame = frame.filter(pl.col(name) == wanted)
    if frame.is_empty():
        raise NotFound("series", f"{location_id or '*'}/{part_id or '*'}", "see supplynet doctor")
    wide = frame.filter(pl.col("quantile").is_in([0.05, 0.5, 0.95])).pivot(
        on="quantile",
        index=["location_id", "part_id", "period_start", "shift"],
        values="demand",
    )
    wide = wide.rename({str(q): f"q{q}" for q in (0.05, 0.5, 0.95)})
    return ForecastResult(items=frame.to_dicts(), wide=wide.to_dicts())
