"""Training a model of sales: judge it on the last weeks, fit it on everything, keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from supplynet.core.ids import model_key
from supplynet.forecast import registry
from supplynet.forecast.attainable import attainable, why_not
from supplynet.forecast.backtest import Backtest, backtest
from supplynet.forecast.calibrated import CalibratedPredictor, calibration_of, uncalibrated
from supplynet.forecast.metrics import METRICS, metrics_frame, series_metrics
from supplynet.forecast.model import Estimator
from supplynet.forecast.warm_start import WarmStart, check_start
from supplynet.frames.panel import Panel
from supplynet.frames.panel_hash import panel_hash
from supplynet.learning.manifest import Origin, free_name
from supplynet.learning.versions import Versions
from supplynet.services.forecasting import estimator_of
from supplynet.services.model_promotion import Contest, Promote, contest
from supplynet.services.sales_table import Series
from supplynet.services.sales_versions import OpenedVersions, Served, served_of
from supplynet.services.tuned import tuned_settings

TEST_DAYS, STEPS = 28, 7
AFRESH = "afresh"
"""Name, in the backtest of a warm start, of the same model trained from scratch."""
_LONGEST_NAME = 40
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Request:
    """What is to be trained.

    Attributes:
        workspace: Where settings that a search found are kept.
        model: Name in the registry.
        panel: Series to learn from.
        history: Series to serve; as ``panel``, or with those that nothing is learnt from.
        individual: A model per series.
        warm_start: Go on from the champion.
        promote: When the new model takes the champion's place.
    """

    workspace: Path
    model: str
    seed: int
    panel: Panel
    history: Panel
    individual: bool = False
    warm_start: bool = False
    promote: Promote = "always"

    @property
    def name(self) -> str:
        """Of the model in the backtest."""
        return "individual" if self.individual else self.model

    def estimator(self) -> Estimator:
        """The model, to be trained afresh."""
        if self.individual:
            settings = tuned_settings(self.workspace, self.model)
            return registry.estimator(
                "individual", model=self.model, settings=settings, seed=self.seed
            )
        return estimator_of(self.model, self.seed, self.workspace)


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """A model that was trained and kept.

    Attributes:
        figures: Metrics on the last weeks by model key, by model: itself, ``AFRESH``, baselines.
        fallbacks: Why a series has no model of its own, where each was to have one.
    """

    version: str
    served: Served
    request: Request
    contest: Contest
    figures: Mapping[str, Mapping[str, Json]]
    parent: str = ""
    fallbacks: Mapping[Series, str] = field(default_factory=dict)

    def row(self, name: Series) -> Json:
        """What is told of one series."""
        key, itself = model_key(*name), self.request.name
        history = self.request.history
        seen = ~np.isnan(history.demand[history.series.index(name)])
        baselines = [each for each in self.figures if each not in {itself, AFRESH, "champion"}]
        found: Json = {
            "model_key": key,
            "model": itself,
            "model_version": self.version,
            "days": int(seen.sum()),
            "metrics": self.figures[itself].get(key),
            "baselines": {each: self.figures[each].get(key) for each in baselines},
            "promoted": self.contest.promoted,
            "reason": self.contest.reason,
        }
        if self.parent:
            found |= {"parent": self.parent, AFRESH: self.figures[AFRESH].get(key)}
        if name in self.fallbacks:
            found["fallback"] = self.fallbacks[name]
        return found


def train(request: Request, versions: Versions, now: datetime, opened: OpenedVersions) -> Trained:
    """Judge on the last weeks, fit on everything, keep, and settle who serves.

    Raises:
        HistoryTooShort: For the model.
        ConfigError: The model cannot go on from a fitted one.
        ModelError: The champion is damaged and a warm start was asked for, or it is another model.
    """
    panel, ways = request.panel, _Ways.of(request, versions, opened)
    done = contest(
        {request.name: ways.judged},
        versions,
        request.promote,
        lambda models: _judge({**models, **ways.beside}, panel),
    )
    fitted, parent = ways.final.fit(panel), ways.parent
    predictor = CalibratedPredictor(
        predictor=fitted, calibration=calibration_of(done.found, request.name)
    )
    served = served_of(predictor, request.history)
    stem = f"{file_name(versions.purpose)}-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}"
    version = free_name(versions.workspace, stem)
    figures = {model: _by_key(done.found, model) for model in done.found.outcomes}
    rows = {row["model"]: row for row in done.found.table.fill_nan(None).to_dicts()}
    metrics = {
        "model": request.name,
        "backtest": rows[request.name],
        "series": figures[request.name],
        "noise": why_not(attainable(panel)),
        "serves": [model_key(*name) for name in request.history.series],
    }
    if parent:
        metrics["warm_start"] = {"parent": parent, AFRESH: rows[AFRESH]}
    origin = Origin(
        purpose=versions.purpose,
        data_hash=panel_hash(panel),
        series=len(panel.series),
        trained_at=now,
        known_until=panel.periods[-1].end,
        parent=parent,
    )
    served.save(versions.workspace, version, metrics, origin)
    done.settle(versions, version)
    return Trained(
        version=version,
        served=served,
        request=request,
        contest=done,
        figures=figures,
        parent=parent,
        fallbacks=getattr(fitted, "fallbacks", {}) if request.individual else {},
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ways:
    """How the model is trained, and how it is judged.

    Attributes:
        final: On everything.
        judged: On what lies before the last weeks; differs for a warm start alone.
        beside: What is judged beside it.
        parent: Version that it goes on from; "" = none.
    """

    final: Estimator
    judged: Estimator
    beside: Mapping[str, Estimator] = field(default_factory=dict)
    parent: str = ""

    @classmethod
    def of(cls, request: Request, versions: Versions, opened: OpenedVersions) -> _Ways:
        """Afresh, or from the champion where that is asked for and there is one.

        A warm start is judged from a model that has not seen the days of the test. That is the
        champion, where its history ends before them. Where fewer days were added than are tested
        the same step is taken earlier: a model is fitted as the champion would have been, so many
        days before the test, and gone on from.
        """
        afresh = request.estimator()
        parent = (versions.champion() or "") if request.warm_start else ""
        if not parent:
            if request.warm_start:
                check_start(afresh)  # refused now rather than at the second training
            return cls(final=afresh, judged=afresh)
        champion, panel = opened.get(parent), request.panel
        known_until = champion.history.periods[-1].end
        added = sum(start >= known_until for start in panel.period_starts)
        test, start = _test_days(panel), uncalibrated(champion.predictor)
        if added < test:
            start = afresh.fit(panel.head(-(test + added)))
        return cls(
            final=WarmStart(estimator=afresh, start=uncalibrated(champion.predictor)),
            judged=WarmStart(estimator=afresh, start=start),
            beside={AFRESH: afresh},
            parent=parent,
        )


def _test_days(panel: Panel) -> int:
    return min(TEST_DAYS, len(panel.periods) // 4)


def _judge(models: Mapping[str, Estimator], panel: Panel) -> Backtest:
    test = _test_days(panel)
    steps = min(STEPS, test)
    return backtest(models, panel, periods=test, steps=steps, every=steps)


def _by_key(found: Backtest, model: str) -> dict[str, Json]:
    figures = series_metrics(
        found.outcomes[model].quantiles, found.actual, found.scale, found.square_scale
    )
    frame = metrics_frame(figures, found.series)
    return {
        model_key(row["location_id"], row["part_id"]): {name: row[name] for name in METRICS}
        for row in frame.to_dicts()
    }


def file_name(purpose: str, *, longest: int = _LONGEST_NAME) -> str:
    """A name that every purpose can have: that of a long key is told by its hash."""
    name = purpose.rpartition("/")[2]
    return name if len(name) <= longest else "series-" + sha256(name.encode()).hexdigest()[:24]
