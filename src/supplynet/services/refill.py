"""Refill triggers of a workspace or a made-up world, as a classification and in the twin.

``supplynet triggers`` prints ``refill_lines`` of what ``refill_report`` returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import gcd
from pathlib import Path
from typing import Any

import polars as pl

from supplynet.errors import InvalidInput, SupplyNetError
from supplynet.forecast import refill_report as reports
from supplynet.forecast.refill_classifier import CLASSIFIERS, RefillClassifier, classifier
from supplynet.forecast.refill_moments import RefillMoments, Threshold, refill_moments
from supplynet.forecast.refill_trial import Trial, TrialSettings, run_trial
from supplynet.learning.artifacts import save_model
from supplynet.learning.windows import season_length
from supplynet.services import forecasting
from supplynet.services.books import Books, open_books
from supplynet.services.refill_data import RefillData, scenario_data, workspace_data
from supplynet.simulate.scorecard import Score
from supplynet.study.proof import Task
from supplynet.study.refill_twin import HaltTrial, halt_trial

MOST_ROWS = 400_000
"""Moments of all series that are looked at; a longer or wider history is thinned by time."""
Report = Callable[[float, str], None]
HALT_COLUMNS = (
    "policy",
    "halts_per_line_month",
    "low",
    "high",
    "lost_minutes",
    "cover_days",
    "orders",
    "trips",
    "fill_rate",
)


@dataclass(frozen=True, kw_only=True)
class RefillRequest:
    """What is asked for.

    Attributes:
        threshold: Below what stock must not fall, see ``forecast.refill_moments.Threshold``.
        review_periods: Periods from one look at the shelf to the next.
        model: Of the forecast-based rule; None = the workspace's setting, "" = none.
        classifiers: Of ``forecast.refill_classifier.CLASSIFIERS``.
        trial: Stretches, costs, seed.
        halts: Whether the rules also act in the twin.
        keep: Whether the classifiers are saved in the workspace, with their figures.
    """

    threshold: Threshold = "safety_stock"
    review_periods: int = 1
    model: str | None = None
    classifiers: Sequence[str] = tuple(CLASSIFIERS)
    trial: TrialSettings = field(default_factory=TrialSettings)
    halts: bool = False
    keep: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class RefillOutcome:
    """What was found.

    Attributes:
        report: The classification.
        halts: A row per policy in the twin, columns ``HALT_COLUMNS``; empty where not asked for.
        no_halts: Why the twin did not run.
        saved: Names of the models that were kept.
    """

    report: reports.RefillReport
    halts: tuple[Mapping[str, Any], ...] = ()
    no_halts: str = ""
    saved: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            **self.report.to_dict(),
            "halts": [dict(row) for row in self.halts],
            "no_halts": self.no_halts,
            "saved": list(self.saved),
        }


def refill_report(
    folder: Path,
    request: RefillRequest = RefillRequest(),
    *,
    stock: pl.DataFrame | None = None,
    deliveries: pl.DataFrame | None = None,
    report: Report = lambda _fraction, _what: None,
) -> RefillOutcome:
    """Refill triggers on a workspace's own history.

    Args:
        folder: The workspace.
        request: What is asked for.
        stock: ``STOCK_SCHEMA``; None = that of the generated world in the workspace.
        deliveries: ``DELIVERIES_SCHEMA``; None = those imported, else those of the world.
        report: Progress, 0 to 1.

    Raises:
        InvalidInput: There is no history or no stock, or a setting is out of range.
        InsufficientData: The history is too short for the stretches.
        NotFound: No such model or classifier.
    """
    books = open_books(folder)
    report(0.0, "reading stock and deliveries")
    data = workspace_data(books, stock, deliveries)
    model = books.settings.model if request.model is None else request.model
    asked = replace(request, model=model)
    trial = refill_trial(data, asked)
    report(0.5 if request.halts else 0.95, "scoring")
    name = books.plant.name or books.plant.plant_id
    found = reports.refill_report(trial, _about(name, data, asked))
    saved = _save(books, trial, found) if request.keep else ()
    halts: tuple[Mapping[str, Any], ...] = ()
    why = ""
    if request.halts:
        try:
            halts = workspace_halts(
                books, asked, report=lambda done, what: report(0.5 + 0.5 * done, what)
            )
        except SupplyNetError as error:  # the classification stands without the twin
            why = str(error)
    report(1.0, "done")
    return RefillOutcome(report=found, halts=halts, no_halts=why, saved=saved)


def scenario_report(
    scenario: str | Path,
    request: RefillRequest = RefillRequest(model="lightgbm"),
    *,
    seed: int = 1,
) -> RefillOutcome:
    """The same on a made-up world, which is not written anywhere.

    Args:
        scenario: Name of a shipped one, or a TOML file; its supply must be played.
        request: What is asked for; ``halts`` and ``keep`` need a workspace.
        seed: Of the world.

    Raises:
        InvalidInput: Supply is not played in it, or ``halts`` or ``keep`` is asked for.
        InsufficientData: It is too short for the stretches.
    """
    if request.halts or request.keep:
        raise InvalidInput("halts and keep need a workspace: use refill_report on one")
    data = scenario_data(scenario, seed=seed)
    trial = refill_trial(data, request)
    return RefillOutcome(report=reports.refill_report(trial, _about(str(scenario), data, request)))


def refill_lines(outcome: RefillOutcome) -> list[str]:
    """For people: the classification, then what became of the lines in the twin."""
    lines = outcome.report.lines()
    if outcome.no_halts:
        lines += ["", f"the rules did not act in the twin: {outcome.no_halts}"]
    if outcome.halts:
        head = ("policy", "halts/line-month", "95 %", "lost min", "cover days", "orders")
        lines += ["", "in the twin, on unseen days", _columns(head)]
        lines += [
            _columns(
                (
                    row["policy"],
                    f"{row['halts_per_line_month']:.3f}",
                    f"{row['low']:.3f}..{row['high']:.3f}",
                    f"{row['lost_minutes']:,.0f}",
                    f"{row['cover_days']:.2f}",
                    f"{row['orders']:,.0f}",
                )
            )
            for row in outcome.halts
        ]
    if outcome.saved:
        lines += ["", f"kept as {', '.join(outcome.saved)}"]
    return lines


def refill_trial(data: RefillData, request: RefillRequest) -> Trial:
    """Lay the tables out, learn, choose and judge; see ``forecast.refill_trial``.

    Raises:
        NotFound: No such model or classifier.
        InvalidInput, InsufficientData: As ``refill_moments`` and ``run_trial``.
    """
    estimator = None
    if request.model:
        estimator = forecasting.estimator_of(request.model, request.trial.seed)
    return run_trial(
        moments_of(data, request),
        classifiers_of(request.classifiers, request.trial.seed),
        estimator,
        request.trial,
    )


def moments_of(data: RefillData, request: RefillRequest) -> RefillMoments:
    """Every moment of the data, thinned where there would be more than ``MOST_ROWS``."""
    every, season = -(-data.panel.demand.size // MOST_ROWS), season_length(data.panel.periods)
    while gcd(every, season) > 1:  # every shift of the week must be met
        every += 1
    return refill_moments(
        data.panel,
        data.stock,
        data.deliveries,
        floor=data.floor,
        lead_minutes=data.lead_minutes,
        threshold=request.threshold,
        review_periods=request.review_periods,
        every=every,
    )


def classifiers_of(names: Sequence[str], seed: int) -> dict[str, RefillClassifier]:
    """Classifiers by name.

    Raises:
        NotFound: No such classifier.
    """
    return {name: classifier(name, seed=seed) for name in names}


def workspace_halts(
    books: Books, request: RefillRequest, *, days: int = 28, report: Report
) -> tuple[Mapping[str, Any], ...]:
    """Every rule as a policy in the twin of the workspace's plant, on its last ``days``.

    Raises:
        HistoryTooShort: Less than five times ``days`` of history.
        InvalidInput, NotFound: The plant cannot be played.
    """
    panel, seed = forecasting.history_panel(books), request.trial.seed
    model = request.model or "lightgbm"
    since = panel.periods[-1].end - timedelta(days=days)
    task = Task(
        plant=books.plant,
        recorded=panel,
        truth=panel,
        unseen_from=sum(period.start < since for period in panel.periods),
        calendar=forecasting.calendar_of(books, panel),
        estimators={model: forecasting.estimator_of(model, seed)},
        target=books.settings.target_halts_per_line_month,
        paths=books.settings.paths,
        seed=seed,
    )
    return halt_rows(halt_trial(task, classifiers_of(request.classifiers, seed), report=report))


def halt_rows(found: HaltTrial) -> tuple[Mapping[str, Any], ...]:
    """A row per policy, plain data."""

    def row(score: Score) -> dict[str, Any]:
        figures = {name: getattr(score, name) for name in HALT_COLUMNS}
        return {**figures, "parameters": dict(score.parameters)}

    return tuple(row(score) for score in found.scores)


def _about(name: str, data: RefillData, request: RefillRequest) -> dict[str, Any]:
    return {
        "data": f"{name}, {len(data.panel.series):,} places and parts, "
        f"{len(data.panel.periods):,} periods",
        "due": f"stock falls below {request.threshold} within the lead time and "
        f"{request.review_periods} period(s) to the next look",
        "forecast": request.model or "none",
    }


def _save(books: Books, trial: Trial, found: reports.RefillReport) -> tuple[str, ...]:
    names = []
    for name, fitted in trial.fitted.items():
        version = f"{name}-{books.wall_clock():%Y%m%dT%H%M%S%f}"
        metrics = {
            "refill": [row for row in found.to_dict()["scores"] if row["rule"] == name],
            "threshold": trial.thresholds[name],
        }
        save_model(books.workspace.folder, version, fitted.state(), metrics)
        names.append(version)
    return tuple(names)


def _columns(cells: Sequence[str]) -> str:
    return f"{cells[0]:<18}" + "".join(f"{cell:>18}" for cell in cells[1:])
