"""Refill triggers on trial: simple rules, a forecast and classifiers, on days after all tuning.

Three stretches of time. Models learn on the first; on the second the probability from which each
rule triggers is chosen; the third is scored, once. A moment belongs to a stretch if its whole
window does, so that no label of one stretch holds a demand of the next. Nothing is fitted again
after the first stretch; every rule sees what was observed up to each moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ForecastError, InsufficientData, InvalidInput
from supplynet.forecast.demand_class import demand_classes
from supplynet.forecast.dependence import fit_dependence
from supplynet.forecast.model import Estimator
from supplynet.forecast.quantiles import QUANTILES, normal_scores
from supplynet.forecast.refill_classifier import (
    FittedRefillClassifier,
    RefillClassifier,
    RefillExamples,
)
from supplynet.forecast.refill_labels import refill_labels
from supplynet.forecast.refill_moments import RefillMoments
from supplynet.forecast.refill_rows import RefillRows, refill_rows
from supplynet.forecast.refill_rules import (
    FIXED,
    FORECAST,
    REORDER_POINT,
    TUNED_POINT,
    Judged,
    best_threshold,
    classifier_rule,
    forecast_quantiles,
    forecast_rule,
    moved_point,
    naive_rules,
    reorder_point_rule,
)
from supplynet.learning.scaling import typical_level

BoolArray = npt.NDArray[np.bool_]
_FIRST_WEEKS = timedelta(days=28)  # features and thresholds of the first weeks are of little


@dataclass(frozen=True, kw_only=True)
class TrialSettings:
    """How a trial is run.

    Attributes:
        test_days, validation_days: Lengths of the last and the last but one stretch.
        miss_cost: What a refill that was missed costs, in needless triggers; None = triggers are
            chosen by F1.
        level: Of the quantile of the lack that the forecast-based rule orders.
        paths: Sample paths of the forecast-based rule.
        most_rows: Rows drawn to learn from.
        seed: Of everything random.
    """

    test_days: int = 84
    validation_days: int = 56
    miss_cost: float | None = None
    level: float = 0.9
    paths: int = 200
    most_rows: int = 60_000
    seed: int = 0

    def __post_init__(self) -> None:
        counts = (self.test_days, self.validation_days, self.paths, self.most_rows)
        cost = 1.0 if self.miss_cost is None else self.miss_cost
        if min(counts) < 1 or not 0 < self.level < 1 or not cost > 0:
            raise InvalidInput(
                "a refill trial needs test_days, validation_days, paths and most_rows of 1 or "
                "more, level in (0, 1) and miss_cost above 0"
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """What every rule said on the last stretch, and what was true. Arrays: (series, moment).

    Attributes:
        moments: Of the last stretch.
        due: 1, 0 or NaN = not known.
        lack: Parts, NaN = not known.
        scored: Which are scored: the label and everything that every rule says is known.
        judged: By rule, the naive ones first.
        thresholds: Rank from which on each rule triggers; of classifiers and forecast it is a
            probability.
        demand_class: Place in ``DEMAND_CLASSES`` of each series, from the first stretch; (series,).
        counts: Moments and refills due in each stretch, and how many are not known.
        fitted: Classifiers, by name.
        skipped: Why a classifier or the forecast is not there, by name.
        settings: Of the trial.
    """

    moments: RefillMoments
    due: FloatArray
    lack: FloatArray
    scored: BoolArray
    judged: Mapping[str, Judged]
    thresholds: Mapping[str, float]
    demand_class: npt.NDArray[np.int64]
    counts: Mapping[str, Mapping[str, int]]
    fitted: Mapping[str, FittedRefillClassifier] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    settings: TrialSettings


def run_trial(
    moments: RefillMoments,
    classifiers: Mapping[str, RefillClassifier],
    estimator: Estimator | None = None,
    settings: TrialSettings = TrialSettings(),
) -> Trial:
    """Learn, tune and score.

    Args:
        moments: Of the whole history.
        classifiers: By the name that they get.
        estimator: Model of the forecast-based rule; None = none.
        settings: See ``TrialSettings``.

    Raises:
        InsufficientData: The stretches do not fit, or one holds no moment with a known label.
    """
    first, second = _borders(moments, settings)
    due, lack = refill_labels(moments)
    learned, tuned, scored = _stretches(moments, due, first, second)
    before = moments.panel.head(first)
    rows = refill_rows(moments, typical=typical_level(before))
    later = np.flatnonzero(moments.moments >= first)
    ahead, ahead_rows = moments.at(later), _columns_of(rows, later)
    fitted, skipped = _fit(classifiers, _examples(rows, due, lack, learned, settings))
    judged = _judge(ahead, ahead_rows, fitted)
    if estimator is not None:
        try:
            judged[FORECAST] = _forecast(estimator, ahead, ahead_rows, first, second, settings)
        except ForecastError as error:
            skipped[FORECAST] = str(error)
    # Rules are compared on the same rows: those of which every one of them says something.
    said = np.all([~np.isnan(each.rank) for each in judged.values()], axis=0)
    thresholds = _choose(judged, due[:, later], tuned[:, later] & said, settings)
    judged[TUNED_POINT] = moved_point(judged[TUNED_POINT], ahead_rows, thresholds[TUNED_POINT])
    last = np.flatnonzero(moments.moments[later] >= second)
    return Trial(
        moments=ahead.at(last),
        due=due[:, later][:, last],
        lack=lack[:, later][:, last],
        scored=(scored[:, later] & said)[:, last],
        judged={name: each.at(last) for name, each in judged.items()},
        thresholds=thresholds,
        demand_class=demand_classes(before.demand),
        counts=_counts(moments, due, (learned, tuned, scored), (first, second)),
        fitted=fitted,
        skipped=skipped,
        settings=settings,
    )


def _fit(
    classifiers: Mapping[str, RefillClassifier], examples: RefillExamples
) -> tuple[dict[str, FittedRefillClassifier], dict[str, str]]:
    """Those that could learn, and why the others could not."""
    fitted: dict[str, FittedRefillClassifier] = {}
    skipped: dict[str, str] = {}
    for name, model in classifiers.items():
        try:
            fitted[name] = model.fit(examples)
        except ForecastError as error:
            skipped[name] = str(error)
    return fitted, skipped


def _judge(
    ahead: RefillMoments, rows: RefillRows, fitted: Mapping[str, FittedRefillClassifier]
) -> dict[str, Judged]:
    plain = reorder_point_rule(ahead, rows)
    return {
        **naive_rules(ahead),
        REORDER_POINT: plain,
        TUNED_POINT: plain,
        **{name: classifier_rule(each, rows) for name, each in fitted.items()},
    }


def _choose(
    judged: Mapping[str, Judged], due: FloatArray, rows: BoolArray, settings: TrialSettings
) -> dict[str, float]:
    """The rank from which on each rule triggers."""
    chosen = {
        name: best_threshold(each.rank[rows], due[rows] > 0, settings.miss_cost)
        for name, each in judged.items()
        if name not in FIXED
    }
    return {**FIXED, **chosen}


def _borders(moments: RefillMoments, settings: TrialSettings) -> tuple[int, int]:
    """First periods of the second and of the last stretch."""
    starts = moments.panel.period_starts
    end = moments.panel.periods[-1].end
    second = sum(start < end - timedelta(days=settings.test_days) for start in starts)
    both = timedelta(days=settings.test_days + settings.validation_days)
    first = sum(start < end - both for start in starts)
    if first < 1 or starts[first] - starts[0] < 2 * _FIRST_WEEKS:
        needed = settings.test_days + settings.validation_days + 2 * _FIRST_WEEKS.days
        raise InsufficientData(
            f"the history has {(end - starts[0]).days} days; a trial of refill triggers with "
            f"{settings.validation_days} days to choose by and {settings.test_days} to score "
            f"needs {needed}: give more history or fewer days"
        )
    return first, second


def _stretches(
    moments: RefillMoments, due: FloatArray, first: int, second: int
) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Which labels belong to each stretch, shape (series, moment) each."""
    ends, at, known = moments.ends, moments.moments, ~np.isnan(due)
    starts = moments.panel.period_starts
    warm = sum(start < starts[0] + _FIRST_WEEKS for start in starts)
    learned = known & (at >= warm) & (ends <= first)
    tuned = known & (at >= first) & (ends <= second)
    scored = known & (at >= second)
    for what, rows in (("learn from", learned), ("choose by", tuned), ("score", scored)):
        if not rows.any():
            raise InsufficientData(
                f"there is no moment to {what} whose label is known: stock, lead time and demand "
                "of its window are needed; see how much of the demand is missing, and whether "
                "deliveries or lead times are given"
            )
    return learned, tuned, scored


