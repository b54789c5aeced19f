from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from supplynet.errors import InvalidInput
from supplynet.frames.cleaning import clean

Make = Callable[..., pl.DataFrame]
SENTENCE = "P-001 at L1: 40 used, 60 to 80 expected. Check the booking."


def review(frame: pl.DataFrame, **use: str) -> pl.DataFrame:
    """Rows 10 and 20 of a table, with what a person said of them."""
    words = [use.get("first", ""), use.get("second", "")]
    keys = frame[[10, 20]].select("location_id", "part_id", "period_start")
    return keys.with_columns(sentence=pl.lit(SENTENCE), use=pl.Series(words))


def test_only_what_a_person_dropped_is_not_observed_and_the_books_stay(daily: Make) -> None:
    frame = daily()
    made = clean(frame, ["anomalies"], anomalies=review(frame, first="Drop ", second="keep"))
    assert made.frame["demand"].is_null().arg_true().to_list() == [10]
    assert made.frame["consumed"].equals(frame["consumed"])
    assert made.log["why"].to_list() == [f"{SENTENCE} (confirmed: not observed)"]
    assert made.log.select("step", "column").row(0) == ("anomalies", "demand")


def test_rows_without_a_word_stay(daily: Make) -> None:
    frame = daily()
    made = clean(frame, ["anomalies"], anomalies=review(frame))
    assert made.log.is_empty()
    assert made.frame.equals(clean(frame, ["types"]).frame)


def test_without_rows_nothing_is_dropped_even_when_the_step_is_asked_for(daily: Make) -> None:
    made = clean(daily(), ["anomalies"])
    assert made.log.is_empty()
    assert made.notes == ("anomalies: none were handed over, give `anomalies`.",)


def test_to_hand_rows_over_asks_for_the_step_beside_the_default_ones(daily: Make) -> None:
    frame = daily()
    made = clean(frame, anomalies=review(frame, first="drop"))
    assert "anomalies" in made.steps
    assert "missing" in made.steps
    assert made.frame["demand"][10] is None


def test_scores_count_where_they_are_anomalies(daily: Make) -> None:
    frame = daily()
    scores = frame[[10, 20]].select(
        pl.concat_str("location_id", "part_id", separator="/").alias("unique_id"),
        pl.col("period_start").alias("ds"),
        pl.Series("is_anomaly", [True, False]),
        pl.Series("kind", ["spike", None], dtype=pl.String),
    )
    made = clean(frame, ["anomalies"], anomalies=scores)
    assert made.log["why"].to_list() == ["spike (confirmed: not observed)"]


def test_cleaning_again_changes_nothing(daily: Make) -> None:
    frame = daily()
    told = review(frame, first="drop", second="drop")
    once = clean(frame, anomalies=told)
    assert clean(once.frame, anomalies=told).log.is_empty()


def test_rows_that_the_table_does_not_have_are_counted(daily: Make) -> None:
    frame = daily()
    told = review(frame, first="drop").with_columns(part_id=pl.lit("other"))
    made = clean(frame, ["anomalies"], anomalies=told)
    assert made.notes == ("anomalies: 1 of the confirmed rows are not in the table.",)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda told: told.with_columns(use=pl.lit("perhaps")), "use is 'perhaps' in 2 rows"),
        (lambda told: told.drop("period_start"), "odd values need period_start"),
        (lambda told: 5, "is not a table"),  # noqa: ARG005
    ],
)
def test_what_cannot_be_read_is_said(
    daily: Make, wrong: Callable[[pl.DataFrame], object], said: str
) -> None:
    frame = daily()
    with pytest.raises(InvalidInput, match=said):
        clean(frame, anomalies=wrong(review(frame)))
