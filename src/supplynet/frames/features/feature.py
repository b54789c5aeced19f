"""What a feature is: frozen settings that name its columns and give their values for any rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.features.rows import Rows
from supplynet.frames.features.settings import checked

Role: TypeAlias = Literal["known_ahead", "past_only", "static"]
"""What a column depends on: ``known_ahead`` on the target period (as known at the cutoff),
``past_only`` on the history that was finished at the cutoff, ``static`` on the series alone."""
Need: TypeAlias = Literal["plan", "drivers", "stock", "statics"]
"""A table that a feature cannot do without; a field of ``FeatureInputs``."""


class Categories(NamedTuple):
    """Values of a category column.

    Attributes:
        codes: Place in ``names``, -1 = not known; broadcasts to (series, pair).
        names: What the codes stand for.
    """

    codes: npt.NDArray[np.integer]
    names: tuple[str, ...]


Values: TypeAlias = FloatArray | Categories
"""One column: numbers that broadcast to (series, pair), NaN = not known, or categories."""


@dataclass(frozen=True, kw_only=True)
class Feature(ABC):
    """One declared feature; its fields are its settings.

    A row is a (series, target period, cutoff). ``values`` may use the history that was finished at
    the cutoff, plan and drivers as known then, the calendar of the target, and static facts. The
    leak check of this package runs over every kind of the registry.

    Attributes:
        kind: Name in the registry and in files.
        role: What its columns depend on.
        tables: Tables that every feature of the kind needs.
        is_category: Whether the columns hold names instead of numbers.
        revision: Raised when the same settings come to mean other numbers; part of the version.
    """

    kind: ClassVar[str]
    role: ClassVar[Role]
    tables: ClassVar[tuple[Need, ...]] = ()
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        checked(self, f"feature {self.kind}")

    @property
    def name(self) -> str:
        """Name of its column, or the stem where it has several."""
        return self.kind

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns."""
        return (self.name,)

    @property
    def is_category(self) -> bool:
        """Whether its columns hold names instead of numbers."""
        return False

    @property
    def needs(self) -> tuple[Need, ...]:
        """Tables that it cannot do without, with these settings."""
        return self.tables

    @abstractmethod
    def values(self, rows: Rows) -> Sequence[Values]:
        """One array per column, each broadcasting to (series, pair)."""

    def to_dict(self) -> dict[str, Any]:
        """Kind and settings as plain data; what is None is left out."""
        settings = {name: value for name, value in asdict(self).items() if value is not None}
        return {"kind": self.kind} | {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in settings.items()
        }
