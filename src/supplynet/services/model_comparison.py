"""Two versions on the same periods that neither has seen, and whether the difference is chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from supplynet.errors import HistoryTooShort, InvalidInput
from supplynet.forecast import registry
from supplynet.forecast.backtest import Backtest, backtest
from supplynet.forecast.demand_class import demand_classes
from supplynet.forecast.error_terms import Cells
from supplynet.forecast.model import Estimator, Predictor, Progress
from supplynet.forecast.paired_test import PairedDifference, paired_difference
from supplynet.frames.demand_classes import DEMAND_CLASSES
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.manifest import Manifest
from supplynet.learning.scaling import tail_of
from supplynet.learning.windows import season_length

STEPS = 6
MOST_CUTOFFS = 40
CLEAR = 0.05
"""Chance below which a difference is called one."""
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class _AsSaved:
    """A fitted model in the place of an estimator: it learns nothing more."""

    predictor: Predictor

    def fit(
        self,
        panel: Panel,  # noqa: ARG002
        future: Sequence[Period] = (),  # noqa: ARG002
        *,
        progress: Progress | None = None,  # noqa: ARG002
    ) -> Predictor:
        """The model as it is."""
        return self.predictor

    @classmethod
    def restore(cls, state: ModelState) -> Predictor:
        """Bring it back from its own state."""
        return registry.restore(state)


def compare_versions(workspace: Path, first: str, second: str, panel: Panel) -> Json:
    """Score two versions on the same cells and test the difference of their pinball losses.

    Where the panel goes on for two weeks or more after both had been trained, the models are
    scored as they were saved. Otherwise a model of each one's settings is fitted on what lies
    before the last four weeks and scored on these: that compares settings, not what was learnt
    since. ``basis`` says which.

    Args:
        workspace: Folder with their files.
        first: A version.
        second: Another.
        panel: History; the series and periods that are scored.

    Returns:
        ``first, second, basis, start, end, cutoffs, rows`` (as of a backtest), ``difference`` and
        ``classes`` (the same per class of demand): ``first, second`` (mean pinball losses),
        ``difference`` (first less second), ``low, high`` (95 %), ``p_value``, ``better``
        (``first``, ``second`` or null: it may be chance).

    Raises:
        InvalidInput: Twice the same version.
        ModelError: One is damaged.
        HistoryTooShort: The panel has too few periods.
    """
    if first == second:
        raise InvalidInput(f"{first} cannot be compared with itself; name two versions")
    opened = {name: registry.load(workspace, name) for name in (first, second)}
    week = season_length(panel.periods)
    count = _periods_after(panel, [manifest for manifest, _ in opened.values()])
    if count >= 2 * week:
        basis = "as saved, on the periods after both had been trained"
        models: dict[str, Estimator] = {
            name: _AsSaved(predictor=predictor) for name, (_, predictor) in opened.items()
        }
    else:
        count = min(4 * week, len(panel.periods) // 4)
        basis = f"their settings, fitted again on what lies before the last {count} periods"
        models = {
            name: registry.estimator(model, **settings)
            for name, (model, settings) in (
                (name, manifest.uncalibrated) for name, (manifest, _) in opened.items()
            )
        }
    if count < 1:
        raise HistoryTooShort(len(panel.periods), 4)
    steps = min(STEPS, count)
    every = max(1, (count - steps) // MOST_CUTOFFS)
    found = backtest(models, panel, periods=count, steps=steps, every=every)
    return {
        "first": first,
        "second": second,
        "basis": basis,
        "start": panel.periods[-count].start,
        "end": panel.periods[-1].end,
        "rows": found.table.fill_nan(None).to_dicts(),
        **_tested(found, first, second, tail_of(panel.head(-count))),
    }


def _periods_after(panel: Panel, manifests: Sequence[Manifest]) -> int:
    """Periods of the panel that begin after all models had been trained; 0 when one says not."""
    known = [manifest.known_until for manifest in manifests]
    moments = [moment for moment in known if moment is not None]
    if len(moments) < len(known):
        return 0
    return sum(start >= max(moments) for start in panel.period_starts)


def _tested(found: Backtest, first: str, second: str, before: Panel) -> Json:
    losses: Mapping[str, Any] = {
        name: Cells(
            quantiles=found.outcomes[name].quantiles,
            actual=found.actual,
            scale=found.scale,
            square_scale=found.square_scale,
        ).loss()
        for name in (first, second)
    }
    seen, classes = ~np.isnan(found.actual), demand_classes(before.demand)

    def of(rows: npt.NDArray[np.bool_]) -> PairedDifference:
        return paired_difference(losses[first][:, rows], losses[second][:, rows], seen[:, rows])

    whole = of(np.ones(len(classes), dtype=bool))
    return {
        "cutoffs": whole.cutoffs,
        "difference": _row(whole),
        "classes": [
            {"demand_class": name, "series": int((classes == place).sum())}
            | _row(of(classes == place))
            for place, name in enumerate(DEMAND_CLASSES)
            if (classes == place).any()
        ],
    }


def _row(found: PairedDifference) -> Json:
    figures = {
        "first": found.first,
        "second": found.second,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p_value": found.p_value,
    }
    clear = found.p_value < CLEAR  # NaN is not
    better = ("first" if found.difference < 0 else "second") if clear else None
    return {key: value if isfinite(value) else None for key, value in figures.items()} | {
        "better": better
    }
