"""A sample of whole lines: how far values stray is learnt as well from a thousand series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from supplynet.forecast.batches import batches
from supplynet.frames.panel import Panel

MOST_SERIES = 1_000


def some_lines(panel: Panel, most: int = MOST_SERIES) -> Panel:
    """Lines spread evenly over the panel with about ``most`` series in all, or the whole panel."""
    count = len(panel.series)
    if count <= most:
        return panel
    lines = list(batches(panel.series, 1))
    wanted = max(1, round(most * len(lines) / count))
    chosen = [lines[i] for i in np.linspace(0, len(lines) - 1, wanted).astype(int)]
    rows = np.concatenate([np.arange(each.start, each.stop) for each in chosen])
    return replace(
        panel, series=tuple(panel.series[row] for row in rows), demand=panel.demand[rows]
    )
