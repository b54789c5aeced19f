"""Affiliation: how near flags lie to the anomaly that they belong to, against chance.

Huet, Navarro and Rossi, "Local Evaluation of Time Series Anomaly Detection Algorithms", KDD 2022.
Every period belongs to the zone of the nearest labelled anomaly. A flag is right with the share of
its zone that lies at least as far away from the anomaly as the flag does: 1 inside, about 0.5 for
a flag put anywhere. An anomaly is told with the share of the zone that lies farther from it than
the nearest flag, averaged over the anomaly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from supplynet.anomaly.vus import BoolArray, runs
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Affiliation:
    """How near flags and anomalies are, 0 to 1.

    Attributes:
        precision: Of the flags, a mean over the zones that have one; NaN where nothing is flagged.
        recall: Of the anomalies, a mean; 0 for one whose zone has no flag; NaN without anomalies.
    """

    precision: float
    recall: float

    @property
    def f(self) -> float:
        """Harmonic mean of both; 0 where nothing is flagged, NaN without anomalies."""
        if self.recall == 0:
            return 0.0
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def affiliation(labels: BoolArray, flagged: BoolArray) -> Affiliation:
    """Affiliation precision and recall of flags; a period is the stretch [i, i + 1).

    Args:
        labels: Whether each period is anomalous, shape (period,).
        flagged: Whether the detector says so, shape (period,).

    Raises:
        InvalidInput: The shapes differ.
    """
    if labels.shape != flagged.shape or labels.ndim != 1:
        raise InvalidInput(
            f"labels have shape {labels.shape}, flags {flagged.shape}; give one of each per period"
        )
    if not labels.any():
        return Affiliation(precision=float("nan"), recall=float("nan"))
    first, end = (bounds.astype(np.float64) for bounds in runs(flagged))
    precisions, recalls = [], []
    for zone in _zones(labels):
        a, b = np.maximum(first, zone.begin), np.minimum(end, zone.finish)
        a, b = a[a < b], b[a < b]
        if a.size:
            precisions.append(zone.precision(a, b))
        recalls.append(zone.recall(a, b) if a.size else 0.0)
    precision = float(np.mean(precisions)) if precisions else float("nan")
    return Affiliation(precision=precision, recall=float(np.mean(recalls)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Zone:
    """An anomaly [first, end) and the stretch [begin, finish) of what is nearest to it."""

    begin: float
    first: float
    end: float
    finish: float

    def precision(self, a: FloatArray, b: FloatArray) -> float:
        """Mean over the flagged stretches [a, b) of the zone."""
        inside = np.maximum(np.minimum(b, self.end) - np.maximum(a, self.first), 0.0).sum()
        before = self._farther(self.first - np.minimum(a, self.first))
        before -= self._farther(self.first - np.minimum(b, self.first))
        after = self._farther(np.maximum(b, self.end) - self.end)
        after -= self._farther(np.maximum(a, self.end) - self.end)
        return float((inside + before.sum() + after.sum()) / (b - a).sum())

    def recall(self, a: FloatArray, b: FloatArray) -> float:
        """Mean over the anomaly, told by the flagged stretches [a, b) of its zone."""
        told = np.maximum(np.minimum(b, self.end) - np.maximum(a, self.first), 0.0).sum()
        middle = (b[:-1] + a[1:]) / 2
        # A flag tells of the anomaly what lies nearer to it than to the next flag, on both sides.
        told += self._told(b, np.append(middle, self.end), self.finish - b)
        told += self._told(-a, -np.append(self.first, middle), a - self.begin, back=True)
        return float(told / (self.end - self.first))

    def _farther(self, reach: FloatArray) -> FloatArray:
        """Integral, up to a distance, of the share of the zone that is at least as far off."""
        zone = self.finish - self.begin
        rest = zone - (self.end - self.first)
        near = _capped(reach, np.asarray(self.first - self.begin))
        near += _capped(reach, np.asarray(self.finish - self.end))
        return (rest * reach - near) / zone

    def _told(
        self, edge: FloatArray, limit: FloatArray, room: FloatArray, *, back: bool = False
    ) -> float:
        """Integral over the part of the anomaly between a flag's edge and a limit behind it.

        Shape (flag,). ``room`` is what the zone has behind the edge, and caps how many periods
        are nearer to one of the anomaly than the flag is. Going ``back`` all signs are turned.
        """
        low, high = (-self.end, -self.first) if back else (self.first, self.end)
        near = np.maximum(np.maximum(edge, low) - edge, 0.0)
        far = np.maximum(np.minimum(limit, high) - edge, near)
        zone = self.finish - self.begin
        return float((self._share(far, room, zone) - self._share(near, room, zone)).sum())

    @staticmethod
    def _share(reach: FloatArray, room: FloatArray, zone: float) -> FloatArray:
        """Integral, up to a distance to the flag, of the share of the zone that is farther off."""
        return reach - 2 * _capped(reach, room / 2) / zone


def _capped(reach: FloatArray, cap: FloatArray) -> FloatArray:
    """Integral of ``min(distance, cap)`` from 0 to ``reach``."""
    within = np.minimum(reach, cap)
    return within**2 / 2 + cap * (reach - within)


def _zones(labels: BoolArray) -> Iterator[_Zone]:
    first, end = runs(labels)
    middle = (end[:-1] + first[1:]) / 2
    begin = np.append(0.0, middle)
    finish = np.append(middle, float(labels.size))
    for bounds in zip(begin, first, end, finish, strict=True):
        a, b, c, d = (float(bound) for bound in bounds)
        yield _Zone(begin=a, first=b, end=c, finish=d)
