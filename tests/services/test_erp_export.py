"""Tuned thresholds and cards for an ERP."""

from __future__ import annotations

from pathlib import Path

import pytest

from supplynet.errors import InvalidInput
from supplynet.services import erp_export, policies
from supplynet.services.books import Books, open_books


@pytest.fixture
def books(sold: Path) -> Books:
    return open_books(sold)


def test_thresholds_follow_the_tuned_parameters(books: Books) -> None:
    before = {row["part_id"]: row for row in erp_export.export(books, "min_max")}
    policies.keep_parameters(books, "min_max", {"z": 7.0, "extra_cover": 0.0}, actor="test")
    after = {row["part_id"]: row for row in erp_export.export(books, "min_max")}
    assert before["bolt"]["set_by"] == "default"
    assert after["bolt"]["set_by"] == "tuned"
    assert after["bolt"]["reorder_point"] > before["bolt"]["reorder_point"]
    assert after["bolt"]["order_up_to_level"] == after["bolt"]["reorder_point"]


def test_cards_are_enough_for_the_demand_until_the_next_delivery(books: Books) -> None:
    policies.keep_parameters(books, "kanban", {"safety": 0.0}, actor="test")
    rows = erp_export.export(books, "kanban")
    # About 13 a day for the two days of lead time and the day between two orders, in tens.
    assert {row["part_id"]: row["cards"] for row in rows} == {"bolt": 4, "nut": 4}
    assert {row["container_size"] for row in rows} == {10}
    assert {row["set_by"] for row in rows} == {"tuned"}


def test_without_history_there_is_nothing_to_tune_from(small_books: Books) -> None:
    with pytest.raises(InvalidInput, match="history"):
        erp_export.export(small_books, "kanban")


def test_only_kinds_that_there_are_can_be_exported(books: Books) -> None:
    with pytest.raises(InvalidInput, match="choose from stock, orders"):
        erp_export.export_csv(books, "prices")
