"""What an incident looks like: by rule where that is certain, else by a small decision tree.

The tree is learnt (``kind_learning``) and kept as ``kind_tree.json``, which a person can read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from supplynet.anomaly.incident import Kind
from supplynet.anomaly.runs import Ints, Run
from supplynet.core.sample_paths import FloatArray

PACKS = (5, 6, 8, 10, 12, 15, 20, 24, 25, 30, 40, 50)
"""Usual pack sizes, parts."""
_LOG_PACKS = np.log(PACKS)
FIRST = 10  # odd values of a run that tell its ratio; a detector may get used to those after
AROUND = 21  # values on each side that tell the level before and after
_STUCK_DIGITS = 5.0
_SURELY_NOT_QUIET = 1e-3
_PACK_WITHIN = 0.08  # in logs: a few per cent
_PACK_LEAST = math.log(4)
_PACK_PERIODS = 3
_PACK_AT_ALL = math.log(3)
_ABOUT_TWICE = math.log(1.6)
_LASTS = 3  # periods
_OF_ONE_SHIFT = 0.75  # of the odd periods
_MULTIPLES = 100  # values that tell what all amounts of a series are multiples of
_FAR = 6.0  # logs and half bands are cut off here
_ONE_VALUE = (Kind.SPIKE, Kind.DROP, Kind.DOUBLE_BOOKING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """An incident in numbers that do not depend on how much the series uses. Ratios are logs.

    Attributes:
        side: 1 = too high, -1 = too low, 0 = neither or both.
        periods: Odd periods.
        density: Their share of the observed periods from the first to the last.
        ratio: Observed over expected, median of the first odd periods.
        spread: How much that varies from period to period.
        far: How far the oddest value strays, in half bands of usual values.
        half_far: How far half of it strays: little when it was counted twice.
        halves: 1 when half of it is an amount that the series may have, 0 when it is none, 0.5
            where amounts are no whole numbers.
        to_two, to_half, to_pack: How far ``ratio`` is from 2, from 1/2, and from the nearest pack
            or its inverse, after what the other parts of the line do is taken out.
        zeros: Share of zeros among the odd values.
        usual_zeros: The same among the others.
        equal: Share of odd values that repeat the one before.
        repeats: Digits of the odds against so many equal values in a row.
        one_shift: Share of the odd periods that are of one shift; 0 for a single period, and where
            there is but one.
        slope: Change of the ratio from the first third to the last.
        compensates: Share of the surplus that the next value lacks; below 0 when it has more.
        next_missing: 1 when the next value is not there.
        after: Level after it began, over the level before.
        after_shift, after_others: The same for its commonest shift, and for all others.
        goes_on: 1 when it has not ended.
    """

    side: float
    periods: float
    density: float
    ratio: float
    spread: float
    far: float
    half_far: float
    halves: float
    to_two: float
    to_half: float
    to_pack: float
    zeros: float
    usual_zeros: float
    equal: float
    repeats: float
    one_shift: float
    slope: float
    compensates: float
    next_missing: float
    after: float
    after_shift: float
    after_others: float
    goes_on: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Track:
    """One series, or the sum over a line: arrays of shape (period,), see ``runs.Seen``."""

    observed: FloatArray
    expected: FloatArray
    low: FloatArray
    high: FloatArray
    slots: Ints


def features_of(track: Track, run: Run, others: float = 0.0) -> Features:
    """The features of a run of odd values.

    Args:
        track: Of the series.
        run: Its odd periods.
        others: What the other parts of its line do at the same time: log of observed over expected.
    """
    odd, seen = run.columns, np.isfinite(track.observed)
    value, expected = track.observed[odd], track.expected[odd]
    logs = np.log((value + 0.5) / (expected + 0.5))
    ratio = _middle(logs[:FIRST])
    band = np.where(value > expected, track.high[odd] - expected, expected - track.low[odd])
    far = np.abs(value - expected) / np.maximum(band, 0.5)
    peak = int(far.argmax())
    others_seen = seen.copy()
    others_seen[odd] = False
    rest = track.observed[others_seen]
    own = ratio - others
    levels = _levels(track, run, seen)
    return Features(
        side=float(run.side if run.side in (-1, 1) else 0),
        periods=float(len(odd)),
        density=len(odd) / int(seen[run.first : run.last + 1].sum()),
        ratio=ratio,
        spread=float(np.std(logs[:FIRST])),
        far=_cut(float(far[peak])),
        half_far=_cut(float(abs(value[peak] / 2 - expected[peak]) / max(band[peak], 0.5))),
        halves=_halves(float(value[peak]), rest),
        to_two=abs(own - math.log(2)),
        to_half=abs(own + math.log(2)),
        to_pack=float(np.abs(abs(own) - _LOG_PACKS).min()),
        zeros=float((value == 0).mean()),
        usual_zeros=float((rest == 0).mean()) if len(rest) else 0.0,
        equal=float((np.diff(value) == 0).mean()) if len(odd) > 1 else 0.0,
        repeats=run.repeats,
        one_shift=_one_shift(track.slots[odd]) if np.ptp(track.slots) else 0.0,
        slope=_slope(logs),
        compensates=_compensates(track, run, float((value - expected).sum())),
        next_missing=float(run.last + 1 < len(seen) and not seen[run.last + 1]),
        after=levels[0],
        after_shift=levels[1],
        after_others=levels[2],
        goes_on=float(not seen[run.last + 1 :].any()),
    )


def _middle(values: FloatArray) -> float:
    """The median; of so few values a sort is several times as fast as numpy's."""
    ordered: list[float] = sorted(values.tolist())
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _halves(value: float, usual: FloatArray) -> float:
    """Whether half of a value is a multiple of what all the usual ones are multiples of."""
    some = usual[-_MULTIPLES:]
    if not len(some) or (some % 1).any() or value % 1:
        return 0.5
    step = int(np.gcd.reduce(some.astype(int)))
    return float(value % (2 * max(step, 1)) == 0)


