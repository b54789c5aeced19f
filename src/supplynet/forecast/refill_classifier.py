"""What every refill classifier is: settings that fit, and a fitted model that judges rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError, InsufficientData, NotFound
from supplynet.learning.artifacts import ModelState

CLASSIFIERS = {
    "refill_forest": "supplynet.forecast.refill_forest:RefillForest",
    "refill_lightgbm": "supplynet.forecast.refill_lightgbm:RefillLightGbm",
}
LEAST_OF_EACH = 20
"""Moments with and without a refill that a classifier must have seen."""
Table = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class RefillExamples:
    """Rows to learn from.

    Attributes:
        columns: Names of the columns of ``table``.
        table: Shape (row, column), NaN = not known.
        due: Whether a refill was due, shape (row,).
        lack: In units of what was expected, shape (row,); NaN where it is not known.
    """

    columns: tuple[str, ...]
    table: Table
    due: npt.NDArray[np.bool_]
    lack: FloatArray

    def check(self) -> None:
        """Refuse too few rows of either kind.

        Raises:
            InsufficientData: With what to do.
        """
        few = min(int(self.due.sum()), int((~self.due).sum()))
        if few < LEAST_OF_EACH:
            raise InsufficientData(
                f"of {len(self.due):,} moments to learn from a refill was due at "
                f"{int(self.due.sum()):,}; a classifier needs {LEAST_OF_EACH} of each kind: give "
                "more history, another threshold, or use the forecast-based rule"
            )


class FittedRefillClassifier(Protocol):
    """A fitted classifier. Judging changes nothing in it."""

    def probability(self, table: Table) -> FloatArray:
        """That a refill is due, in [0, 1], shape (row,)."""

    def lack(self, table: Table) -> FloatArray:
        """Upper quantile of the lack, in units of what is expected, shape (row,)."""

    def state(self) -> ModelState:
        """The model as plain data, for ``learning.artifacts``."""


class RefillClassifier(Protocol):
    """Settings of a classifier; a frozen dataclass that can be fitted any number of times."""

    def fit(self, examples: RefillExamples) -> FittedRefillClassifier:
        """Learn.

        Raises:
            InsufficientData: Too few rows of either kind.
        """


def classifier(name: str, **settings: Any) -> RefillClassifier:
    """The classifier of that name with these settings.

    Raises:
        NotFound: No such classifier.
        ConfigError: It has no such setting, or a value is out of range.
    """
    try:
        return cast("RefillClassifier", _class_of(name)(**settings))
    except TypeError as error:
        raise ConfigError(f"classifier {name}: {error}") from error


def restore_classifier(state: ModelState, columns: Sequence[str]) -> FittedRefillClassifier:
    """The fitted classifier that gave this state.

    Args:
        state: Of ``learning.artifacts.load_model``, which checked it.
        columns: Names of the columns that it will be given.

    Raises:
        NotFound: The state is of something else.
        ModelError: It was made with other columns.
    """
    return cast("FittedRefillClassifier", _class_of(state.model).restore(state, columns))


def _class_of(name: str) -> Any:
    if name not in CLASSIFIERS:
        choice = ", ".join(sorted(CLASSIFIERS))
        raise NotFound("refill classifier", name, f"choose one of {choice}")
    module, _, attribute = CLASSIFIERS[name].partition(":")
    return getattr(import_module(module), attribute)
