"""The report of a trial of refill triggers: frames, plain data for JSON, and text for people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.refill_rules import REORDER_POINT
from supplynet.forecast.refill_scores import (
    METRICS,
    BoolArray,
    Judgements,
    block_draws,
    confusion,
    figures,
    interval,
    quantity_figures,
    reliability,
    resampled,
)
from supplynet.forecast.refill_trial import Trial
from supplynet.frames.demand_classes import DEMAND_CLASSES

ALL = "all"
BLOCK_DAYS = 7
DRAWS = 500
GAIN = "f1_gain"
"""F1 less that of the reorder point rule, on the same resamples."""
_KINDS = ("no refill", "refill")


@dataclass(frozen=True, kw_only=True, eq=False)
class RefillReport:
    """How good every rule was on the days after its training and its choice of threshold.

    Attributes:
        scores: A row per rule and demand class (``all`` first): ``rule, demand_class, rows, due,
            threshold, tp, fp, fn, tn``, then each of ``METRICS`` with its 95 % interval as
            ``<metric>, <metric>_low, <metric>_high``, and ``f1_gain`` likewise.
        quantities: A row per rule and class: see ``refill_scores.quantity_figures``.
        reliability: A row per rule and tenth of the probabilities.
        counts: Moments, refills due and labels that are not known, by stretch.
        about: What it was made of.
        skipped: Why a rule is not there.
    """

    scores: pl.DataFrame
    quantities: pl.DataFrame
    reliability: pl.DataFrame
    counts: Mapping[str, Mapping[str, int]]
    about: Mapping[str, Any]
    skipped: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Plain data; a figure that is not defined is None."""
        return {
            "about": dict(self.about),
            "counts": {name: dict(each) for name, each in self.counts.items()},
            "scores": _rows(self.scores),
            "quantities": _rows(self.quantities),
            "reliability": _rows(self.reliability),
            "skipped": dict(self.skipped),
        }

    def lines(self) -> list[str]:
        """For people: what it is, one table of all rules, then each rule's classification."""
        head = [f"{key}: {value}" for key, value in self.about.items()]
        head += [
            f"{name}: {each['moments']:,} moments, a refill due at {each['due']:,}, "
            f"{each['not_known']:,} labels not known"
            for name, each in self.counts.items()
        ]
        head += [f"without {name}: {why}" for name, why in self.skipped.items()]
        whole = self.scores.filter(pl.col("demand_class") == ALL)
        return [*head, "", *_overview(whole), "", *_amounts(self.quantities), *self._details()]

    def _details(self) -> list[str]:
        lines = []
        for row in self.scores.filter(pl.col("demand_class") == ALL).iter_rows(named=True):
            lines += ["", *classification_lines(row["rule"], row)]
        return lines


def refill_report(
    trial: Trial,
    about: Mapping[str, Any] | None = None,
    *,
    block_days: int = BLOCK_DAYS,
    draws: int = DRAWS,
) -> RefillReport:
    """Score a trial.

    Args:
        trial: From ``refill_trial.run_trial``.
        about: What to say of its data.
        block_days: Days that are resampled together, more than a window is long.
        draws: Resamples behind the intervals.
    """
    blocks, number = _blocks(trial, block_days)
    weights = block_draws(number, draws, np.random.default_rng(trial.settings.seed))
    classes = np.array([ALL, *DEMAND_CLASSES])
    of_series = np.broadcast_to(trial.demand_class[:, None] + 1, trial.due.shape)
    scores, amounts, bins = [], [], []
    for place, name in enumerate(classes.tolist()):
        rows = trial.scored if place == 0 else trial.scored & (of_series == place)
        if not rows.any():
            continue
        judged = {rule: _judgements(trial, rule, rows, blocks) for rule in trial.judged}
        drawn = {rule: resampled(each, weights) for rule, each in judged.items()}
        for rule, each in judged.items():
            key = {"rule": rule, "demand_class": name}
            gain = drawn[rule]["f1"] - drawn[REORDER_POINT]["f1"]
            plain = figures(judged[REORDER_POINT])["f1"]
            scores.append(key | _score_row(trial, rule, each, drawn[rule], plain, gain))
            amounts.append(key | _amount_row(trial, rule, rows))
            if place == 0:
                bins += [{"rule": rule, **found} for found in reliability(each)]
    return RefillReport(
        scores=pl.DataFrame(scores, infer_schema_length=None),
        quantities=pl.DataFrame(amounts, infer_schema_length=None),
        reliability=pl.DataFrame(bins, infer_schema_length=None),
        counts=trial.counts,
        about={**(about or {}), **_about(trial, number, block_days, draws)},
        skipped=trial.skipped,
    )


