"""Aliases: the names under which one version of a model is known, and the history of who held them.

The ``champion`` serves, the ``challenger`` waits to be promoted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

CHAMPION, CHALLENGER = "champion", "challenger"
ALIASES = (CHAMPION, CHALLENGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasChange:
    """One line of an alias's history.

    Attributes:
        version: That it points at from then on; "" = none.
        rolled_back: Version that was gone back from; "" = this is no rollback.
    """

    alias: str
    version: str
    at: datetime
    actor: str
    reason: str
    rolled_back: str = ""


class AliasBook(Protocol):
    """Where the aliases of the versions of one purpose are kept."""

    def holders(self) -> Mapping[str, str]:
        """Version by alias; an alias that points at none is left out."""

    def history(self) -> Sequence[AliasChange]:
        """Every change, oldest first."""

    def in_use(self) -> Collection[str]:
        """Versions that must stay."""

    def assign(
        self, holders: Mapping[str, str], *, reason: str = "", rolled_back: str = ""
    ) -> None:
        """Point aliases at versions ("" = none), all together; see ``AliasChange``."""
