"""The table in which a person says of every odd value whether models may learn from it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from supplynet.anomaly.incident import Incident
from supplynet.anomaly.seen import Seen
from supplynet.files import write_atomically

COLUMNS = (
    *("location_id", "part_id", "period_start", "kind", "observed", "expected", "low", "high"),
    *("p_value", "sentence", "use"),
)
Json = dict[str, Any]


def review_rows(seen: Seen, incidents: Sequence[Incident]) -> list[Json]:
    """A row per flagged value of these incidents, the oddest incident first; ``use`` is empty."""
    row_of = {name: row for row, name in enumerate(seen.panel.series)}
    judged, found = seen.scored.judged, dict[tuple[int, int], Json]()
    for incident in incidents:
        span = [incident.start <= period.start < incident.end for period in seen.periods]
        for part in incident.parts:
            row = row_of[incident.location_id, part]
            for column in np.flatnonzero(np.array(span) & seen.alarms[row]).tolist():
                at = (row, column)
                told = {
                    "location_id": incident.location_id,
                    "part_id": part,
                    "period_start": seen.periods[column].start,
                    "kind": incident.kind.value,
                    "observed": float(seen.demand[at]),
                    "expected": float(judged.expected[at]),
                    "low": float(judged.low[at]),
                    "high": float(judged.high[at]),
                    "p_value": float(seen.scored.p_value[at]),
                    "sentence": incident.sentence,
                    "use": "",
                }
                found.setdefault(at, told)
    return list(found.values())


def write_review(file: Path, rows: Sequence[Json]) -> None:
    """Write the table as CSV; times are UTC with a Z."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    for row in rows:
        start = row["period_start"].isoformat().replace("+00:00", "Z")
        numbers = {
            name: f"{row[name]:.6g}" for name in ("observed", "expected", "low", "high", "p_value")
        }
        table.writerow({**row, **numbers, "period_start": start})
    write_atomically(file, text.getvalue().encode("utf-8"))
