from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.frames.cleaning.periods import period_minutes
from supplynet.frames.cleaning.uncensor import Hidden, hidden_demand
from supplynet.frames.demand import observe
from supplynet.frames.synthetic import demo_plant, generate_history

Make = Callable[..., pl.DataFrame]


def starve(frame: pl.DataFrame, row: int, minutes: int, **consumed: int) -> pl.DataFrame:
    """The line starved in the period of a row; parts consumed what is said, else their share."""
    start = frame["period_start"][row]
    here = pl.col("period_start") == start
    share = (pl.col("consumed") * (1 - minutes / 720)).round().cast(pl.Int64)
    said = pl.col("part_id").replace_strict(consumed, default=None, return_dtype=pl.Int64)
    made = frame.drop("rate", "demand").with_columns(
        starved_minutes=pl.when(here).then(minutes).otherwise(0),
        consumed=pl.when(here).then(pl.coalesce(said, share)).otherwise("consumed"),
    )
    return observe(made, 720)


def estimate(frame: pl.DataFrame) -> tuple[pl.DataFrame, Hidden]:
    """The censored rows and their demand."""
    wanted = np.flatnonzero(frame["demand"].is_null().to_numpy()).astype(np.int64)
    return frame[wanted], hidden_demand(frame, period_minutes(frame), wanted)


def noisy(parts: int = 6, days: int = 120, seed: int = 1, level: float = 30.0) -> pl.DataFrame:
    """Day and night, a pace that all parts share, Poisson counts."""
    rng = np.random.default_rng(seed)
    pace = rng.gamma(25, 1 / 25, (days, 2))
    counts = rng.poisson(level * pace[None] * [1.0, 0.5], (parts, days, 2))
    return observe(
        pl.DataFrame(
            {
                "location_id": "L",
                "part_id": np.repeat([f"P{n}" for n in range(parts)], 2 * days),
                "period_start": pl.datetime_range(
                    date(2026, 1, 5), date(2027, 1, 5), "12h", time_zone="UTC", eager=True
                )[: 2 * days].to_list()
                * parts,
                "shift": ["day", "night"] * (days * parts),
                "consumed": counts.ravel(),
            }
        ),
        720,
    )


def test_a_wholly_starved_shift_falls_back_on_shift_and_weekday(line: Make) -> None:
    frame = starve(line(), row=60, minutes=720)
    rows, found = estimate(frame)
    # Row 60 is the day shift of a Wednesday: 42 and not the mean over shifts, 32.
    assert rows["shift"].to_list() == ["day"] * 4
    assert found.demand == pytest.approx([42] * 4, abs=1.0)


def test_half_a_shift_with_half_of_the_usual_is_the_usual(line: Make) -> None:
    _, found = estimate(starve(line(), row=60, minutes=360))
    assert found.demand == pytest.approx([42] * 4, abs=1.0)


def test_what_other_parts_used_moves_a_part() -> None:
    calm, busy = noisy(), noisy()
    others = {f"P{n}": 30 for n in range(1, 6)}
    usual = estimate(starve(calm, 60, 360, P0=15, **dict.fromkeys(others, 15)))[1].demand[0]
    faster = estimate(starve(busy, 60, 360, P0=15, **others))[1].demand[0]
    assert faster > usual + 2


def test_a_long_exposure_says_more_than_a_short_one() -> None:
    # Three times the usual rate, seen for a quarter and for three quarters of the shift.
    short = estimate(starve(noisy(parts=1), 60, 540, P0=22))[1]
    long = estimate(starve(noisy(parts=1), 60, 180, P0=66))[1]
    assert 22 < short.demand[0] < long.demand[0] < 90
    assert short.standard_error[0] > long.standard_error[0]


@settings(max_examples=25)
@given(st.integers(1, 900), st.integers(0, 500))
def test_demand_is_never_below_what_was_consumed(minutes: int, consumed: int) -> None:
    _, found = estimate(starve(noisy(parts=2, days=20), 20, minutes, P0=consumed, P1=consumed))
    assert (found.demand >= consumed).all()
    assert (found.draw(np.random.default_rng(1)) >= consumed).all()
    assert np.isfinite(found.standard_error).all()


def test_a_series_that_was_never_seen_stays_unknown(line: Make) -> None:
    frame = observe(line(parts=1, days=5).with_columns(starved_minutes=720), 720)
    assert np.isnan(estimate(frame)[1].demand).all()


