"""Training: what models learn from, comparing them on the last weeks, keeping them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from supplynet.core.shifts import ShiftCalendar
from supplynet.cycle import left_out, read_announced, without_wrong_records
from supplynet.errors import HistoryTooShort, InvalidInput
from supplynet.forecast import registry
from supplynet.forecast.announced import panel_at_usual_rate
from supplynet.forecast.backtest import Backtest, backtest
from supplynet.forecast.calibrated import CalibratedPredictor, calibrate
from supplynet.forecast.model import Estimator, Predictor
from supplynet.frames.panel import Panel, Period, panel_from_frame, shift_periods
from supplynet.frames.panel_hash import panel_hash
from supplynet.learning.manifest import Origin, free_name
from supplynet.learning.versions import Versions
from supplynet.services import beside, history
from supplynet.services.books import Books
from supplynet.services.model_promotion import Contest, Promote, contest
from supplynet.services.model_versions import PLANT, versions_of
from supplynet.services.tuned import tuned_settings

BACKTEST_DAYS = 28
BACKTEST_STEPS = 6
AHEAD_DAYS = 400
"""How far beyond the history the calendar of a forecaster reaches."""
Report = Callable[[float, str], None]


def history_panel(books: Books, *, unseen: bool = False) -> Panel:
    """All history on the plant's shifts, with what is known beside it: plan and drivers.

    What a person has said was recorded wrongly is not observed; with ``unseen``, neither is what is
    odd and waits for an answer. What was announced of a line says how fast it ran: its use is
    brought to the usual rate.

    Raises:
        InvalidInput: There is no history, or lines have different shifts.
    """
    frame = history.history_frame(books)
    start = frame["period_start"].min()
    assert isinstance(start, datetime)
    calendar, end = common_calendar(books), history.history_end(books, frame)
    periods = shift_periods(calendar, start, end)
    ahead = shift_periods(calendar, end, end + timedelta(days=AHEAD_DAYS))
    panel = panel_from_frame(frame, periods)
    with books.store.read() as tx:
        wrong = left_out(tx, history.as_of(books), unseen=unseen, since=start)
        announced = read_announced(tx, books.plant, start, end)
    panel = panel_at_usual_rate(panel, announced)
    demand = without_wrong_records(wrong, panel.series, panel.period_starts, panel.demand)
    return replace(panel, demand=demand, inputs=beside.inputs_of(books, (*periods, *ahead)))


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
    promote: Promote = "if_better",
    report: Report = lambda _fraction, _what: None,
) -> dict[str, Any]:
    """Compare models on the last weeks, fit each again on everything, and keep all of them.

    What happened in these weeks calibrates the intervals of each model and tells how its errors
    hang together.

    The one with the lowest pinball loss in the backtest becomes the challenger, or the champion,
    whose quantiles are what orders are made of: see ``model_promotion.contest``.

    Args:
        books: The workspace.
        models: Names in the registry.
        seed: Of what is drawn; None = the setting.
        promote: When the best takes the champion's place.
        report: Progress, 0 to 1.

    Returns:
        ``champion`` and ``model_version`` (who serves now; null when nobody does), ``best`` and
        ``best_version`` (of the new ones), ``promoted``, ``reason``, ``versions`` by model,
        ``backtest`` (rows, the best first).

    Raises:
        NotFound: An unknown model.
        MissingExtra: A model's library is not installed.
        HistoryTooShort: For a model or the comparison.
    """
    seed = books.settings.seed if seed is None else seed
    estimators = {name: estimator_of(name, seed, books.workspace.folder) for name in models}
    panel = history_panel(books, unseen=books.settings.anomaly_unseen)
    kept = versions_of(books, actor="train")
    report(0.1, "comparing on the last weeks")
    periods = _backtest_periods(panel)
    cut = partial(backtest, panel=panel, periods=periods, steps=min(BACKTEST_STEPS, periods))
    done = contest(estimators, kept, promote, cut)
    versions = {}
    for index, (name, model) in enumerate(estimators.items()):
        report(0.5 + 0.5 * index / len(estimators), f"fitting {name} on all history")
        stem = f"{name}-{books.wall_clock():%Y%m%dT%H%M%S%f}"
        versions[name] = free_name(books.workspace.folder, stem)
        calibration, dependence = calibrate(done.found, name)
        predictor = CalibratedPredictor(predictor=model.fit(panel), calibration=calibration)
        metrics = {"backtest": _rows(done.found)[name], "dependence": asdict(dependence)}
        _save(books, versions[name], predictor, panel, metrics)
    done.settle(kept, versions[done.best])
    return _told(done, versions, kept)


def _save(
    books: Books, version: str, predictor: Predictor, panel: Panel, metrics: dict[str, Any]
) -> None:
    origin = Origin(
        purpose=PLANT,
        data_hash=panel_hash(panel),
        series=len(panel.series),
        trained_at=books.wall_clock(),
        known_until=panel.periods[-1].end,
    )
    registry.save(books.workspace.folder, version, predictor, metrics, origin)


def _rows(found: Backtest) -> dict[str, dict[str, Any]]:
    """The table by model. Constant demand has no MASE, and JSON no NaN."""
    return {row["model"]: row for row in found.table.fill_nan(None).to_dicts()}


def _told(done: Contest, versions: dict[str, str], kept: Versions) -> dict[str, Any]:
    champion = kept.champion()
    model = None if champion is None else kept.get(champion).model
    return {
        "champion": model,
        "model_version": champion,
        "best": done.best,
        "best_version": versions[done.best],
        "promoted": done.promoted,
        "reason": done.reason,
        "versions": versions,
        "backtest": list(_rows(done.found).values()),
    }


def estimator_of(name: str, seed: int, workspace: Path | None = None) -> Estimator:
    """A model of the registry, with the seed where it draws at random.

    Args:
        name: In the registry.
        seed: Wins over the seed of a search.
        workspace: Its settings are those that a search found there; None = the defaults.

    Raises:
        NotFound: An unknown model.
        MissingExtra: Its library is not installed.
        ModelError: What the search found is damaged.
    """
    settings = {} if workspace is None else dict(tuned_settings(workspace, name))
    if "seed" in registry.settings_of(name):
        settings["seed"] = seed
    return registry.estimator(name, **settings)


def _backtest_periods(panel: Panel) -> int:
    """Periods of the last four weeks, or a quarter of a shorter history."""
    since = panel.periods[-1].end - timedelta(days=BACKTEST_DAYS)
    recent = sum(period.start >= since for period in panel.periods)
    count = min(recent, len(panel.periods) // 4)
    if count < 1:
        raise HistoryTooShort(len(panel.periods), 4)
    return count


def calendar_of(books: Books, panel: Panel) -> tuple[Period, ...]:
    """The panel's periods and those ahead of it."""
    calendar, end = common_calendar(books), panel.periods[-1].end
    return panel.periods + shift_periods(calendar, end, end + timedelta(days=AHEAD_DAYS))
