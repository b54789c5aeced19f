from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from supplynet.connectors.signals.periods import EARLIEST, PERIODS, period_start
from supplynet.errors import InvalidInput

NOW = datetime(2026, 3, 31, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("1d", (2026, 3, 30)),
        ("5d", (2026, 3, 26)),
        ("2wk", (2026, 3, 17)),
        ("1mo", (2026, 2, 28)),
        ("3mo", (2025, 12, 31)),
        ("6mo", (2025, 9, 30)),
        ("1y", (2025, 3, 31)),
        ("5Y", (2021, 3, 31)),
        ("ytd", (2026, 1, 1)),
    ],
)
def test_a_period_goes_back_to_a_midnight(period: str, start: tuple[int, int, int]) -> None:
    assert period_start(period, NOW) == datetime(*start, tzinfo=UTC)


def test_29_february_goes_back_to_28() -> None:
    leap = datetime(2024, 2, 29, tzinfo=UTC)
    assert period_start("1y", leap) == datetime(2023, 2, 28, tzinfo=UTC)


def test_max_is_as_far_as_anything_goes() -> None:
    assert period_start("max", NOW) == EARLIEST


def test_every_period_that_is_named_is_known() -> None:
    assert all(period_start(period, NOW) < NOW for period in PERIODS)


def test_the_day_is_the_one_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    early = datetime(2026, 3, 31, 3, tzinfo=tokyo)
    assert period_start("1d", early) == datetime(2026, 3, 29, tzinfo=UTC)


@pytest.mark.parametrize("period", ["", "1yr", "y", "-1y", "0d", "1.5y", "1 y", "ever", "1m"])
def test_another_period_is_refused_with_the_ones_there_are(period: str) -> None:
    with pytest.raises(InvalidInput, match="use 1d, 5d, 1mo, 3mo, 6mo, 1y"):
        period_start(period, NOW)


@pytest.mark.parametrize("period", ["101y", "99999d", "9999mo"])
def test_a_period_longer_than_a_century_is_max(period: str) -> None:
    with pytest.raises(InvalidInput, match="use max"):
        period_start(period, NOW)