def test_censored_shifts_alone_tell_the_rate() -> None:
    # 10 parts in every half shift, and nothing else: 20 in a whole one.
    frame = noisy(parts=1, days=10).with_columns(consumed=10, starved_minutes=360)
    assert estimate(observe(frame, 720))[1].demand == pytest.approx([20] * 20, rel=0.01)


def test_planned_stops_are_no_lost_demand(line: Make) -> None:
    frame = line().with_columns(stopped_minutes=pl.lit(0, dtype=pl.Int32))
    start = frame["period_start"][60]
    frame = frame.with_columns(
        stopped_minutes=pl.when(pl.col("period_start") == start).then(360).otherwise(0)
    )
    _, found = estimate(starve(frame, row=60, minutes=180))
    # Three of the six hours that were to be worked were starved, and a quarter of 42 were used.
    assert found.counted * found.lump == pytest.approx([32] * 4)
    assert (found.demand < 64 + 1).all()


def test_draws_spread_as_the_standard_error_says_and_are_whole() -> None:
    _, found = estimate(starve(noisy(), 60, 400))
    rng = np.random.default_rng(3)
    draws = np.stack([found.draw(rng) for _ in range(4000)])
    assert (draws == np.round(draws)).all()
    assert draws.mean(axis=0) == pytest.approx(found.demand, rel=0.03)
    assert draws.std(axis=0) == pytest.approx(found.standard_error, rel=0.08)
    # Parts of one line speed up and slow down together.
    assert np.corrcoef(draws[:, 0], draws[:, 1])[0, 1] > 0.05
    again = found.draw(np.random.default_rng(5))
    assert (again == found.draw(np.random.default_rng(5))).all()


def starved_at_random(frame: pl.DataFrame, *, even: bool) -> pl.DataFrame:
    """Every tenth period starves for a share of it; uses are spread at random or evenly."""
    rng = np.random.default_rng(7)
    starts = frame["period_start"].unique().sort()
    lost = np.where(rng.random(len(starts)) < 0.1, rng.integers(60, 700, len(starts)), 0)
    minutes = pl.DataFrame({"period_start": starts, "starved_minutes": lost})
    made = frame.select("location_id", "part_id", "period_start", "shift", "consumed")
    made = made.join(minutes, on="period_start", maintain_order="left")
    served = 1 - made["starved_minutes"].to_numpy() / 720
    true = made["consumed"].to_numpy()
    seen = np.rint(true * served) if even else rng.binomial(true, served)
    return observe(made.with_columns(consumed=pl.Series(seen.astype(np.int64))), 720)


@pytest.mark.parametrize("even", [False, True])
def test_it_learns_whether_parts_are_used_evenly_and_beats_the_simple_ways(even: bool) -> None:
    frame = noisy(parts=8, days=250)
    censored = starved_at_random(frame, even=even)
    hidden = censored["demand"].is_null().to_numpy()
    truth = frame["consumed"].to_numpy()[hidden]
    rows, found = estimate(censored)
    error = np.abs(found.demand - truth)
    series = ["location_id", "part_id"]
    mean = censored.select(pl.col("demand").mean().over(series))["demand"].to_numpy()[hidden]
    consumed = rows["consumed"].to_numpy()
    scaled = consumed * 720 / (720 - rows["starved_minutes"].to_numpy())
    for other in (consumed, mean):
        assert error.mean() < 0.5 * np.abs(other - truth).mean()
    # Scaling by the rate is right where use is even, and far off where it is not.
    assert error.mean() < (1.6 if even else 0.75) * np.abs(scaled - truth).mean()
    assert abs((found.demand - truth).mean()) < 0.03 * truth.mean()
    if not even:
        assert 0.86 < (error <= 1.645 * found.standard_error).mean() < 0.94


def test_on_a_made_up_plant_it_is_far_better_than_doing_nothing_or_dropping() -> None:
    plant = demo_plant(showrooms=1, seed=2)
    made = generate_history(
        plant, start=date(2026, 1, 1), days=150, seed=2, halts_per_line_month=4.0
    )
    frame, truth = made.demand, made.truth["true_demand"].to_numpy()
    hidden = frame["demand"].is_null().to_numpy()
    rows, found = estimate(frame)
    error = np.abs(found.demand - truth[hidden]).mean()
    mean = frame.select(pl.col("demand").mean().over("location_id", "part_id"))["demand"]
    assert error < 0.1 * np.abs(rows["consumed"].to_numpy() - truth[hidden]).mean()
    assert error < 0.1 * np.abs(mean.to_numpy()[hidden] - truth[hidden]).mean()