def _cut(value: float) -> float:
    return min(max(value, -_FAR), _FAR)


def _one_shift(slots: Ints) -> float:
    return float(np.bincount(slots).max() / len(slots)) if len(slots) > 1 else 0.0


def _slope(logs: FloatArray) -> float:
    third = max(1, len(logs) // 3)
    return float(logs[-third:].mean() - logs[:third].mean())


def _compensates(track: Track, run: Run, size: float) -> float:
    """How much of the surplus or lack the next observed value makes up for."""
    after = np.flatnonzero(np.isfinite(track.observed[run.last + 1 :]))
    if not len(after) or size == 0:
        return 0.0
    column = run.last + 1 + int(after[0])
    return _cut(-float(track.observed[column] - track.expected[column]) / size)


def _levels(track: Track, run: Run, seen: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    """Log of the level after the first odd period over that before: all, its shift, the others.

    It tells a new level even of a detector that gets used to it.
    """
    slot = int(np.bincount(track.slots[run.columns]).argmax())
    mine = track.slots == slot
    found = []
    for chosen in (seen, seen & mine, seen & ~mine):
        before = track.observed[: run.first][chosen[: run.first]][-AROUND:]
        after = track.observed[run.first + 1 :][chosen[run.first + 1 :]][:AROUND]
        if min(len(before), len(after)) == 0:
            found.append(0.0)
            continue
        found.append(_cut(math.log((_middle(after) + 0.5) / (_middle(before) + 0.5))))
    return found[0], found[1], found[2]


@dataclass(frozen=True, kw_only=True, eq=False)
class KindTree:
    """A decision tree as nested tables, and how it was learnt.

    Attributes:
        root: ``{"feature", "at_most", "yes", "no"}`` or a leaf ``{"kind", "counts"}``.
        learnt: Seeds, counts and the share of right answers by kind, for people.
    """

    root: Mapping[str, Any]
    learnt: Mapping[str, Any]

    def kind(self, features: Features) -> Kind:
        """The answer of the leaf that these features lead to."""
        node = self.root
        while "feature" in node:
            node = node["yes" if getattr(features, node["feature"]) <= node["at_most"] else "no"]
        return Kind(node["kind"])

    def as_json(self) -> str:
        """The text of a tree file."""
        return json.dumps({"learnt": self.learnt, "tree": self.root}, indent=1) + "\n"

    @classmethod
    def of_json(cls, text: str) -> KindTree:
        """The tree that ``as_json`` told."""
        told = json.loads(text)
        return cls(root=told["tree"], learnt=told["learnt"])


@cache
def default_tree() -> KindTree:
    """The tree that comes with the package."""
    return KindTree.of_json(files(__package__).joinpath("kind_tree.json").read_text("utf-8"))


def kind_of(features: Features, tree: KindTree | None = None) -> Kind:
    """What an incident with these features looks like; ``tree`` None = ``default_tree()``."""
    certain = by_rule(features)
    if certain is not None:
        return certain
    told = (tree or default_tree()).kind(features)
    if told is Kind.UNIT_JUMP and features.zeros == 1:  # of no pack size is anything 0
        return Kind.DEAD_SENSOR if features.periods > 1 else Kind.DROP
    if not _may_be(told, features):
        told = Kind.LEVEL_SHIFT if features.periods >= _LASTS else Kind.SPIKE
    if told in _ONE_VALUE and features.side:  # whatever else is uncertain, the side is not
        high = Kind.SPIKE if told is Kind.DROP else told
        return high if features.side > 0 else Kind.DROP
    return told


def _may_be(kind: Kind, features: Features) -> bool:
    """Whether the sentence of a kind would be true, whatever the tree thinks."""
    if kind is Kind.NIGHT_DRIFT:  # something of one shift, several times
        return features.periods >= _LASTS and features.one_shift >= _OF_ONE_SHIFT
    if kind is Kind.SPIKE:  # what goes on and on is no peak
        return features.periods < _LASTS or features.density < _OF_ONE_SHIFT
    if kind is Kind.DOUBLE_BOOKING:
        return abs(features.ratio - math.log(2)) <= _ABOUT_TWICE
    if kind is Kind.UNIT_JUMP:
        return abs(features.ratio) >= _PACK_AT_ALL
    return True


def by_rule(features: Features) -> Kind | None:
    """The kind where it is certain, else None."""
    one = features
    if one.repeats >= _STUCK_DIGITS:
        return Kind.STUCK_SENSOR
    lasts = one.periods >= 3 or (one.periods >= 2 and one.goes_on)
    quiet = max(one.usual_zeros, 1e-2) ** one.periods
    if one.zeros == 1 and lasts and quiet < _SURELY_NOT_QUIET:
        return Kind.DEAD_SENSOR
    several = one.periods >= _PACK_PERIODS and abs(one.ratio) >= _PACK_LEAST
    if several and one.zeros < 1 and one.to_pack <= _PACK_WITHIN and one.density > 0.9:
        return Kind.UNIT_JUMP
    return None


def numbers(features: Features) -> dict[str, float]:
    """The features by name."""
    return asdict(features)
