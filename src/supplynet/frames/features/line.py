"""Features of the line as a whole: what all its parts do says more than what one does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.features import kernels
from supplynet.frames.features.feature import Feature, Role
from supplynet.frames.features.rows import Rows
from supplynet.frames.features.settings import whole


@dataclass(frozen=True, kw_only=True)
class LinePace(Feature):
    """How fast the line runs: mean over its parts of recent over usual demand.

    Attributes:
        recent: Periods of the newer mean.
        usual: Periods of the longer mean.
    """

    kind: ClassVar[str] = "line_pace"
    role: ClassVar[Role] = "past_only"

    recent: int = whole(4)
    usual: int = whole(28)

    @property
    def name(self) -> str:
        """Kind and both windows."""
        return f"{self.kind}_{self.recent}_{self.usual}"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By origin and line."""

        def ratio(some: Rows) -> FloatArray:
            return kernels.ratio(some.mean(self.recent), some.mean(self.usual))

        return [kernels.ratio(*rows.of_line(("pace", self.recent, self.usual), ratio))]


@dataclass(frozen=True, kw_only=True)
class LineShare(Feature):
    """The part's share of what its line takes: mean demand over the sum of the parts' means.

    Attributes:
        window: Periods to look back.
    """

    kind: ClassVar[str] = "line_share"
    role: ClassVar[Role] = "past_only"

    window: int = whole(28)

    @property
    def name(self) -> str:
        """Kind and window."""
        return f"{self.kind}_{self.window}"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By origin."""
        total, _ = rows.of_line(("mean", self.window), lambda some: some.mean(self.window))
        return [kernels.ratio(rows.mean(self.window), total)]
