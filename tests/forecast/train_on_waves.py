"""A training that its own process kills: run with a folder and an epoch."""

import os
import signal
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from supplynet.forecast.neural_fitted import Fitted
from supplynet.forecast.transformer import Transformer
from supplynet.frames.panel import Panel, daily_periods

EPOCHS = 3  # and two that finish


def fit(folder: Path | None, *, killed_after: int = 0) -> Fitted:
    """A model with dropout, so that torch's random state matters too."""

    def kill(epoch: int, _most: int, _loss: float) -> None:
        if epoch == killed_after:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = Transformer(
        epochs=EPOCHS, patience=EPOCHS, hidden=8, width=8, layers=1, batch_size=64, stride=3
    )
    return settings.fit(waves(), checkpoints=folder, progress=kill)


def waves() -> Panel:
    days = np.arange(120)
    rows = [50 + 20 * np.sin(2 * np.pi * days / 7 + k) + 3 * np.cos(days * (k + 1)) for k in (0, 1)]
    start = date(2026, 1, 5)
    periods = daily_periods(start, start + timedelta(days=len(days)))
    return Panel(series=(("W", "a"), ("W", "b")), periods=periods, demand=np.array(rows))


if __name__ == "__main__":
    fit(Path(sys.argv[1]), killed_after=int(sys.argv[2]))
