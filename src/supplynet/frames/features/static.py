"""Features that do not change with time: given facts, and the ids themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.features.feature import Categories, Feature, Need, Role
from supplynet.frames.features.rows import Rows


@dataclass(frozen=True, kw_only=True)
class Static(Feature):
    """A given fact: criticality, product, container size, ... (see ``statics_from_plant``).

    Attributes:
        column: Its column among the static facts.
        form: ``category`` reads names, ``number`` numbers.
    """

    kind: ClassVar[str] = "static"
    role: ClassVar[Role] = "static"
    tables: ClassVar[tuple[Need, ...]] = ("statics",)

    column: str
    form: Literal["category", "number"] = "category"

    @property
    def is_category(self) -> bool:
        """As declared."""
        return self.form == "category"

    @property
    def name(self) -> str:
        """Kind and column."""
        return f"{self.kind}_{self.column}"

    def values(self, rows: Rows) -> list[FloatArray] | list[Categories]:
        """By series."""
        if self.form == "number":
            return [rows.of_series(rows.source.statics.numbers(self.column))[:, None]]
        cells = rows.source.statics.names(self.column).slice(rows.first, rows.last - rows.first)
        return [categories(cells.to_list())]


@dataclass(frozen=True, kw_only=True)
class Identity(Feature):
    """The id of the line or the part, as a category.

    Attributes:
        of: ``location`` or ``part``.
    """

    kind: ClassVar[str] = "identity"
    role: ClassVar[Role] = "static"

    of: Literal["location", "part"] = "part"

    @property
    def is_category(self) -> bool:
        """A name."""
        return True

    @property
    def name(self) -> str:
        """Kind and what it is of."""
        return f"{self.kind}_{self.of}"

    def values(self, rows: Rows) -> list[Categories]:
        """By series."""
        return [categories([names[self.of == "part"] for names in rows.series])]


def categories(names: list[str | None]) -> Categories:
    """Names of each series as codes, shape (series, 1)."""
    known = tuple(sorted({name for name in names if name is not None}))
    place: dict[str | None, int] = {name: i for i, name in enumerate(known)}
    codes = np.array([place.get(name, -1) for name in names], dtype=np.int64)
    return Categories(codes[:, None], known)
