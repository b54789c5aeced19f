"""What a search is asked for, what it searches, and what it notes of every trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from supplynet.errors import InvalidInput
from supplynet.forecast.folds import FoldData
from supplynet.forecast.model import Estimator
from supplynet.forecast.tuning_spaces import Space

Method = Literal["tpe", "random", "grid"]
Metric = Literal["pinball", "mase", "wape", "rmsse"]
State = Literal["complete", "pruned", "failed"]
Settings = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Search:
    """How to search; whichever of ``trials`` and ``minutes`` runs out first ends it.

    Args:
        method: ``tpe``, ``random`` or ``grid``; see ``tuning_proposals``.
        metric: What is made small: the mean over the folds.
        trials: Settings to try, the default among them; None = as many as there is time for, or
            as the grid has.
        minutes: For the search and the final scoring. A trial that is running when they are over
            is dropped between two folds; the default and the final scoring always take place.
        seed: Same seed, data and number of trials, same result.

    Raises:
        InvalidInput: A word that is not known, or no budget.
    """

    method: Method = "tpe"
    metric: Metric = "pinball"
    trials: int | None = 25
    minutes: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for what, value, known in (
            ("search", self.method, get_args(Method)),
            ("metric", self.metric, get_args(Metric)),
        ):
            if value not in known:
                raise InvalidInput(f"no {what} {value!r}; choose one of {', '.join(known)}")
        if self.trials is None and self.minutes is None and self.method != "grid":
            raise InvalidInput("a search needs an end: give trials, minutes or both")
        if self.trials is not None and self.trials < 1:
            raise InvalidInput(f"trials is {self.trials}; give 1 or more")
        if self.minutes is not None and not self.minutes > 0:
            raise InvalidInput(f"minutes is {self.minutes:g}; give more than 0")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Settings that were tried.

    Attributes:
        number: From 0, which is the default.
        settings: Of what is tuned.
        state: ``pruned`` = given up as worse than the median of the others up to the same fold.
        scores: By fold, oldest first; as many as were forecast.
        seconds: That it took.
        reason: Why it failed.
        repeats: Trial with the same settings, whose scores these are; None = it was run.
    """

    number: int
    settings: Settings
    state: State
    scores: tuple[float, ...]
    seconds: float
    reason: str = ""
    repeats: int | None = None

    @property
    def score(self) -> float | None:
        """Mean over all folds; None unless it is complete."""
        return float(np.mean(self.scores)) if self.state == "complete" else None


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is searched.

    Attributes:
        make: The model with these settings.
        space: What may be tried.
        default: Tried first; a point of the space.
        data: Folds, oldest first.
    """

    make: Callable[[Settings], Estimator]
    space: Space
    default: Settings
    data: Sequence[FoldData]


@dataclass(kw_only=True)
class Budget:
    """What is left of the minutes.

    Args:
        minutes: None = no end.
        clock: Seconds.

    Attributes:
        reserve: Seconds that the final scoring needs.
    """

    minutes: float | None
    clock: Callable[[], float]
    reserve: float = 0.0
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()

    @property
    def used(self) -> float:
        """Share that is used up, 0 to 1."""
        if self.minutes is None:
            return 0.0
        return min(1.0, (self.clock() - self._started + self.reserve) / (60 * self.minutes))
