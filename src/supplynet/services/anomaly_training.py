"""Training a detector of odd values: try it on the end of the history, fit it on all, keep it.

Nobody has labelled what was odd, so nothing is said of precision. What can be said: how many values
of the last weeks a detector flags that has not seen them, beside how many the odds allow for; and
how many of the faults it finds that were put into these weeks on purpose, beside the baseline and a
guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any

import numpy as np

from supplynet.anomaly import registry
from supplynet.anomaly.alarms import Alarms, BoolArray, Budget
from supplynet.anomaly.calibrated import Calibrated, CalibratedDetector, Scored
from supplynet.anomaly.detector import FittedDetector
from supplynet.anomaly.tails import score_of
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import HistoryTooShort
from supplynet.frames.panel import Panel, Period
from supplynet.frames.panel_hash import panel_hash
from supplynet.frames.synthetic.faults import Fault, inject
from supplynet.learning.manifest import Origin

TEST_PERIODS = 28
BASELINE, RANDOM = "robust_seasonal", "random"
_FAULTS = 40  # wanted at least: a series alone has as many rounds as it takes
_MOST_ROUNDS = 20
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnThreshold:
    """The rule of a detector that has its own, such as the mean and twice the deviation of errors.

    Attributes:
        threshold: Of strangeness.
    """

    threshold: float

    def alarms(self, scored: Scored, periods: Sequence[Period]) -> BoolArray:  # noqa: ARG002
        """Values that are stranger."""
        return np.nan_to_num(scored.judged.strangeness, nan=-np.inf) > self.threshold


def wanted(model: str, seed: int, settings: Mapping[str, Any] | None = None) -> Calibrated:
    """A detector of the registry with its odds, and the seed where it draws at random.

    Raises:
        NotFound: No such detector.
        MissingExtra: A library that it needs is not installed.
        ConfigError: It has no such setting.
    """
    given = dict(settings or {})
    if "seed" in registry.settings_of(model):
        given.setdefault("seed", seed)
    registry.detector(model, **given)
    return Calibrated(model=model, settings=given)


def rule_of(scorer: CalibratedDetector, per_week: float, judged: int, every: int) -> Alarms:
    """When a value is an anomaly: by the detector's own rule, or by a share of all alarms.

    Args:
        scorer: With or without a threshold.
        per_week: Of all series together.
        judged: Series that are looked at now.
        every: Series that there are.
    """
    own = own_threshold(scorer.detector)
    if own is not None:
        return OwnThreshold(threshold=own)
    return Budget(alarms_per_week=per_week * judged / max(every, judged))


def own_threshold(detector: FittedDetector) -> float | None:
    """The strangeness from which on a detector itself calls a value odd; None = it has no rule."""
    found = getattr(detector, "threshold", None)
    return float(found) if isinstance(found, int | float) else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """How a detector did on the last periods, which it had not seen.

    Attributes:
        periods: How many.
        flagged: Of each series, how many values were flagged; shape (series,).
        observed: And how many there were.
        allowed: Share of normal values that may be flagged.
        faults: How many were put in.
        recall: Share of them that was found, by detector: itself, ``BASELINE``, ``RANDOM``.
    """

    periods: int
    flagged: FloatArray
    observed: FloatArray
    allowed: float | None
    faults: int = 0
    recall: Mapping[str, float | None] = field(default_factory=dict)

    def metrics(self, model: str, row: int) -> Json:
        """What can be said of one series."""
        seen = int(self.observed[row])
        return {
            "held_out_periods": self.periods,
            "observed": seen,
            "flagged": int(self.flagged[row]),
            "flagged_share": float(self.flagged[row] / seen) if seen else None,
            "allowed_share": self.allowed,
            **self.overall(model),
        }

    def overall(self, model: str) -> Json:
        """What can be said of all series together."""
        every = float(self.observed.sum())
        return {
            "flagged_share_of_all": float(self.flagged.sum() / every) if every else None,
            "injected_faults": self.faults,
            "recall": self.recall.get(model),
        }

    def baselines(self, model: str) -> dict[str, Json]:
        """Recall of the same faults by others that may flag as much."""
        return {name: {"recall": found} for name, found in self.recall.items() if name != model}


def trial(
    detector: Calibrated, panel: Panel, *, per_week: float, every: int, seed: int
) -> Trial | None:
    """Judge the last weeks by a detector that has not seen them; None where too little is left.

    Args:
        detector: To be fitted on what comes before.
        panel: Series to learn from.
        per_week: Alarms of all series together.
        every: How many series there are, of which ``panel`` may hold but one.
        seed: Of the faults that are put in, and of the guess.
    """
    held = min(TEST_PERIODS, len(panel.periods) // 4)
    names = dict.fromkeys([detector.model, BASELINE])
    try:
        known = panel.head(-held)
        fitted = {
            name: (detector if name == detector.model else Calibrated(model=name)).fit(known)
            for name in names
        }
    except HistoryTooShort:
        return None
    main = fitted[detector.model]
    rules = {
        name: rule_of(each, per_week, len(panel.series), every) for name, each in fitted.items()
    }
    periods = panel.periods[len(panel.periods) - held :]
    flagged = rules[detector.model].alarms(main.score(panel, held), periods)
    seen = ~np.isnan(panel.demand[:, -held:])
    faults, recall = _recall(fitted, rules, panel, held, seed)
    return Trial(
        periods=held,
        flagged=(flagged & seen).sum(axis=1),
        observed=seen.sum(axis=1),
        allowed=_allowed(rules[detector.model], len(panel.series), periods),
        faults=faults,
        recall=recall,
    )


def _recall(
    fitted: Mapping[str, CalibratedDetector],
    rules: Mapping[str, Alarms],
    panel: Panel,
    held: int,
    seed: int,
) -> tuple[int, dict[str, float | None]]:
    """How many faults were put in, and which share of them each found."""
    count, first = 0, len(panel.periods) - held
    found = dict.fromkeys([*fitted, RANDOM], 0)
    rng = np.random.default_rng(seed)
    guess = Budget().limit(1, panel.periods[first:])
    for turn in range(min(_MOST_ROUNDS, ceil(_FAULTS / len(panel.series)))):
        odd, faults = inject(panel, seed=seed + turn, only=(first, len(panel.periods)))
        count += len(faults)
        for name, scorer in fitted.items():
            alarms = rules[name].alarms(scorer.score(odd, held), panel.periods[first:])
            found[name] += _found(alarms, faults, first)
        found[RANDOM] += _found(rng.random((len(panel.series), held)) <= guess, faults, first)
    return count, {name: hits / count if count else None for name, hits in found.items()}


def _found(alarms: BoolArray, faults: Sequence[Fault], first: int) -> int:
    """Faults in whose periods something was flagged."""
    return sum(
        bool(alarms[fault.series, fault.first - first : fault.end - first].any())
        for fault in faults
    )


def _allowed(rule: Alarms, series: int, periods: Sequence[Period]) -> float | None:
    return rule.limit(series, periods) if isinstance(rule, Budget) else None


def threshold_of(rule: Alarms, series: int, periods: Sequence[Period]) -> Json:
    """From where on a value is an anomaly, and of what the number is."""
    if isinstance(rule, OwnThreshold):
        return {"threshold": rule.threshold, "threshold_of": "strangeness"}
    assert isinstance(rule, Budget)
    limit = rule.limit(series, periods)
    return {"threshold": float(score_of(np.array(limit))), "threshold_of": "score"}


def origin_of(purpose: str, panel: Panel, now: datetime) -> Origin:
    """Where a detector comes from."""
    return Origin(
        purpose=purpose,
        data_hash=panel_hash(panel),
        series=len(panel.series),
        trained_at=now,
        known_until=panel.periods[-1].end,
    )
