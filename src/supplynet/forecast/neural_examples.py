"""What neural models learn from: stretches of history, cut by index from arrays made once.

A *stretch* is an example: its look-back, and forks, the origins that lie in it, each with every
step of the horizon as a target. With one fork it is a plain window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from supplynet.forecast.batches import batches
from supplynet.forecast.covariates import HIDDEN, Covariates
from supplynet.forecast.neural_inputs import OWN_KNOWN, Float32, Inputs, calendar_inputs
from supplynet.frames.panel import Panel
from supplynet.learning.windows import Index

_MOST_PAIRS = 2**21  # pairs of all series whose inputs are made at once: bounds the memory
_LEAST_PARTS = 256  # in which the stretches are drawn where not all are taken


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How a history is cut into stretches; see ``neural.Neural`` for each figure."""

    lookback: int
    horizon: int
    fork: int
    stride: int
    validation: float
    most_examples: int
    seed: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Stretches side by side.

    Attributes:
        past: Shape (stretch, period, past feature); the calendar comes first.
        origins: Last period that each fork sees, shape (fork,).
        known: Shape (stretch, fork, step, known feature); the calendar comes first.
        series: Row of the series in the panel, shape (stretch,).
        codes: Of its static categories, shape (stretch, category).
        target: Scaled, shape (stretch, fork, step); NaN = not observed.
    """

    past: Tensor
    origins: Tensor
    known: Tensor
    series: Tensor
    codes: Tensor
    target: Tensor


class Examples:
    """All stretches of a panel.

    Attributes:
        training, validation: Numbers of stretches. Every target of the training lies before
            the first origin of the validation.
    """

    def __init__(
        self,
        panel: Panel,
        names: Sequence[str],
        typical: float,
        covariates: Covariates,
        cut: Cut,
        device: torch.device,
    ) -> None:
        fork = shortened(cut, len(panel.periods))
        forks, lookback = np.arange(0, fork, cut.stride), cut.lookback
        # The last target of the last stretch is the last period.
        last = len(panel.periods) - cut.horizon - fork + 1
        starts = np.arange(last, 2 * cut.stride, -max(fork, cut.stride))[::-1]
        held = max(1, round(cut.validation * len(starts)))
        made = [
            _Part.of(part, names, typical, covariates, cut, starts[chosen][:, None] + forks)
            for part, chosen in _parts(panel, starts, held, len(forks), cut)
        ]
        calendar = calendar_inputs(panel.periods, names)
        own = np.concatenate([part.past for part in made])
        first = np.concatenate([part.first for part in made])
        target = np.concatenate([part.target for part in made])
        held_out, boundary = first >= starts[-held], int(starts[-held])
        _hide(target, first, forks, np.where(held_out, len(panel.periods), boundary))
        rows = np.concatenate([part.series for part in made])
        rows += np.repeat(
            np.cumsum([0, *(len(part.past) for part in made[:-1])]),
            [len(part.series) for part in made],
        )
        self._lookback = lookback
        self._calendar = _tensor(np.pad(calendar, ((lookback, 0), (0, 0))), device)
        self._past = _tensor(np.pad(own, ((0, 0), (lookback, 0), (0, 0))), device)
        codes = np.concatenate([part.codes for part in made])
        self._codes = _tensor(codes, device)
        self._first, self._series = _tensor(first, device), _tensor(rows, device)
        self._known = _tensor(np.concatenate([part.known for part in made]), device)
        self._target = _tensor(target, device)
        self._window = torch.arange(lookback + int(forks[-1]), device=device)
        self._ahead = _tensor(forks[:, None] + np.arange(cut.horizon), device) + lookback
        self._origins = _tensor(forks + lookback - 1, device)
        self.training = torch.from_numpy(np.flatnonzero(~held_out))
        self.validation = torch.from_numpy(np.flatnonzero(held_out))

    def batch(self, numbers: Tensor) -> Batch:
        """The stretches of these numbers, on the device."""
        numbers = numbers.to(self._series.device)
        series, first = self._series[numbers], self._first[numbers]
        seen = first[:, None] + self._window
        past = [self._calendar[seen], self._past[series[:, None], seen]]
        ahead = first[:, None, None] + self._ahead
        known = [self._calendar[ahead], self._known[numbers]]
        return Batch(
            past=torch.cat(past, dim=-1),
            origins=self._origins,
            known=torch.cat(known, dim=-1),
            series=series,
            codes=self._codes[series],
            target=self._target[numbers],
        )


def shortened(cut: Cut, periods: int) -> int:
    """Periods of a stretch in which forks lie, fewer where the history is short."""
    return min(cut.fork, max(1, (periods - cut.lookback - cut.horizon) // 4))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Part:
    """Stretches of some series: own past and codes (series, ...), all else by stretch."""

    past: Float32
    codes: Index
    series: Index
    first: Index
    known: Float32
    target: Float32

    @classmethod
    def of(
        cls,
        panel: Panel,
        names: Sequence[str],
        typical: float,
        covariates: Covariates,
        cut: Cut,
        origins: Index,
    ) -> _Part:
        inputs = Inputs.of(
            panel, (), names=names, typical=typical, covariates=covariates, horizon=cut.horizon
        )
        known, target = inputs.examples(origins)
        timed = slice(OWN_KNOWN, OWN_KNOWN + len(covariates.timed))
        if covariates.timed:
            random = np.random.default_rng([cut.seed, len(origins), *panel.demand.shape])
            known[random.random(known.shape[:2]) < HIDDEN, ..., timed] = 0.0
        count = len(panel.series)
        return cls(
            past=inputs.past(),
            codes=inputs.beside.codes,
            series=np.repeat(np.arange(count), len(origins)),
            first=np.tile(origins[:, 0], count),
            known=known.reshape(-1, *known.shape[2:]),
            target=target.reshape(-1, *target.shape[2:]),
        )


def _parts(
    panel: Panel, starts: Index, held: int, forks: int, cut: Cut
) -> Iterator[tuple[Panel, Index]]:
    """Whole lines at a time, each with the stretches that it gives.

    All of them, or where that were too many, some of both sides by chance: of few lines at a time,
    so that the stretches lie everywhere, and none at all of most lines where there are very many.
    """
    random = np.random.default_rng(cut.seed)
    share = min(1.0, cut.most_examples / (len(panel.series) * len(starts)))
    sides = np.arange(len(starts) - held), np.arange(len(starts) - held, len(starts))
    most = max(1, int(_MOST_PAIRS / (max(1.0, share * len(starts)) * forks * cut.horizon)))
    if share < 1.0:
        most = min(most, max(1, cut.most_examples // _LEAST_PARTS))
    least = 1  # of each side: there must be something to learn from and to stop by
    for rows in batches(panel.series, most):
        chosen = [_some(side, share, least, random) for side in sides]
        if any(len(side) for side in chosen):
            part = replace(panel, series=panel.series[rows], demand=panel.demand[rows])
            yield part, np.concatenate(chosen)
        least = 0


def _some(side: Index, share: float, least: int, random: np.random.Generator) -> Index:
    """A share of them, in order; where that is less than one, one or none by chance."""
    wanted = share * len(side)
    count = round(wanted) if wanted >= 1.0 else int(random.random() < wanted)
    return np.sort(random.choice(side, max(count, least), replace=False))


def _hide(target: Float32, first: Index, forks: Index, end: Index) -> None:
    """No target at or after the end of its stretch's side."""
    periods = first[:, None, None] + (forks[:, None] + np.arange(target.shape[-1]))
    target[periods >= end[:, None, None]] = np.nan


def _tensor(array: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(array).to(device)
