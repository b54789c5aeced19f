"""Features of the production plan, as it stood at the cutoff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.features.feature import Feature, Need, Role
from supplynet.frames.features.rows import Rows
from supplynet.frames.features.settings import whole


@dataclass(frozen=True, kw_only=True)
class _PlanFeature(Feature):
    """A figure from the plan.

    Attributes:
        product: One product; None = all of the line's.
    """

    tables: ClassVar[tuple[Need, ...]] = ("plan",)

    product: str | None = None

    @property
    def of_product(self) -> str:
        """Ending of the column's name."""
        return f"_of_{self.product}" if self.product else ""


@dataclass(frozen=True, kw_only=True)
class PlannedUnits(_PlanFeature):
    """Units that the line is to build in the target period, as planned at the cutoff."""

    kind: ClassVar[str] = "planned_units"
    role: ClassVar[Role] = "known_ahead"

    @property
    def name(self) -> str:
        """With its product."""
        return f"{self.kind}{self.of_product}"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By line, target and cutoff."""
        return [rows.planned_units(self.product)]


@dataclass(frozen=True, kw_only=True)
class UnitsBuiltRate(_PlanFeature):
    """Parts used per unit built: observed demand over units, of the periods that have both.

    Units of a past period are those that the plan had at its end.

    Attributes:
        window: Periods to look back.
    """

    kind: ClassVar[str] = "units_built_rate"
    role: ClassVar[Role] = "past_only"

    window: int = whole(28)

    @property
    def name(self) -> str:
        """Kind, window and product."""
        return f"{self.kind}_{self.window}{self.of_product}"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By origin."""
        return [rows.ratio(rows.demand, rows.units_built(self.product), self.window)]


@dataclass(frozen=True, kw_only=True)
class PlannedDemand(_PlanFeature):
    """What the plan would take: planned units times parts per unit built.

    Attributes:
        window: Periods over which parts per unit are learned.
    """

    kind: ClassVar[str] = "planned_demand"
    role: ClassVar[Role] = "known_ahead"

    window: int = whole(28)

    @property
    def name(self) -> str:
        """Kind, window and product."""
        return f"{self.kind}_{self.window}{self.of_product}"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By series, target and cutoff."""
        rate = rows.ratio(rows.demand, rows.units_built(self.product), self.window)
        return [rate * rows.planned_units(self.product)]