def _columns_of(rows: RefillRows, chosen: npt.NDArray[np.int64]) -> RefillRows:
    return RefillRows(columns=rows.columns, table=rows.table[:, chosen], unit=rows.unit[:, chosen])


def _examples(
    rows: RefillRows, due: FloatArray, lack: FloatArray, learned: BoolArray, settings: TrialSettings
) -> RefillExamples:
    chosen = np.flatnonzero(learned)
    if len(chosen) > settings.most_rows:
        rng = np.random.default_rng(settings.seed)
        chosen = np.sort(rng.choice(chosen, settings.most_rows, replace=False))
    return RefillExamples(
        columns=rows.columns,
        table=rows.table.reshape(-1, len(rows.columns))[chosen],
        due=due.ravel()[chosen] > 0,
        lack=(lack / rows.unit).ravel()[chosen],
    )


def _forecast(
    estimator: Estimator,
    ahead: RefillMoments,
    rows: RefillRows,
    first: int,
    second: int,
    settings: TrialSettings,
) -> Judged:
    """Fitted on the first stretch; how errors hang together is measured on the second."""
    panel = ahead.panel
    predictor = estimator.fit(panel.head(first))
    quantiles = forecast_quantiles(predictor, ahead)
    tuning = np.flatnonzero(ahead.moments + ahead.steps <= second)
    actual = [panel.demand[:, p : p + ahead.steps] for p in ahead.moments[tuning]]
    scores = normal_scores(quantiles[tuning], QUANTILES, np.array(actual))
    dependence = fit_dependence(scores, panel.series)
    return forecast_rule(
        quantiles,
        ahead,
        rows,
        dependence,
        paths=settings.paths,
        level=settings.level,
        seed=settings.seed,
    )


def _counts(
    moments: RefillMoments,
    due: FloatArray,
    stretches: tuple[BoolArray, BoolArray, BoolArray],
    borders: tuple[int, int],
) -> dict[str, dict[str, int]]:
    first, second = borders
    at = moments.moments
    within = (at < first, (at >= first) & (at < second), at >= second)
    return {
        name: {
            "moments": int(rows.sum()),
            "due": int(due[rows].sum()),
            "not_known": int(np.isnan(due[:, inside]).sum()),
        }
        for name, rows, inside in zip(
            ("training", "validation", "test"), stretches, within, strict=True
        )
    }
