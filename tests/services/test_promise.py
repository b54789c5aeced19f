"""Once a day past decisions are held against the ledger, and the allowed risk follows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from supplynet.monitor.exceedance import OUTCOMES
from supplynet.services import promise
from supplynet.services.books import Books, open_books
from supplynet.storage import alerts

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
DAY = timedelta(days=1)
ROW = {
    "location_id": "SR1",
    "part_id": "bolt",
    "level": 100,
    "low": 80,
    "likely": 90,
    "high": 99,
    "promised": 0.01,
    "allowed": 0.01,
    "used": 95,
}


@pytest.fixture
def books(empty_workspace: Path) -> Iterator[Books]:
    opened = open_books(empty_workspace)
    opened.__dict__["_kept_plant"] = SimpleNamespace(
        get=lambda: None
    )  # what came of decisions is made up here
    yield opened
    opened.store.close()


class Past:
    """Decisions whose windows ended at these moments, and how many met a stock-out."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, until: datetime, *, kept: int = 0, stock_outs: int = 0) -> None:
        starved = [False] * kept + [True] * stock_outs
        self.rows += [ROW | {"starved": each, "until": until} for each in starved]

    def outcomes(self, *_: object) -> pl.DataFrame:
        return pl.DataFrame(self.rows, schema=OUTCOMES | {"until": pl.Datetime("us", "UTC")})


@pytest.fixture
def past(monkeypatch: pytest.MonkeyPatch) -> Past:
    made = Past()
    monkeypatch.setattr(promise, "outcomes", made.outcomes)
    return made


def open_kinds(books: Books) -> list[str]:
    with books.store.read() as tx:
        return [alert.kind for alert in alerts.open_alerts(tx)]


def test_without_past_decisions_nothing_is_corrected(books: Books, past: Past) -> None:
    found = promise.current(books, actor="test", now=NOW)
    assert (found.factor, found.counted, found.quality, past.rows) == (1.0, None, {}, [])
    assert open_kinds(books) == []


def test_a_broken_promise_raises_an_alarm_and_makes_decisions_careful(
    books: Books, past: Past
) -> None:
    past.add(NOW - DAY, kept=90, stock_outs=10)  # one in a hundred is allowed
    found = promise.review(books, actor="test", now=NOW)
    assert found.factor == pytest.approx(0.40657)  # exp(-0.1 * 9)
    assert open_kinds(books) == [promise.BROKEN]
    assert promise.latest(books) == found
    again = promise.review(books, actor="test", now=NOW + DAY)
    assert again.factor == found.factor  # the same windows count once


def test_kept_promises_take_the_correction_back_and_close_the_alarm(
    books: Books, past: Past
) -> None:
    past.add(NOW - DAY, stock_outs=5)
    careful = promise.review(books, actor="test", now=NOW).factor
    past.rows.clear()
    past.add(NOW + DAY / 2, kept=800)
    found = promise.review(books, actor="test", now=NOW + DAY)
    assert careful < found.factor == 1.0
    assert open_kinds(books) == []


def test_a_review_lasts_a_day(books: Books, past: Past) -> None:
    first = promise.current(books, actor="test", now=NOW)
    past.add(NOW, kept=10)
    assert promise.current(books, actor="test", now=NOW + DAY / 2) == first
    later = promise.current(books, actor="test", now=NOW + DAY)
    assert later.counted is not None
    assert later.quality["SR1", "bolt"]["windows"] == 10


def test_a_policy_without_a_promise_is_only_counted(books: Books, past: Past) -> None:
    past.add(NOW - DAY, stock_outs=3)
    past.rows = [row | {"allowed": None} for row in past.rows]
    found = promise.review(books, actor="test", now=NOW)
    assert (found.factor, open_kinds(books)) == (1.0, [])
    known = promise.latest(books)
    assert known is not None
    assert known.counted is not None
    assert known.counted.observed == 3
