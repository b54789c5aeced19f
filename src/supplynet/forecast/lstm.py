"""A global LSTM on forking sequences. Needs the extra ``neural``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from supplynet.forecast.recurrent import Recurrent


@dataclass(frozen=True, kw_only=True)
class Lstm(Recurrent):
    """One LSTM for all series; see ``recurrent.Recurrent``."""

    name: ClassVar[str] = "lstm"
    cell = nn.LSTM
