from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.core.network import Plant
from supplynet.errors import InvalidInput
from supplynet.frames.demand import cast_demand, conform
from supplynet.frames.synthetic import (
    SyntheticHistory,
    demo_plant,
    generate_demand,
    generate_history,
    history_of,
)
from supplynet.frames.synthetic.defects import Raw, with_defects
from supplynet.frames.synthetic.effects import EFFECTS_SCHEMA
from supplynet.frames.synthetic.export import RAW_SCHEMA, SHARES
from supplynet.frames.synthetic.scenario import Defects

START = date(2025, 1, 1)
SERIES = ["location_id", "part_id"]
KEY = [*SERIES, "period_start"]
MANY = Defects(
    missing_rows=0.02,
    missing_days_series=0.4,
    nulls=0.02,
    duplicates=0.02,
    negatives=0.02,
    future_rows=0.02,
    outliers=0.02,
    miscounts=0.02,
    unit_jump_series=0.4,
    constant_series=0.4,
    dead_series=0.3,
    time_shift_series=0.4,
    time_shift_hours=2,
    shift_names=0.02,
    unknown_ids=0.02,
)
Row = dict[str, Any]
Rows = dict[tuple[str, str, datetime], list[Row]]


@pytest.fixture(scope="module")
def plant() -> Plant:
    return demo_plant(showrooms=1, stations=1, parts=12)


@pytest.fixture(scope="module")
def history(plant: Plant) -> SyntheticHistory:
    return generate_history(plant, start=START, days=70, seed=1)


@pytest.fixture(scope="module")
def raw(history: SyntheticHistory, plant: Plant) -> Raw:
    return with_defects(history, MANY, plant=plant, seed=1)


def undone(raw: Raw, clean: pl.DataFrame) -> pl.DataFrame:
    """The clean rows again, by following the effects one after the other; slow and obvious.

    Of ``clean`` only the calendar is used, and the shift and minutes of rows that were left out.
    """
    rows: Rows = defaultdict(list)
    for row in raw.frame.to_dicts():
        rows[row["location_id"], row["part_id"], row["period_start"]].append(row)
    for effect in raw.effects.to_dicts():
        if effect["period_end"] is None:
            _undo_row(effect, rows)
        else:
            _undo_stretch(effect, rows, clean)
    found = [row for copies in rows.values() for row in copies]
    return pl.DataFrame(found, schema=RAW_SCHEMA).sort(KEY)


def _undo_row(effect: Row, rows: Rows) -> None:
    line, part, start = (effect[name] for name in KEY)
    here, strength, detail = rows[line, part, start], effect["strength"], effect["detail"]
    match effect["kind"]:
        case "duplicate":
            del here[: int(strength)]
        case "future":
            here.clear()
        case "nulls" | "negative":
            here[0]["consumed"] = int(strength)
        case "outlier":
            here[0]["consumed"] = int(detail)
        case "miscount":
            here[0]["consumed"] -= int(strength)
            rows[line, part, datetime.fromisoformat(detail)][0]["consumed"] += int(strength)
        case "shift_name":
            here[0]["shift"] = detail
        case "unknown_id":
            here[0]["location_id"], here[0]["part_id"] = detail.split("/")


def _undo_stretch(effect: Row, rows: Rows, clean: pl.DataFrame) -> None:
    line, part, start = (effect[name] for name in KEY)
    same = (pl.col("location_id") == line) & (pl.col("part_id") == part)
    inside = pl.col("period_start").is_between(start, effect["period_end"], closed="left")
    true = clean.filter(same & inside).select(RAW_SCHEMA.names()).to_dicts()
    if effect["kind"] == "time_shift":
        by = timedelta(hours=effect["strength"])
        for row in [rows[line, part, each["period_start"] + by][0] for each in true]:
            row["period_start"] -= by
        return
    for row, amount in zip(true, effect["detail"].split(), strict=True):
        there = rows[line, part, row["period_start"]]
        if effect["kind"] == "missing_rows":
            there.append(row)
        there[0]["consumed"] = int(amount)


def test_undoing_the_effects_gives_the_clean_history(history: SyntheticHistory, raw: Raw) -> None:
    clean = history.demand.select(RAW_SCHEMA.names())
    assert not raw.frame.equals(clean)
    assert undone(raw, history.demand).equals(clean)


