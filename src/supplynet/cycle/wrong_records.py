"""What is not believed: records that people said are wrong, and odd ones that wait for an answer.

The history keeps them, forecasts do not see them. It is never done in silence: the API lists these
incidents, with who said so and why, or that nobody has answered yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from supplynet.anomaly.holding import in_doubt
from supplynet.core.sample_paths import FloatArray
from supplynet.storage import ReadTx, anomalies
from supplynet.storage.anomalies import Anomaly, AnomalyState

WAITS = timedelta(days=3)
"""How long after its end an incident waits for an answer, and how long an odd value is in doubt."""


def left_out(
    tx: ReadTx, now: datetime, *, unseen: bool, since: datetime | None = None
) -> list[Anomaly]:
    """Anomalies whose values are not observed.

    Args:
        tx: The books.
        now: The moment.
        unseen: Whether those that wait for an answer are among them, beside wrong records. What is
            older than ``WAITS`` of one that goes on is cut off: that is seen again.
        since: Those that ended after it; None = all.
    """
    wrong = anomalies.wrong_records(tx, since)
    return [*wrong, *(_doubtful(tx, now) if unseen else ())]


def is_believed(row: Anomaly, now: datetime, *, unseen: bool) -> bool:
    """Whether forecasts see the values of an anomaly, the newest of them at least."""
    if row.state is AnomalyState.WRONG_RECORD:
        return False
    return not (unseen and row.state is AnomalyState.OPEN and _is_in_doubt(row, now))


def without_wrong_records(
    wrong: Iterable[Anomaly],
    series: Sequence[tuple[str, str]],
    starts: Sequence[datetime],
    demand: FloatArray,
) -> FloatArray:
    """Demand with NaN where its record is not believed; the array itself where all are.

    Args:
        wrong: From ``left_out``.
        series: (line, part) of the rows.
        starts: Begin of the periods, the columns.
        demand: Shape (series, period).
    """
    row = {name: index for index, name in enumerate(series)}
    cleaned = demand
    for each in wrong:
        columns = [index for index, at in enumerate(starts) if each.start <= at < each.end]
        rows = [
            row[each.location_id, part] for part in each.parts if (each.location_id, part) in row
        ]
        if rows and columns:
            cleaned = demand.copy() if cleaned is demand else cleaned
            cleaned[np.ix_(rows, columns)] = np.nan
    return cleaned


def _doubtful(tx: ReadTx, now: datetime) -> list[Anomaly]:
    return [
        replace(row, start=max(row.start, now - WAITS))
        for row in anomalies.open_ones(tx)
        if _is_in_doubt(row, now)
    ]


def _is_in_doubt(row: Anomaly, now: datetime) -> bool:
    return row.end > now - WAITS and in_doubt(row.kind, row.size, periods=row.periods)
