from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.cleaning import LOG_SCHEMA, STEPS, apply_log, clean
from supplynet.frames.cleaning.change import MOMENT_TEXT
from supplynet.frames.cleaning.reading import read
from supplynet.frames.cleaning.settings import OutliersSettings
from supplynet.frames.demand import DEMAND_SCHEMA, KEY, conform, empty_demand

Make = Callable[..., pl.DataFrame]
START = datetime(2026, 1, 5, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
EVERY = list(STEPS)


def test_a_frame_that_needs_nothing_comes_back_equal_with_an_empty_log(
    daily: Make, line: Make
) -> None:
    for frame in (daily(), line()):
        made = clean(frame, now=NOW)
        assert_frame_equal(made.frame, frame)
        assert (made.log.height, made.summary) == (0, ())


def test_the_input_is_never_touched(daily: Make) -> None:
    frame = daily().with_columns(demand=pl.lit(-1.0))
    before = frame.clone()
    clean(frame)
    assert_frame_equal(frame, before)


def test_without_rows_nothing_happens() -> None:
    made = clean(empty_demand(), EVERY, now=NOW)
    assert_frame_equal(made.frame, empty_demand())
    assert made.log.schema == LOG_SCHEMA


def test_steps_run_in_their_own_order_whatever_is_asked(daily: Make) -> None:
    assert clean(daily(), ["outliers", "types"]).steps == ("types", "outliers")


def test_a_step_that_is_not_asked_for_does_not_run(daily: Make) -> None:
    frame = daily().with_columns(consumed=-pl.col("consumed"), demand=-pl.col("demand"))
    assert_frame_equal(clean(frame, ["types", "outliers"]).frame, frame)


def test_a_misspelt_step_or_setting_says_what_was_meant(daily: Make) -> None:
    with pytest.raises(NotFound, match="did you mean 'outliers'"):
        clean(daily(), ["outlier"])
    with pytest.raises(NotFound, match="did you mean 'missing'"):
        clean(daily(), settings={"mising": {}})
    with pytest.raises(InvalidInput, match=r"outliers has no setting 'spread'.*'spreads'"):
        clean(daily(), settings={"outliers": {"spread": 3}})
    with pytest.raises(InvalidInput, match="replace is 'mean'; choose from null, clip"):
        clean(daily(), settings={"outliers": {"replace": "mean"}})


def test_settings_are_names_and_values_or_their_object(daily: Make) -> None:
    frame = daily().with_columns(
        demand=pl.when(pl.int_range(pl.len()) == 30).then(900.0).otherwise("demand"),
    )
    frame = frame.with_columns(consumed=pl.col("demand").cast(pl.Int64))
    named = clean(frame, settings={"outliers": {"replace": "clip"}})
    made = clean(frame, settings={"outliers": OutliersSettings(replace="clip")})
    assert_frame_equal(named.frame, made.frame)
    assert named.log["new"].to_list() != [None]


def test_now_must_be_aware(daily: Make) -> None:
    with pytest.raises(InvalidInput, match="without a zone"):
        clean(daily(), now=datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


def test_the_summary_says_what_where_and_how_much(daily: Make) -> None:
    frame = daily().with_columns(
        demand=pl.when(pl.int_range(pl.len()) == 30).then(900.0).otherwise("demand"),
    )
    made = clean(frame.with_columns(consumed=pl.col("demand").cast(pl.Int64)))
    assert len(made.summary) == 1
    assert made.summary[0].startswith("outliers: 1 cell of one series (demand far from")
    assert made.summary[0].endswith("first W/P at 2026-02-04 00:00.")
    assert json.loads(json.dumps(made.to_dict()))["counts"] == [
        {"step": "outliers", "cells": 1, "dropped": 0, "added": 0, "series": 1}
    ]


def test_a_notebook_shows_sentences_and_cells_and_no_markup_of_the_data(daily: Make) -> None:
    frame = daily(part="<script>").with_columns(demand=-pl.col("demand"))
    shown = clean(frame.drop("consumed"))._repr_html_()
    assert "negatives: 120 cells" in shown
    assert "the first 20 of 120" in shown
    assert "<script>" not in shown


def test_what_was_not_looked_at_is_said(daily: Make) -> None:
    notes = " ".join(clean(daily()).notes)
    assert "give `now`" in notes
    assert "without a plant" in notes


def test_a_person_may_take_only_a_part_of_the_log(daily: Make) -> None:
    frame = daily().with_columns(
        demand=pl.when(pl.int_range(pl.len()).is_in([20, 30])).then(900.0).otherwise("demand"),
    )
    frame = frame.with_columns(consumed=pl.col("demand").cast(pl.Int64))
    log = clean(frame).log
    taken = apply_log(frame, log.filter(pl.col("row") == 20))
    assert taken["demand"].null_count() == 1
    assert taken["demand"][30] == 900


def test_a_log_of_something_else_is_refused(daily: Make) -> None:
    log = clean(daily().with_columns(demand=-pl.col("demand"))).log
    with pytest.raises(InvalidInput, match="not a cleaning log"):
        apply_log(daily(), log.with_columns(new=pl.lit("many")))


CELLS = st.one_of(
    st.none(), st.integers(-50, 300), st.sampled_from([0, 5, 40, 41, 4000, "x", "", " 7 ", "1e300"])
)


@st.composite
def messy(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Rows as people send them: out of order, twice, with words, gaps and odd stamps."""
    count = draw(st.integers(0, 25))
    days = draw(st.lists(st.integers(0, 20), min_size=count, max_size=count))
    pick = st.sampled_from
    clocks = pick(["05:00", "17:00", "06:00", "19:00", "bad"])
    names: dict[str, st.SearchStrategy[Any]] = {
        "location_id": pick(["L", "L ", "M", "ü", "", None]),
        "part_id": pick(["P", "Q", " P"]),
        "shift": pick(["day", "Day", "night", "nigth", "", None]),
        "consumed": CELLS,
        "starved_minutes": pick([0, 0, 0, 60, 720, 9999, -5, "x"]),
        "stopped_minutes": pick([0, 0, 0, 30, None]),
    }
    made = {name: [draw(cell) for _ in range(count)] for name, cell in names.items()}
    starts = [f"{START + timedelta(days=day):%Y-%m-%d}T{draw(clocks)}:00Z" for day in days]
    return made | {"period_start": starts}


@settings(max_examples=15)
@given(messy())
def test_cleaning_twice_changes_nothing_the_second_time(data: dict[str, list[Any]]) -> None:
    for steps in (None, EVERY):
        once = clean(data, steps, now=NOW)
        twice = clean(once.frame, steps, now=NOW)
        assert twice.log.is_empty(), twice.log.to_dicts()
        assert_frame_equal(twice.frame, once.frame)
        assert_frame_equal(conform(once.frame), once.frame)


@settings(max_examples=15)
@given(messy())
def test_the_log_replayed_on_the_input_gives_the_output(data: dict[str, list[Any]]) -> None:
    made = clean(data, EVERY, now=NOW)
    assert_frame_equal(apply_log(data, made.log), made.frame)
    assert replayed_slowly(data, made.log) == made.frame.rows(named=True)


def replayed_slowly(data: object, log: pl.DataFrame) -> list[dict[str, Any]]:
    """One log row after the other on plain dictionaries; every old value must be what is there."""
    start = read(data).frame
    rows = {row["_row"]: row for row in start.iter_rows(named=True)}
    unread = set(read(data).unreadable.select("row", "column").iter_rows())
    for entry in log.iter_rows(named=True):
        number, column = entry["row"], entry["column"]
        if column is None and entry["new"] is None:
            cells = json.loads(entry["old"])
            assert {k: parsed(k, v) for k, v in cells.items()} == demand_cells(rows.pop(number))
        elif column is None:
            cells = json.loads(entry["new"])
            assert number not in rows
            rows[number] = {k: parsed(k, v) for k, v in cells.items()} | {"_row": number}
        else:
            if (number, column) not in unread or entry["step"] != "types":
                assert parsed(column, entry["old"]) == rows[number][column], entry
            rows[number][column] = parsed(column, entry["new"])
    kept = sorted(rows.values(), key=lambda row: [row[name] for name in KEY])
    return [demand_cells(row) for row in kept]


def demand_cells(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in DEMAND_SCHEMA}


def parsed(column: str, text: str | None) -> Any:
    if text is None or column in {"location_id", "part_id", "shift"}:
        return text
    if column == "period_start":
        whole = MOMENT_TEXT.replace("%.f", ".%f" if "." in text else "")
        return datetime.strptime(text, whole).replace(tzinfo=UTC)
    return float(text) if column in {"rate", "demand"} else int(text)


@given(
    st.lists(st.floats(-1e12, 1e12, allow_nan=False), min_size=1, max_size=20),
    st.lists(st.timedeltas(timedelta(0), timedelta(days=50_000)), min_size=20, max_size=20),
)
def test_numbers_and_times_survive_the_log_to_the_last_digit(
    values: list[float], times: list[timedelta]
) -> None:
    count = len(values)
    data = {"part_id": ["P"] * count, "demand": values, "location_id": [" L"] * count}
    data |= {"period_start": [START + each for each in times[:count]]}
    made = clean(data, ["unknown_ids", "duplicates", "negatives"])
    assert_frame_equal(apply_log(data, made.log), made.frame)


def test_cleaning_a_noisy_line_leaves_nothing_to_clean() -> None:
    rng = np.random.default_rng(4)
    days, parts = 90, 6
    demand = rng.poisson(30 * rng.gamma(20, 1 / 20, (parts, days))).astype(float)
    demand[rng.random(demand.shape) < 0.02] *= 9
    frame = pl.DataFrame(
        {
            "location_id": "L",
            "part_id": np.repeat([f"P{n}" for n in range(parts)], days),
            "period_start": [START + timedelta(days=n) for n in range(days)] * parts,
            "consumed": demand.ravel().astype(int),
            "starved_minutes": np.tile(np.where(rng.random(days) < 0.1, 300, 0), parts),
        }
    ).sample(fraction=0.95, shuffle=True, seed=1)
    once = clean(frame, EVERY)
    assert set(once.log["step"]) == {"outliers", "missing", "impute", "censored"}
    assert clean(once.frame, EVERY).log.is_empty()
    assert once.frame["demand"].null_count() == 0


def test_every_step_says_what_it_does_and_has_frozen_settings() -> None:
    for step in STEPS.values():
        assert len(step.does) > 20
        assert step.settings() == step.settings()
    for one, other in pairwise(EVERY):
        assert EVERY.index(one) < EVERY.index(other)
