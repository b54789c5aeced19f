"""What the networks of all neural models share: the head that joins past and known-ahead."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from supplynet.forecast.covariates import Covariates
from supplynet.forecast.neural_inputs import OWN_KNOWN, OWN_PAST, calendar_width
from supplynet.forecast.quantiles import QUANTILES, normal_levels


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Sizes that the data give a network.

    Attributes:
        calendar: Calendar features, the first of both inputs.
        series: Series with heads of their own; 0 = one head for all.
        timed: Covariates of a period.
        numbers: Static numbers of a series.
        categories: Codes of each static category.
    """

    calendar: int
    series: int
    timed: int = 0
    numbers: int = 0
    categories: tuple[int, ...] = ()

    @classmethod
    def of(cls, shifts: int, series: int, covariates: Covariates) -> Shape:
        """For so many shift names and series with heads of their own, and these covariates."""
        return cls(
            calendar=calendar_width(shifts),
            series=series,
            timed=len(covariates.timed),
            numbers=len(covariates.numbers),
            categories=covariates.sizes,
        )

    @property
    def own_past(self) -> int:
        """Features of a period of the past that are the series' own."""
        return OWN_PAST + self.timed

    @property
    def past(self) -> int:
        """Features of a period of the past."""
        return self.calendar + self.own_past

    @property
    def known(self) -> int:
        """Features of a target period."""
        return self.calendar + OWN_KNOWN + self.timed + self.numbers


class Network(nn.Module, ABC):
    """A network: ``encode`` is the model's own, the head is everyone's.

    Args:
        shape: Of the data.
        states: Size of what ``encode`` gives.
        width: Of the head.
    """

    def __init__(self, shape: Shape, states: int, width: int) -> None:
        super().__init__()
        self.own_past = shape.own_past
        self.context = nn.Linear(states, width)
        self.known = nn.Linear(shape.known, width)
        self.head = nn.Linear(width, len(QUANTILES))
        # Before it has learnt anything it says: as the profile has it, with normal errors.
        nn.init.zeros_(self.head.weight)
        self.head.bias.data = torch.tensor(normal_levels(QUANTILES), dtype=torch.float32)
        if shape.series:
            self.own = nn.Embedding(shape.series + 1, width, padding_idx=0)
            nn.init.zeros_(self.own.weight)
        self.timed = slice(shape.known - shape.timed - shape.numbers, shape.known - shape.numbers)
        if shape.timed:  # a covariate moves all quantiles: learnt at once where it is so
            self.effect = nn.Linear(shape.timed, 1, bias=False)
            nn.init.zeros_(self.effect.weight)
        # Facts of a series: each moves the head's input; what is not known moves nothing.
        self.facts = nn.ModuleList(
            nn.Embedding(size, width, padding_idx=0) for size in shape.categories
        )
        for fact in self.facts:
            nn.init.zeros_(cast("nn.Embedding", fact).weight)

    @abstractmethod
    def encode(self, past: Tensor, origins: Tensor, steps: int) -> Tensor:
        """What each origin knows of its past.

        Args:
            past: Shape (batch, period, past feature).
            origins: Last period that each origin sees, shape (origin,).
            steps: How many steps will be asked for.

        Returns:
            Shape (batch, origin, step, state); one step where all steps share it.
        """

    def forward(self, past: Tensor, origins: Tensor, known: Tensor, series: Tensor) -> Tensor:
        """Scaled quantiles.

        Args:
            past: Shape (batch, period, past feature).
            origins: Last period that each origin sees, shape (origin,).
            known: Shape (batch, origin, step, known feature).
            series: Shape (batch, 1 + category): number of each series with a head of its own,
                from 1 (0 for others), then the codes of its static categories.

        Returns:
            Shape (batch, origin, step, quantile), not sorted.
        """
        joined = self.context(self.encode(past, origins, known.shape[2])) + self.known(known)
        if hasattr(self, "own"):
            joined = joined + self.own(series[:, 0])[:, None, None]
        for place, fact in enumerate(self.facts, start=1):
            joined = joined + fact(series[:, place])[:, None, None]
        quantiles: Tensor = self.head(torch.relu(joined))
        if hasattr(self, "effect"):
            quantiles = quantiles + self.effect(known[..., self.timed])
        return quantiles


def windows(past: Tensor, origins: Tensor, lookback: int) -> Tensor:
    """What each origin sees: (batch, period, feature) -> (batch, origin, feature, lookback)."""
    return past.unfold(1, lookback, 1)[:, origins - lookback + 1]


def own_features(past: Tensor, count: int) -> Tensor:
    """The series' own features of the past, the last ``count``, without the calendar's."""
    return past[..., -count:]