@settings(max_examples=12)
@given(
    seed=st.integers(0, 2**32),
    shares=st.fixed_dictionaries(
        {name: st.sampled_from([0.0, 0.01, 0.1]) for name in SHARES.values()}
    ),
    lasting=st.fixed_dictionaries(
        {
            name: st.sampled_from([0.0, 0.3, 1.0])
            for name in ("missing_days_series", "unit_jump_series", "constant_series")
        }
    ),
    hours=st.sampled_from([-3, 1, 7]),
    days=st.integers(1, 30),
)
def test_whatever_is_asked_can_be_undone(
    plant: Plant,
    seed: int,
    shares: dict[str, float],
    lasting: dict[str, float],
    hours: int,
    days: int,
) -> None:
    clean = generate_history(plant, start=START, days=days, seed=seed)
    asked = Defects(
        **shares, **lasting, time_shift_series=0.5, time_shift_hours=hours, dead_series=0.5
    )
    raw = with_defects(clean, asked, plant=plant, seed=seed)
    assert undone(raw, clean.demand).equals(clean.demand.select(RAW_SCHEMA.names()))


def test_every_kind_that_was_asked_for_is_there_and_no_other(raw: Raw) -> None:
    lasting = {"unit_jump", "constant", "dead", "time_shift"}
    assert set(raw.effects["kind"]) == {*SHARES, *lasting}
    assert raw.frame.schema == RAW_SCHEMA
    assert raw.effects.schema == EFFECTS_SCHEMA


def test_no_defects_change_nothing(history: SyntheticHistory, plant: Plant) -> None:
    raw = with_defects(history, Defects(), plant=plant, seed=1)
    assert raw.effects.is_empty()
    assert raw.frame.equals(history.demand.select(RAW_SCHEMA.names()))
    assert conform(raw.frame)["demand"].equals(history.demand["demand"])


def test_an_export_with_defects_does_not_conform(raw: Raw) -> None:
    with pytest.raises(InvalidInput):
        conform(raw.frame)
    assert cast_demand(raw.frame, strict=False).height == raw.frame.height


def test_a_row_has_one_defect_at_most_and_none_within_a_stretch(raw: Raw) -> None:
    single = raw.effects.filter(pl.col("period_end").is_null())
    assert single.select(KEY).is_unique().all()
    stretches = raw.effects.filter(pl.col("period_end").is_not_null())
    inside = single.join(stretches, on=SERIES).filter(
        pl.col("period_start").is_between("period_start_right", "period_end_right", closed="left")
    )
    assert inside.is_empty()


def test_stretches_of_a_series_never_overlap(raw: Raw) -> None:
    ends = pl.col("period_end").shift(1).over(SERIES)
    lasting = raw.effects.filter(pl.col("period_end").is_not_null()).sort(KEY)
    assert (lasting.with_columns(before=ends)["before"] <= lasting["period_start"]).all()
    assert lasting.filter(pl.col("strength") != 1).height > 20


def test_shares_are_of_the_rows_that_can_show_it(plant: Plant) -> None:
    year = generate_history(plant, start=START, days=365, seed=1)
    asked = Defects(nulls=0.03, duplicates=0.01, shift_names=0.02, missing_rows=0.01, outliers=0.05)
    raw = with_defects(year, asked, plant=plant, seed=1)
    found = dict(raw.effects.group_by("kind").len().iter_rows())
    rows = year.demand.height
    assert found["nulls"] / rows == pytest.approx(0.03, rel=0.1)
    assert found["duplicate"] / rows == pytest.approx(0.01, rel=0.15)
    assert found["shift_name"] / rows == pytest.approx(0.02, rel=0.1)
    assert found["missing_rows"] / rows == pytest.approx(0.01, rel=0.15)
    mean = pl.col("consumed").mean().over(SERIES)
    can = (
        (pl.col("starved_minutes") == 0)
        & (pl.col("consumed") >= mean / 2)
        & (pl.col("consumed") > 0)
    )
    assert found["outlier"] / year.demand.filter(can).height == pytest.approx(0.05, rel=0.1)


def test_a_miscount_balances_in_the_next_period(history: SyntheticHistory, plant: Plant) -> None:
    raw = with_defects(history, Defects(miscounts=0.2), plant=plant, seed=1)
    assert raw.effects.height > 50
    assert raw.frame["consumed"].sum() == history.demand["consumed"].sum()
    assert (raw.frame["consumed"] >= 0).all()
    both = raw.effects["strength"]
    assert 0.3 < (both > 0).mean() < 0.7  # type: ignore[operator]  # a number


def test_outliers_are_as_large_as_asked(history: SyntheticHistory, plant: Plant) -> None:
    raw = with_defects(history, Defects(outliers=0.1, outlier_factor=10), plant=plant, seed=1)
    factors = raw.effects["strength"]
    assert factors.min() >= 7.5  # type: ignore[operator]  # a number
    assert factors.max() <= 12.5  # type: ignore[operator]  # a number
    hit = raw.frame.join(raw.effects.filter(pl.col("kind") == "outlier"), on=KEY)
    true = hit["detail"].cast(pl.Float64)
    assert ((hit["consumed"] - true * hit["strength"]).abs() <= 0.5).all()


