"""How good judgements of refills are: figures of a two-way classification, with their intervals.

All are weighted sums over blocks of days, so that a resample of the blocks is one matrix product.
Labels of neighbouring days share their windows, and all series share the plant's days: rows are
far from independent, whole blocks nearly so (Künsch 1989, the block bootstrap).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray

METRICS = (
    "precision",
    "recall",
    "f1",
    "accuracy",
    "balanced_accuracy",
    "roc_auc",
    "average_precision",
    "brier",
)
RELIABILITY_BINS = 10
_FINE = 1000  # ranks told apart in a resample
BoolArray = npt.NDArray[np.bool_]
Index = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Judgements:
    """What one rule said of rows, and what was true. Arrays have shape (row,).

    Attributes:
        due: Whether a refill was due.
        triggered: Whether the rule said so.
        probability: In [0, 1]; of a rule that gives none, 1 where it triggered, else 0.
        rank: What is ordered by for the curves: more = rather due.
        block: Number of the block of days of each row, from 0 on.
    """

    due: BoolArray
    triggered: BoolArray
    probability: FloatArray
    rank: FloatArray
    block: Index

    def at(self, rows: BoolArray) -> Judgements:
        """Some of the rows."""
        return Judgements(
            due=self.due[rows],
            triggered=self.triggered[rows],
            probability=self.probability[rows],
            rank=self.rank[rows],
            block=self.block[rows],
        )


def confusion(judged: Judgements) -> dict[str, int]:
    """Rows that were due and triggered (tp), only triggered (fp), only due (fn), neither (tn)."""
    due, triggered = judged.due, judged.triggered
    return {
        "tp": int((due & triggered).sum()),
        "fp": int((~due & triggered).sum()),
        "fn": int((due & ~triggered).sum()),
        "tn": int((~due & ~triggered).sum()),
    }


def figures(judged: Judgements) -> dict[str, float]:
    """``METRICS`` over all rows, NaN where one is not defined.

    Precision without triggers, recall without dues, and curves with one kind of row alone are not
    defined. ``balanced_accuracy`` is the mean recall of the kinds that are there.
    ``average_precision`` is the step sum, ``roc_auc`` counts ties half, as in scikit-learn.
    """
    once = np.ones((1, 1))
    whole = _Sums.of(judged, np.zeros(len(judged.due), dtype=np.int64), 1, fine=None)
    return {name: float(values[0]) for name, values in whole.metrics(once).items()}


def resampled(judged: Judgements, weights: FloatArray) -> dict[str, FloatArray]:
    """``METRICS`` of every resample.

    Args:
        judged: Rows.
        weights: How often each block was drawn, shape (draw, block).

    Returns:
        Shape (draw,) each. Ranks are told apart to a thousandth of the rows.
    """
    sums = _Sums.of(judged, judged.block, weights.shape[1], fine=_FINE)
    return sums.metrics(weights)


def block_draws(blocks: int, draws: int, rng: np.random.Generator) -> FloatArray:
    """How often each block is drawn, ``blocks`` with replacement, shape (draw, block)."""
    return rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=draws).astype(float)


def interval(values: FloatArray) -> tuple[float, float]:
    """The middle 95 % of resamples; NaN where fewer than half of them have the figure."""
    known = values[~np.isnan(values)]
    if len(known) < len(values) / 2 or not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, (0.025, 0.975))
    return float(low), float(high)


def reliability(judged: Judgements, bins: int = RELIABILITY_BINS) -> list[dict[str, float]]:
    """Of each tenth of the probabilities: its bounds, rows, mean probability, share that was due.

    Empty bins are left out.
    """
    place = np.minimum((judged.probability * bins).astype(np.int64), bins - 1)
    found: list[dict[str, float]] = []
    for number in np.unique(place):
        rows = place == number
        found.append(
            {
                "from": float(number / bins),
                "to": float((number + 1) / bins),
                "rows": int(rows.sum()),
                "probability": float(judged.probability[rows].mean()),
                "due": float(judged.due[rows].mean()),
            }
        )
    return found


def quantity_figures(
    ordered: FloatArray, required: FloatArray, due: BoolArray
) -> Mapping[str, float]:
    """Quantities that a rule would have ordered beside those that were required.

    Args:
        ordered: Parts, 0 where it did not trigger, shape (row,).
        required: Parts that would have kept stock at the threshold, NaN = not known.
        due: Whether a refill was due.

    Returns:
        ``rows``; ``mae`` and ``bias`` (ordered less required), parts per row; ``relative_mae`` =
        sum of absolute errors over sum of what was required; ``short`` = share of the rows with a
        refill due for which less than required was ordered, nothing included.
    """
    known = ~np.isnan(required) & ~np.isnan(ordered)
    error = ordered[known] - required[known]
    total = float(required[known].sum())
    needy = error[due[known]]
    return {
        "rows": int(known.sum()),
        "mae": float(np.abs(error).mean()) if len(error) else float("nan"),
        "bias": float(error.mean()) if len(error) else float("nan"),
        "relative_mae": float(np.abs(error).sum()) / total if total else float("nan"),
        "short": float((needy < 0).mean()) if len(needy) else float("nan"),
    }


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sums:
    """Sums per block.

    Attributes:
        counts: tp, fp, fn, tn, shape (block, 4).
        squares: Squared errors of the probability, shape (block,).
        ranked: Rows by rank, the highest first, due and not; shape (block, rank, 2).
    """

    counts: FloatArray
    squares: FloatArray
    ranked: FloatArray

    @classmethod
    def of(cls, judged: Judgements, block: Index, blocks: int, *, fine: int | None) -> _Sums:
        due, triggered = judged.due, judged.triggered
        kind = np.where(due, np.where(triggered, 0, 2), np.where(triggered, 1, 3))
        counts = np.zeros((blocks, 4))
        np.add.at(counts, (block, kind), 1.0)
        squares = np.zeros(blocks)
        np.add.at(squares, block, (judged.probability - due) ** 2)
        place = np.unique(-judged.rank, return_inverse=True)[1].reshape(-1)
        levels = int(place.max(initial=-1)) + 1
        if fine is not None and levels > fine:
            place, levels = place * fine // levels, fine
        ranked = np.zeros((blocks, max(levels, 1), 2))
        np.add.at(ranked, (block, place, due.astype(np.int64)), 1.0)
        return cls(counts=counts, squares=squares, ranked=ranked)

    def metrics(self, weights: FloatArray) -> dict[str, FloatArray]:
        tp, fp, fn, tn = (weights @ self.counts).T
        rows = tp + fp + fn + tn
        recall, spared = _ratio(tp, tp + fn), _ratio(tn, tn + fp)
        both = np.stack([recall, spared])
        ranked = np.tensordot(weights, self.ranked, axes=1)
        area, average = _curves(ranked[:, :, 1], ranked[:, :, 0])
        return {
            "precision": _ratio(tp, tp + fp),
            "recall": recall,
            "f1": _ratio(2 * tp, 2 * tp + fp + fn),
            "accuracy": _ratio(tp + tn, rows),
            "balanced_accuracy": _ratio(
                np.nansum(both, axis=0), (~np.isnan(both)).sum(axis=0).astype(float)
            ),
            "roc_auc": area,
            "average_precision": average,
            "brier": _ratio(weights @ self.squares, rows),
        }


def _curves(due: FloatArray, spared: FloatArray) -> tuple[FloatArray, FloatArray]:
    """ROC area and average precision of rows by rank, the highest first, shape (draw, rank)."""
    found, false = np.cumsum(due, axis=1), np.cumsum(spared, axis=1)
    dues, others = found[:, -1], false[:, -1]
    below = others[:, None] - false + spared / 2
    area = _ratio((due * below).sum(axis=1), dues * others)
    precision = found / np.maximum(found + false, 1e-12)
    return area, _ratio((due * precision).sum(axis=1), dues)


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)
