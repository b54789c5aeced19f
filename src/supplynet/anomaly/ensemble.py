"""Ensemble: what several detectors find odd together.

Their units differ, so ranks are averaged: the share of a history that each finds at least as odd.
Averaged as logarithms (Fisher 1932, "Statistical methods for research workers", section 21.1),
since the rank of the oddest value of 10,000 and that of an even one would average to nothing odd,
and by a power mean, since what one detector is blind to another may be sure of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from supplynet.anomaly import registry
from supplynet.anomaly.detector import FittedDetector, Judged, Progress
from supplynet.anomaly.some_lines import some_lines
from supplynet.anomaly.tails import Tail, fit_tail
from supplynet.anomaly.vus import period_of
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError, HistoryTooShort
from supplynet.frames.panel import Panel
from supplynet.learning.artifacts import ModelState
from supplynet.learning.timelines import timeline

MEMBERS: tuple[Mapping[str, Any], ...] = (
    {"model": "forecast_residual"},
    {"model": "sub_pca"},
)
_LEARN = 0.5  # share of the history, at its end, that the members' ranks are learnt from
_NOTHING = Tail(grid=np.array([0.0, 1.0]), beyond=0.05, scale=1.0, shape=0.0)


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """Several detectors with equal votes.

    A member that needs a longer history than there is stays out.

    Args:
        members: ``{"model": name, "settings": {...}}`` of each; the first that expects something
            says what was expected.
        power: Of the mean: 1 = all count alike, large = the surest one alone counts.
    """

    members: Sequence[Mapping[str, Any]] = MEMBERS
    power: float = 3.0

    def __post_init__(self) -> None:
        names = [member.get("model") for member in self.members]
        if not names or {"ensemble", "calibrated"} & set(names):
            raise ConfigError("ensemble: give one detector or more, and no ensemble among them")

    def fit(self, panel: Panel, *, progress: Progress | None = None) -> FittedEnsemble:
        """Fit all members.

        Raises:
            HistoryTooShort: For every one of them.
            NotFound: There is no such detector.
        """
        fitted: list[FittedDetector] = []
        kept: list[Mapping[str, Any]] = []
        for member in self.members:
            detector = registry.detector(member["model"], **member.get("settings", {}))
            try:
                fitted.append(detector.fit(panel, progress=progress))
            except HistoryTooShort:
                if not fitted and member is self.members[-1]:
                    raise
                continue
            kept.append(member)
        some, last = some_lines(panel), max(1, int(_LEARN * len(panel.periods)))
        judged = [each.judge(some, last) for each in fitted]
        tails = tuple(fit_tail(each.strangeness) or _NOTHING for each in judged)
        return FittedEnsemble(
            settings=replace(self, members=tuple(kept)), members=tuple(fitted), tails=tails
        )

    @classmethod
    def restore(cls, state: ModelState) -> FittedEnsemble:
        """Bring a saved detector back."""
        settings = cls(**state.settings)
        places = range(len(settings.members))
        return FittedEnsemble(
            settings=settings,
            members=tuple(registry.restore(state.members[f"member{place}"]) for place in places),
            tails=tuple(Tail.of_dict(told) for told in state.scaler["tails"]),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedEnsemble:
    """Fitted members, and how far each of them finds a history to stray."""

    settings: Ensemble
    members: tuple[FittedDetector, ...]
    tails: tuple[Tail, ...]

    @property
    def context(self) -> int:
        """Periods before a judged one that may be looked at."""
        return max(member.context for member in self.members)

    def judge(self, panel: Panel, last: int | None = None, *, hindsight: bool = False) -> Judged:
        """Power mean of ``-log10`` of the members' ranks; see ``detector.FittedDetector``.

        In hindsight, ranks are those among all that is judged, and readings many times a day are
        taken with those around them: what is odd there lasts for many readings, of which each may
        look like nothing much.
        """
        judged = [each.judge(panel, last, hindsight=hindsight) for each in self.members]
        ranks = np.stack(
            [
                -np.log10(
                    _ranks(each.strangeness) if hindsight else tail.p_values(each.strangeness)
                )
                for tail, each in zip(self.tails, judged, strict=True)
            ]
        )
        seen = np.isfinite(ranks)
        total = np.where(seen, ranks, 0.0) ** self.settings.power
        count = seen.sum(axis=0)
        mean = (total.sum(axis=0) / np.maximum(count, 1)) ** (1 / self.settings.power)
        mean = np.where(count > 0, mean, np.nan)
        if hindsight and timeline(panel.periods).frequency == "hour":
            mean = _with_neighbours(panel, mean)
        return Judged(
            strangeness=mean,
            expected=_first([each.expected for each in judged]),
            low=_first([each.low for each in judged]),
            high=_first([each.high for each in judged]),
        )

    def state(self) -> ModelState:
        """The detector as plain data."""
        return ModelState(
            model="ensemble",
            settings={
                "members": [dict(member) for member in self.settings.members],
                "power": self.settings.power,
            },
            scaler={"tails": [tail.as_dict() for tail in self.tails]},
            members={f"member{i}": member.state() for i, member in enumerate(self.members)},
        )


def _ranks(strangeness: FloatArray) -> FloatArray:
    """Share of all judged values that are at least as odd, in (0, 1]; NaN stays NaN."""
    seen = np.isfinite(strangeness)
    values = np.sort(strangeness[seen])
    beyond = len(values) - np.searchsorted(values, strangeness, side="left")
    return np.where(seen, beyond / max(1, len(values)), np.nan)


def _with_neighbours(panel: Panel, strangeness: FloatArray) -> FloatArray:
    """Mean over the dominant period of each series to both sides."""
    result = np.full(strangeness.shape, np.nan)
    first = panel.demand.shape[1] - strangeness.shape[1]
    for row, values in enumerate(strangeness):
        seen = np.isfinite(values)
        reach = period_of(panel.demand[row, first:])
        sums, counts = (
            np.convolve(each, np.ones(2 * reach + 1))[reach : reach + len(values)]
            for each in (np.where(seen, values, 0.0), seen.astype(float))
        )
        result[row] = np.where(seen, sums / np.maximum(counts, 1), np.nan)
    return result


def _first(opinions: Sequence[FloatArray]) -> FloatArray:
    """Cell by cell the first that is one."""
    result = opinions[0]
    for other in opinions[1:]:
        result = np.where(np.isnan(result), other, result)
    return result