def classification_lines(rule: str, row: Mapping[str, Any]) -> list[str]:
    """Confusion matrix and classification report of one rule, laid out as by scikit-learn.

    Args:
        rule: For the title.
        row: With ``tp, fp, fn, tn`` and, for the text only, ``threshold``.
    """
    tp, fp, fn, tn = (int(row[name]) for name in ("tp", "fp", "fn", "tn"))
    kinds = [_kind(tn, fn, fp), _kind(tp, fp, fn)]
    support = [tn + fp, tp + fn]
    total = max(sum(support), 1)
    macro = [sum(kind[n] for kind in kinds) / 2 for n in range(3)]
    weighted = [
        sum(kind[n] * count for kind, count in zip(kinds, support, strict=True)) / total
        for n in range(3)
    ]
    lines = [
        f"{rule} (triggers from {row['threshold']:.3f} on)",
        f"{'':>14}{'said no':>10}{'said yes':>10}",
        f"{'not due':>14}{tn:>10,}{fp:>10,}",
        f"{'due':>14}{fn:>10,}{tp:>10,}",
        f"{'':>14}{'precision':>10}{'recall':>10}{'f1-score':>10}{'support':>10}",
    ]
    for name, kind, count in zip(_KINDS, kinds, support, strict=True):
        lines.append(_line(name, kind, count))
    lines.append(f"{'accuracy':>14}{'':>10}{'':>10}{(tp + tn) / total:>10.2f}{total:>10,}")
    lines.append(_line("macro avg", macro, total))
    return [*lines, _line("weighted avg", weighted, total)]


def _kind(hits: int, false: int, missed: int) -> list[float]:
    """Precision, recall and F1 of one kind; 0 where undefined, as scikit-learn prints them."""
    precision = hits / (hits + false) if hits + false else 0.0
    recall = hits / (hits + missed) if hits + missed else 0.0
    both = 2 * hits + false + missed
    return [precision, recall, 2 * hits / both if both else 0.0]


def _line(name: str, values: Sequence[float], support: int) -> str:
    return f"{name:>14}" + "".join(f"{value:>10.2f}" for value in values) + f"{support:>10,}"


def _blocks(trial: Trial, block_days: int) -> tuple[FloatArray, int]:
    """Block of each moment, counted in local days from the first one on, and how many."""
    days = np.array(
        [trial.moments.periods[p].local_date.toordinal() for p in trial.moments.moments]
    )
    blocks = (days - days.min()) // block_days
    return blocks, int(blocks.max()) + 1


def _judgements(trial: Trial, rule: str, rows: BoolArray, blocks: FloatArray) -> Judgements:
    said = trial.judged[rule]
    triggered = said.rank[rows] >= trial.thresholds[rule]
    given = triggered.astype(float) if said.probability is None else said.probability[rows]
    return Judgements(
        due=trial.due[rows] > 0,
        triggered=triggered,
        probability=given,
        rank=said.rank[rows],
        block=np.broadcast_to(blocks, rows.shape)[rows].astype(np.int64),
    )


def _score_row(
    trial: Trial,
    rule: str,
    judged: Judgements,
    drawn: Mapping[str, FloatArray],
    plain: float,
    gain: FloatArray,
) -> dict[str, Any]:
    found = figures(judged)
    row: dict[str, Any] = {
        "rows": len(judged.due),
        "due": int(judged.due.sum()),
        "threshold": trial.thresholds[rule],
        **confusion(judged),
    }
    values = {**{name: drawn[name] for name in METRICS}, GAIN: gain}
    for name, draws in values.items():
        row[name] = found["f1"] - plain if name == GAIN else found[name]
        row[f"{name}_low"], row[f"{name}_high"] = interval(draws)
    return row


def _amount_row(trial: Trial, rule: str, rows: BoolArray) -> dict[str, Any]:
    said = trial.judged[rule]
    triggered = said.rank >= trial.thresholds[rule]
    ordered = np.where(triggered, said.quantity, 0.0)[rows]
    required = np.maximum(trial.lack[rows], 0.0)
    return dict(quantity_figures(ordered, required, trial.due[rows] > 0))


def _about(trial: Trial, blocks: int, block_days: int, draws: int) -> dict[str, Any]:
    at = [trial.moments.periods[p].start for p in trial.moments.moments]
    settings = trial.settings
    chosen = "F1" if settings.miss_cost is None else f"cost, a miss = {settings.miss_cost:g}"
    return {
        "test": f"{min(at):%Y-%m-%d %H:%M}Z to {max(at):%Y-%m-%d %H:%M}Z",
        "triggers chosen by": f"{chosen} on the {settings.validation_days} days before",
        "quantity level": settings.level,
        "intervals": f"95 %, {draws} resamples of {blocks} blocks of {block_days} days",
    }


def _overview(scores: pl.DataFrame) -> list[str]:
    names = ("precision", "recall", "f1", "balanced_accuracy", "roc_auc", "average_precision")
    short = ("precision", "recall", "f1", "balanced", "roc auc", "avg prec", "brier")
    lines = [f"{'rule':<20}" + "".join(f"{name:>11}" for name in short) + f"{'f1 95 %':>16}"]
    for row in scores.iter_rows(named=True):
        values = "".join(f"{_number(row[name]):>11}" for name in (*names, "brier"))
        spread = f"{_number(row['f1_low'])}..{_number(row['f1_high'])}"
        lines.append(f"{row['rule']:<20}{values}{spread:>16}")
    return lines


def _amounts(quantities: pl.DataFrame) -> list[str]:
    names = ("mae", "bias", "relative_mae", "short")
    heads = ("mae", "bias", "mae/required", "share short")
    lines = ["required quantity, parts", f"{'rule':<20}" + "".join(f"{n:>14}" for n in heads)]
    whole = quantities.filter(pl.col("demand_class") == ALL)
    return lines + [
        f"{row['rule']:<20}" + "".join(f"{_number(row[n]):>14}" for n in names)
        for row in whole.iter_rows(named=True)
    ]


def _number(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in row.items()
        }
        for row in frame.iter_rows(named=True)
    ]
