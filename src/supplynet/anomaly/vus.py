"""VUS: how well strangeness ranks labelled anomalies, whatever the threshold and the exact edges.

Paparrizos, Boniol, Palpanas, Tsay, Elmore and Franklin, "Volume Under the Surface", PVLDB 15(11),
2022, in the form in which TSB-AD (Liu and Paparrizos, NeurIPS 2024) computes its tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput

BoolArray = npt.NDArray[np.bool_]
_Places = npt.NDArray[np.intp]
_USUAL_PERIOD = 125
_LAGS = 400
_SHORTEST, _LONGEST = 6, 303
_LOOKED_AT = 20_000


def vus_pr(labels: BoolArray, scores: FloatArray, buffer: int) -> float:
    """Volume under the range-based precision-recall surface; 1 = perfect.

    For every length ``l`` from 0 to ``buffer``: a period up to ``l // 2`` beside an anomaly counts
    as ``sqrt(1 - distance / l)`` of one (equation 3), so that a flag beside the label is worth
    something. At a threshold, with ``P`` anomalous periods, ``A`` of them flagged, ``B`` the worth
    of the flagged periods beside them and ``N`` flags in all: precision is ``(A + B) / N``, recall
    ``min(1, (A + B) / (P + B / 2))`` times the share of widened anomalies with a flag. The area is
    average precision, and the volume the mean area. Thresholds are all distinct scores; published
    tables sample 250 of them, which moves a figure by about 0.01.

    Args:
        labels: Whether each period is anomalous, shape (period,).
        scores: The higher the odder, shape (period,); NaN = not judged, less odd than all others.
        buffer: Longest length, in periods; usually the period of the series (``period_of``).

    Returns:
        0 to 1; NaN when no period is anomalous.

    Raises:
        InvalidInput: The shapes differ or ``buffer`` is below 0.
    """
    return _mean([_average_precision(curve) for curve in _curves(labels, scores, buffer)])


def vus_roc(labels: BoolArray, scores: FloatArray, buffer: int) -> float:
    """Volume under the range-based ROC surface: as ``vus_pr``, against the false positive rate.

    About 0.5 for a random score; flatters where anomalies are rare. NaN when no period, or every
    period, is anomalous.

    Raises:
        InvalidInput: The shapes differ or ``buffer`` is below 0.
    """
    if labels.all():
        return float("nan")
    return _mean([_roc_area(curve, labels.size) for curve in _curves(labels, scores, buffer)])


def period_of(values: FloatArray) -> int:
    """Periods after which a series repeats itself, as TSB-AD chooses its buffers and windows.

    The lag of the highest local maximum of the autocorrelation from lag 4 to 399, of the first
    20,000 values; 125 where there is none, or where it lies before lag 6 or after lag 303.

    Args:
        values: Shape (period,); NaN counts as the mean.
    """
    seen = values[:_LOOKED_AT]
    if not np.isfinite(seen).any():
        return _USUAL_PERIOD
    centred = np.where(np.isfinite(seen), seen - seen[np.isfinite(seen)].mean(), 0.0)
    power = np.abs(np.fft.rfft(centred, 2 * centred.size)) ** 2
    correlation = np.fft.irfft(power, 2 * centred.size)[: min(_LAGS + 1, centred.size)]
    lags = np.arange(4, correlation.size - 1)
    height = correlation[lags]
    peaks = lags[(height > correlation[lags - 1]) & (height > correlation[lags + 1])]
    if not peaks.size:
        return _USUAL_PERIOD
    best = int(peaks[np.argmax(correlation[peaks])])
    return best if _SHORTEST <= best <= _LONGEST else _USUAL_PERIOD


def runs(flags: BoolArray) -> tuple[_Places, _Places]:
    """First and end (exclusive) of every run of True of ``flags``, shape (period,)."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return edges[::2], edges[1::2]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Curve:
    """What is flagged at each threshold, falling, for one length. Shape (threshold,)."""

    flagged: FloatArray
    found: FloatArray
    recall: FloatArray
    positives: FloatArray


def _curves(labels: BoolArray, scores: FloatArray, buffer: int) -> Iterator[_Curve]:
    if labels.shape != scores.shape or labels.ndim != 1:
        raise InvalidInput(
            f"labels have shape {labels.shape}, scores {scores.shape}; give one of each per period"
        )
    if buffer < 0:
        raise InvalidInput(f"the buffer is {buffer} periods; give 0 or more")
    if not labels.any():
        return
    order, place, last = _ranking(scores)
    inside = np.cumsum(labels[order])[last].astype(np.float64)
    flagged = (last + 1).astype(np.float64)
    for length in range(buffer + 1):
        beside = np.cumsum(_worth(labels, length)[order])[last]
        first, end = _widened(labels, length // 2)
        bounds = np.column_stack([first, end]).ravel()
        found_at = np.minimum.reduceat(np.append(place, 0), bounds)[::2]
        existence = np.cumsum(np.bincount(found_at, minlength=last.size)) / first.size
        positives = labels.sum() + beside / 2
        recall = np.minimum((inside + beside) / positives, 1.0) * existence
        yield _Curve(flagged=flagged, found=inside + beside, recall=recall, positives=positives)


def _ranking(scores: FloatArray) -> tuple[_Places, _Places, _Places]:
    """Periods by falling score, number of each period's threshold, last place of each threshold."""
    _, number = np.unique(np.where(np.isnan(scores), -np.inf, scores), return_inverse=True)
    threshold = number.max() - number
    order = np.argsort(threshold, kind="stable")
    return order, threshold, np.flatnonzero(np.diff(threshold[order], append=-1))


def _worth(labels: BoolArray, length: int) -> FloatArray:
    """How much of an anomaly each period beside one is; 0 inside. Shape (period,)."""
    worth = np.zeros(labels.size)
    reach = length // 2
    if not reach:
        return worth
    shares = np.sqrt(1 - np.arange(1, reach + 1) / length)
    for first, end in zip(*runs(labels), strict=True):
        after = min(reach, labels.size - end)
        worth[end : end + after] += shares[:after]
        before = min(reach, first)
        worth[first - before : first] += shares[:before][::-1]
    return np.where(labels, 0.0, np.minimum(worth, 1.0))


def _widened(labels: BoolArray, reach: int) -> tuple[_Places, _Places]:
    """Anomalies with ``reach`` periods on both sides; those that then touch are one."""
    first, end = runs(labels)
    apart = end[:-1] + reach <= first[1:] - reach
    return (
        np.maximum(first[np.append(True, apart)] - reach, 0),
        np.minimum(end[np.append(apart, True)] + reach, labels.size),
    )


def _average_precision(curve: _Curve) -> float:
    return float(np.diff(curve.recall, prepend=0.0) @ (curve.found / curve.flagged))


def _roc_area(curve: _Curve, periods: int) -> float:
    rate = (curve.flagged - curve.found) / (periods - curve.positives)
    height = np.concatenate([[0.0], curve.recall, [1.0]])
    width = np.diff(np.concatenate([[0.0], rate, [1.0]]))
    return float(width @ (height[1:] + height[:-1]) / 2)


def _mean(areas: list[float]) -> float:
    return float(np.mean(areas)) if areas else float("nan")
