from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_series_equal

from supplynet.frames.cleaning import clean
from supplynet.frames.synthetic import tiny_plant

Make = Callable[..., pl.DataFrame]


def packed(frame: pl.DataFrame, size: int, first: int = 30, end: int = 50) -> pl.DataFrame:
    """Packs counted as pieces in some rows."""
    here = pl.int_range(pl.len()).is_between(first, end - 1)
    counted = pl.when(here).then(pl.col("demand") / size).otherwise("demand").round()
    return frame.with_columns(demand=counted, consumed=counted.cast(pl.Int64))


def noisy(daily: Make, level: int = 240) -> pl.DataFrame:
    demand = np.random.default_rng(3).poisson(level, 90).astype(float)
    return daily(days=90).with_columns(
        demand=pl.Series(demand), consumed=pl.Series(demand.astype(np.int64))
    )


@pytest.mark.parametrize("size", [6, 12, 20])
def test_packs_counted_as_pieces_are_multiplied_back(daily: Make, size: int) -> None:
    frame = noisy(daily)
    made = clean(packed(frame, size))
    assert (made.frame["demand"] - frame["demand"]).abs().max() <= size / 2  # type: ignore[operator] # a number
    assert_series_equal(
        made.frame["consumed"].cast(pl.Float64), made.frame["demand"], check_names=False
    )
    assert made.log["why"][0].endswith(f"packs of {size}")


def test_where_several_sizes_fit_nothing_is_guessed(daily: Make) -> None:
    made = clean(packed(noisy(daily), 12), settings={"unit_jumps": {"pack_sizes": [11, 12, 13]}})
    assert made.frame["demand"][30:50].null_count() == 20
    assert made.frame["consumed"].null_count() == 0
    assert "cannot be told" in made.log["why"][0]


def test_the_plant_tells_the_size_of_a_part(daily: Make) -> None:
    plant = tiny_plant()
    rules = [replace(rule, container_size=7) for rule in plant.supply_rules]
    plant = replace(plant, supply_rules=tuple(rules), purchase_rules=())
    frame = noisy(daily).with_columns(location_id=pl.lit("SR1.ST1.A"), part_id=pl.lit("P-001"))
    made = clean(packed(frame, 7), plant=plant)
    assert made.log["why"][0].endswith("packs of 7")
    # 7 is no common size: without the plant the drop counts as real.
    assert clean(packed(frame, 7), settings={"unit_jumps": {"pack_sizes": [5, 10]}}).log.is_empty()


def test_a_real_drop_by_no_pack_size_stays(daily: Make) -> None:
    frame = packed(noisy(daily), 3)
    assert clean(frame, settings={"unit_jumps": {"pack_sizes": [5, 10, 12]}}).log.is_empty()


def test_a_part_that_runs_out_is_no_unit_jump(daily: Make) -> None:
    frame = packed(noisy(daily), 12, first=60, end=90)
    assert clean(frame, ["unit_jumps"]).log.is_empty()


def test_a_line_that_slows_down_as_a_whole_is_no_unit_jump(line: Make) -> None:
    low = pl.col("period_start").dt.date().is_between(pl.date(2026, 2, 1), pl.date(2026, 2, 20))
    demand = pl.when(low).then(pl.col("demand") / 10).otherwise("demand").round()
    frame = line(level=200).with_columns(demand=demand, consumed=demand.cast(pl.Int64))
    assert clean(frame, ["unit_jumps"]).log.is_empty()


def test_slow_parts_are_not_judged(daily: Make) -> None:
    rng = np.random.default_rng(1)
    demand = (rng.poisson(0.5, 90) * 6).astype(float)
    frame = daily(days=90).with_columns(
        demand=pl.Series(demand), consumed=pl.Series(demand.astype(np.int64))
    )
    assert clean(frame, ["unit_jumps"]).log.is_empty()
