"""A global GRU on forking sequences. Needs the extra ``neural``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from supplynet.forecast.recurrent import Recurrent


@dataclass(frozen=True, kw_only=True)
class Gru(Recurrent):
    """One GRU for all series; see ``recurrent.Recurrent``."""

    name: ClassVar[str] = "gru"
    cell = nn.GRU
