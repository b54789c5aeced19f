"""The tasks of ``bench data`` by SupplyNet; prints what they took as JSON.

Usage: python data_supplynet.py sales|generate|world|import|features ARGUMENT...
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import polars as pl

from supplynet import __version__
from supplynet.frames.features import FeatureSet, training_shards
from supplynet.frames.synthetic import sales_training_data
from supplynet.services import generating, importing, setup


def sales(target: str, series: str, days: str) -> int:
    """The table that ``import`` and ``features`` of both sides read."""
    frame = sales_training_data(1, int(series), int(days), 1)
    columns = frame.select("warehouse_id", "sku_id", "date", "units_sold")
    generating.write_sales(columns, Path(target))
    return frame.height


def generate(target: str, series: str, days: str) -> int:
    """Daily sales with every effect of the sales face, to Parquet."""
    frame = sales_training_data(1, int(series), int(days), 1)
    generating.write_sales(frame, Path(target))
    return frame.height


def world(target: str, scenario: str) -> int:
    """A whole scenario with truth, plan, stock and deliveries, to Parquet."""
    return generating.generate_world(scenario, output=Path(target), seed=1).rows


def import_csv(source: str, target: str) -> int:
    """Every cell checked, duplicates looked for, days filled, written to the history."""
    setup.init(Path(target))
    request = importing.ImportRequest(
        file=Path(source), terms=importing.SupplyTermsGiven(lead_time_days=1)
    )
    return importing.import_table(Path(target), request).rows


def features(source: str) -> int:
    """The default features of daily data, one row per day and SKU."""
    demand = pl.read_csv(source, try_parse_dates=True)
    spec = FeatureSet.default("1d", country="DE")
    return sum(shard.frame.height for shard in training_shards(spec, demand))


TASKS: dict[str, Callable[..., int]] = {
    "sales": sales,
    "generate": generate,
    "world": world,
    "import": import_csv,
    "features": features,
}


def main(task: str, *arguments: str) -> dict[str, Any]:
    """Run one task; rows, seconds, CPU seconds (with children) and the peak of memory in MB."""
    wall, cpu = perf_counter(), process_time()
    rows = TASKS[task](*arguments)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, children.ru_maxrss)
    return {
        "rows": rows,
        "seconds": perf_counter() - wall,
        "cpu_seconds": process_time() - cpu + children.ru_utime + children.ru_stime,
        "peak_mb": peak / 1024,
        "version": __version__,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])) + "\n")
