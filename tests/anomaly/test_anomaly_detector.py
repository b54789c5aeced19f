"""The face: tables in under any names, a row per row out, and what is refused of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

import supplynet as sn
from supplynet.anomaly.anomaly_detector import AnomalyDetector, FittedAnomalyDetector
from supplynet.anomaly.incident import Kind
from supplynet.errors import ConfigError, HistoryTooShort, InsufficientData, InvalidInput, NotFound

START = date(2025, 1, 6)
DAYS = 140
ODD = START + timedelta(days=120)
FAST = "robust_seasonal"
COLUMNS = [
    *("unique_id", "ds", "y", "score", "is_anomaly", "kind", "expected", "low", "high"),
    *("p_value", "reason"),
]


def usual(name: str, days: int = DAYS, seed: int = 1) -> list[dict[str, Any]]:
    """About 60 on weekdays and 20 on weekends."""
    rng = np.random.default_rng([seed, *name.encode()])
    levels = [60.0 if n % 7 < 5 else 20.0 for n in range(days)]
    return [
        {"unique_id": name, "ds": START + timedelta(days=n), "y": float(rng.poisson(level))}
        for n, level in enumerate(levels)
    ]


def history(*names: str, spike: bool = True) -> pl.DataFrame:
    """Series ``W1/A`` to ``W2/B``; the first has 400 on one day."""
    shown = names or ("W1/A", "W1/B", "W2/A", "W2/B")
    frame = pl.DataFrame([row for name in shown for row in usual(name)])
    odd = (pl.col("unique_id") == shown[0]) & (pl.col("ds") == ODD) & spike
    return frame.with_columns(pl.when(odd).then(400.0).otherwise("y").alias("y"))


def fitted(frame: object, **options: Any) -> FittedAnomalyDetector:
    return AnomalyDetector(FAST, freq="1d", **options).fit(frame)


def odd_rows(found: pl.DataFrame) -> list[tuple[str, date]]:
    rows = found.filter("is_anomaly").select("unique_id", pl.col("ds").dt.date())
    return [(name, day) for name, day in rows.iter_rows()]


def test_the_snippet_gives_a_row_per_row_with_score_and_kind() -> None:
    frame = history()
    found = sn.AnomalyDetector(FAST).fit(frame).score(frame)
    assert found.columns == COLUMNS
    assert found["y"].to_list() == frame["y"].to_list()
    assert found["score"].drop_nulls().is_between(0, 1).all()
    row = found.filter(pl.col("unique_id") == "W1/A", pl.col("ds").dt.date() == ODD)
    assert row["is_anomaly"].item()
    assert row["kind"].item() in [kind.value for kind in Kind]
    assert row["high"].item() < 400
    assert row["score"].item() > 0.75


def test_names_of_the_guide_and_other_libraries_tables_give_the_same() -> None:
    nixtla = history()
    guide = nixtla.select(
        pl.col("unique_id").str.slice(0, 2).alias("warehouse_id"),
        pl.col("unique_id").str.slice(3).alias("sku_id"),
        pl.col("ds").alias("date"),
        pl.col("y").alias("units_sold"),
    )
    frames = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    arrow, pandas = nixtla.to_arrow(), frames.DataFrame(nixtla.to_dict(as_series=False))
    wanted = fitted(nixtla).score(nixtla)
    for table in (guide, arrow, pandas, nixtla.to_dict(as_series=False)):
        assert fitted(table).score(table).equals(wanted)


def test_a_part_alone_comes_back_as_it_was_named() -> None:
    frame = history("A", "B")
    assert fitted(frame).score(frame)["unique_id"].unique().sort().to_list() == ["A", "B"]


def test_rows_in_any_order_are_sorted() -> None:
    frame = history()
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=3)
    assert fitted(mixed).score(mixed).equals(fitted(frame).score(frame))


def test_rows_that_are_there_twice_are_an_error_that_names_the_first() -> None:
    frame = history()
    with pytest.raises(InvalidInput, match=r"W1/A at 2025-01-09.*there twice"):
        fitted(pl.concat([frame, frame[[3]]]))


def test_orders_of_one_day_are_summed() -> None:
    frame = history().with_columns(order_id=pl.lit("o-1"))
    halves = pl.concat([frame.with_columns(y=pl.col("y") / 2)] * 2)
    assert fitted(halves).score(halves).equals(fitted(frame).score(frame))


@pytest.mark.parametrize("amount", [float("inf"), -5.0])
def test_a_series_with_an_amount_that_cannot_be_is_refused_and_the_others_go_on(
    amount: float,
) -> None:
    frame = history().with_columns(
        y=pl.when(pl.int_range(pl.len()) == 3).then(amount).otherwise("y")
    )
    # The spike of W1/A goes with its series, so that one of W2/A takes its place.
    odd = (pl.col("unique_id") == "W2/A") & (pl.col("ds") == ODD)
    frame = frame.with_columns(y=pl.when(odd).then(400.0).otherwise("y"))
    made = fitted(frame)
    assert list(made.refused) == [("W1", "A")]
    assert f"series W1/A has {amount:g} at 2025-01-09 00:00" in made.refused["W1", "A"]
    found = made.score(frame)
    assert found.height == frame.height
    mine = found.filter(pl.col("unique_id") == "W1/A")
    assert mine["y"][3] == amount
    assert mine["score"].null_count() == DAYS
    assert mine["reason"].unique().to_list() == [made.refused["W1", "A"]]
    assert odd_rows(found) == [("W2/A", ODD)]


def test_a_short_series_is_not_learnt_from_and_stops_no_other() -> None:
    frame = pl.concat([history(), pl.DataFrame(usual("W1/new", 10))])
    made = fitted(frame)
    assert made.refused == {("W1", "new"): "series W1/new has 10 values, 28 are needed"}
    found = made.score(frame)
    assert ("W1/A", ODD) in odd_rows(found)
    new = found.filter(pl.col("unique_id") == "W1/new")
    assert new.height == 10
    assert new["reason"][0] == "too little came before it"


def test_a_series_that_is_always_the_same_has_score_0_until_it_differs() -> None:
    same = pl.DataFrame(usual("W2/same")).with_columns(y=pl.lit(5.0))
    frame = pl.concat([history(), same])
    made = fitted(frame)
    assert made.refused == {("W2", "same"): "series W2/same is always 5: there is nothing to learn"}
    mine = made.score(frame).filter(pl.col("unique_id") == "W2/same")
    assert mine["score"].to_list() == [0.0] * DAYS
    assert mine.select("expected", "low", "high").unique().row(0) == (5.0, 5.0, 5.0)
    later = same.tail(1).with_columns(ds=pl.col("ds") + timedelta(days=1), y=pl.lit(90.0))
    assert made.score(later)["score"].item() == 1.0


def test_a_series_without_any_value_has_no_score_and_says_why() -> None:
    empty = pl.DataFrame(usual("W2/none")).with_columns(y=pl.lit(None, dtype=pl.Float64))
    frame = pl.concat([history(), empty])
    made = fitted(frame)
    assert made.refused == {("W2", "none"): "series W2/none has no amount in any period"}
    mine = made.score(frame).filter(pl.col("unique_id") == "W2/none")
    assert mine["score"].null_count() == DAYS
    assert mine["reason"].unique().to_list() == ["not observed"]
    assert not mine["is_anomaly"].any()


def test_what_was_not_observed_has_no_score_and_is_no_anomaly() -> None:
    hole = pl.int_range(pl.len()) == 130
    frame = history().with_columns(y=pl.when(~hole).then("y"))
    row = fitted(frame).score(frame)[130]
    assert row.select("y", "score", "is_anomaly", "reason").row(0) == (
        None,
        None,
        False,
        "not observed",
    )


def test_when_nothing_can_be_learnt_from_the_reason_is_said() -> None:
    with pytest.raises(InsufficientData, match="series A is always 5"):
        fitted(pl.DataFrame(usual("A")).with_columns(y=pl.lit(5.0)))


def test_later_rows_are_judged_after_the_history_they_go_on_from() -> None:
    frame = history()
    made = fitted(frame)
    day = START + timedelta(days=DAYS)
    later = pl.DataFrame({"unique_id": ["W1/A", "W1/B"], "ds": [day, day], "y": [62.0, 500.0]})
    found = made.score(later)
    both = made.score(pl.concat([frame, later])).filter(pl.col("ds").dt.date() == day)
    assert found.drop("reason").equals(both.drop("reason"))
    assert odd_rows(found) == [("W1/B", day)]


def test_a_table_of_earlier_days_replaces_those_of_the_history() -> None:
    made = fitted(history())
    day = history().filter(pl.col("ds") == ODD)
    assert odd_rows(made.score(day)) == [("W1/A", ODD)]
    assert odd_rows(made.score(day.with_columns(y=pl.lit(60.0)))) == []


def test_a_row_is_judged_by_what_was_known_then() -> None:
    frame = history()
    made = fitted(frame)
    early = frame.filter(pl.col("ds") < ODD + timedelta(days=5))
    shown = made.score(frame).filter(pl.col("ds") < datetime(ODD.year, ODD.month, ODD.day))  # noqa: DTZ001
    assert made.score(early).head(100).equals(shown.head(100))


def test_only_the_last_periods_are_told_when_that_is_asked() -> None:
    frame = history()
    made = fitted(frame)
    last = made.score(frame, last=7)
    assert last.height == 4 * 7
    keys = ["unique_id", "ds"]
    assert last.equals(made.score(frame).join(last.select(keys), on=keys, how="semi"))


def test_an_incident_says_what_was_seen() -> None:
    frame = history()
    first = fitted(frame).incidents(frame)[0]
    assert (first.location_id, first.parts, first.observed) == ("W1", ("A",), 400.0)
    assert first.start == datetime(ODD.year, ODD.month, ODD.day, tzinfo=UTC)
    assert "400" in first.sentence


def test_each_series_may_have_a_detector_of_its_own() -> None:
    frame = pl.concat([history(), pl.DataFrame(usual("W1/new", 10))])
    made = fitted(frame, individual=True)
    assert ("W1", "new") in made.refused
    found = made.score(frame)
    assert ("W1/A", ODD) in odd_rows(found)
    new = found.filter(pl.col("unique_id") == "W1/new")
    assert new["reason"].unique().to_list() == [made.refused["W1", "new"]]


def test_more_alarms_a_week_flag_no_fewer_and_a_share_of_false_ones_may_be_asked_for() -> None:
    frame = history()
    few = fitted(frame, alarms_per_week=0.01).score(frame)["is_anomaly"].sum()
    many = fitted(frame, alarms_per_week=35).score(frame)["is_anomaly"].sum()
    assert 0 < few <= many
    assert ("W1/A", ODD) in odd_rows(fitted(frame, false_discovery_rate=0.05).score(frame))


def test_readings_every_five_minutes_are_judged() -> None:
    begin = datetime(2025, 1, 6, tzinfo=UTC)
    rng = np.random.default_rng(1)
    values = 50 + 10 * np.sin(np.arange(12 * 24 * 14) / 288 * 2 * np.pi) + rng.normal(0, 1, 4032)
    values[3900] = 200.0
    frame = pl.DataFrame(
        {
            "unique_id": "sensor",
            "ds": [begin + n * timedelta(minutes=5) for n in range(len(values))],
            "y": values,
        }
    )
    made = AnomalyDetector(FAST).fit(frame)
    assert made.grid.freq == "5min"
    found = made.score(frame, last=288)
    assert found.filter("is_anomaly")["y"].to_list() == [200.0]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: AnomalyDetector("crystal_ball"), NotFound),
        (lambda: AnomalyDetector(FAST, magic=1), ConfigError),
        (lambda: AnomalyDetector(FAST, freq="2d"), InvalidInput),
        (lambda: AnomalyDetector(FAST, freq="shift"), InvalidInput),
        (lambda: AnomalyDetector(FAST, alarms_per_week=0), InvalidInput),
        (
            lambda: AnomalyDetector(FAST, alarms_per_week=1, false_discovery_rate=0.1),
            InvalidInput,
        ),
        (lambda: AnomalyDetector(FAST).fit(history().clear()), InvalidInput),
        (lambda: AnomalyDetector(FAST).fit(object()), InvalidInput),
        (lambda: AnomalyDetector(FAST).fit(history().drop("ds")), InvalidInput),
        (lambda: AnomalyDetector(FAST).fit(history().drop("y")), InvalidInput),
        (lambda: fitted(history()).score(history().clear()), InvalidInput),
        (lambda: fitted(history()).score(history(), last=0), InvalidInput),
        (lambda: AnomalyDetector(FAST, freq="1d", least=500).fit(history()), HistoryTooShort),
    ],
)
def test_what_cannot_be_is_said(wrong: object, error: type[Exception]) -> None:
    assert callable(wrong)
    with pytest.raises(error):
        wrong()


def test_one_value_of_a_new_series_is_not_called_usual() -> None:
    new = pl.DataFrame([{"unique_id": "W9/new", "ds": ODD, "y": 5.0}])
    assert fitted(history()).score(new)["score"].to_list() == [None]