def test_packs_counted_as_pieces_are_the_parts_own(history: SyntheticHistory, plant: Plant) -> None:
    raw = with_defects(history, Defects(unit_jump_series=1), plant=plant, seed=1)
    mean = dict(
        history.demand.group_by(SERIES)
        .agg(pl.col("consumed").mean())
        .select(pl.concat_str(SERIES, separator="/"), "consumed")
        .iter_rows()
    )
    jumps = raw.effects.to_dicts()
    assert {f"{e['location_id']}/{e['part_id']}" for e in jumps} == {
        name for name, each in mean.items() if each >= 10
    }
    for effect in jumps:
        line, part, pack = effect["location_id"], effect["part_id"], effect["strength"]
        rule = plant.supply_rule[plant.stock_point_of(line), part]
        assert pack == rule.container_size or rule.container_size > mean[f"{line}/{part}"] / 2


def test_a_dead_series_shows_nothing_to_the_end(history: SyntheticHistory, plant: Plant) -> None:
    raw = with_defects(history, Defects(dead_series=1), plant=plant, seed=1)
    for effect in raw.effects.to_dicts():
        same = pl.all_horizontal(pl.col(name) == effect[name] for name in SERIES)
        after = raw.frame.filter(same & (pl.col("period_start") >= effect["period_start"]))
        assert set(after["consumed"]) == {0}
        assert after.height >= 14  # a week of two shifts
        assert effect["period_end"] > raw.frame["period_start"].max()


def test_rows_of_the_future_lie_after_the_history(history: SyntheticHistory, plant: Plant) -> None:
    raw = with_defects(history, Defects(future_rows=0.05), plant=plant, seed=1)
    assert raw.effects.height == raw.frame.height - history.demand.height > 20
    assert raw.effects["period_start"].min() > history.demand["period_start"].max()  # type: ignore[operator]  # moments


def test_unknown_ids_are_unknown_and_shift_names_new(
    history: SyntheticHistory, plant: Plant
) -> None:
    raw = with_defects(history, Defects(unknown_ids=0.1, shift_names=0.1), plant=plant, seed=1)
    wrong = raw.effects.filter(pl.col("kind") == "unknown_id")
    lines = {place.location_id for place in plant.locations}
    assert wrong.height > 50
    for row in wrong.to_dicts():
        assert row["location_id"] not in lines or row["part_id"] not in plant.part_by_id
    spelt = raw.frame.join(raw.effects.filter(pl.col("kind") == "shift_name"), on=KEY)
    assert set(spelt["detail"]) == {"day", "night"}
    assert not {"day", "night"} & set(spelt["shift"])


def test_lines_by_themselves_have_the_defects_of_the_whole_plant() -> None:
    plant = demo_plant(showrooms=2, stations=1, parts=12)
    whole = generate_demand(plant, start=START, days=60, seed=1)
    some = generate_demand(plant, start=START, days=60, seed=1, lines=whole.lines[2:4])
    one, two = (
        with_defects(history_of(m, seed=1), MANY, plant=plant, seed=9) for m in (whole, some)
    )
    near = pl.any_horizontal(
        pl.col("location_id").str.to_lowercase().str.starts_with(line[:9].lower())
        for line in some.lines
    )
    own = ~pl.col("kind").is_in(["unknown_id"])
    assert one.effects.filter(own & near).equals(two.effects.filter(own))


def test_the_same_seed_makes_the_same_mistakes(history: SyntheticHistory, plant: Plant) -> None:
    one, same, other = (with_defects(history, MANY, plant=plant, seed=s) for s in (1, 1, 2))
    assert one.frame.equals(same.frame)
    assert one.effects.equals(same.effects)
    assert not one.effects.equals(other.effects)


def test_an_empty_history_and_one_of_one_row_pass(history: SyntheticHistory, plant: Plant) -> None:
    for rows in (0, 1):
        small = replace(history, demand=history.demand.head(rows), truth=history.truth.head(rows))
        raw = with_defects(small, MANY, plant=plant, seed=1)
        assert raw.frame.height <= rows + 2
        assert raw.frame.schema == RAW_SCHEMA


def test_more_defects_than_rows_are_refused(history: SyntheticHistory, plant: Plant) -> None:
    with pytest.raises(InvalidInput, match="120% of the rows would have a defect"):
        with_defects(history, Defects(nulls=0.6, duplicates=0.6), plant=plant, seed=1)
