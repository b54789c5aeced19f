"""The data scientist: an odd course answered, the best model named, the champion changed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from tests.web.lists import PHONE, books, check, control_room_app, shows

from supplynet.anomaly.incident import Kind
from supplynet.learning.aliases import CHAMPION
from supplynet.services import history, models
from supplynet.services.books import Books
from supplynet.storage import anomalies
from supplynet.storage.anomalies import Anomaly, AnomalyState

__all__ = ["books", "control_room_app"]
pytestmark = pytest.mark.browser


def test_an_odd_course_is_seen_and_answered(page: Page, books: Books) -> None:
    rule = books.plant.requirements[0]
    now = history.as_of(books)
    spike = Anomaly(
        anomaly_id="odd-1",
        location_id=rule.line_id,
        parts=(rule.part_id,),
        start=now - timedelta(hours=24),
        end=now - timedelta(hours=12),
        periods=1,
        kind=Kind.SPIKE,
        size=60.0,
        sizes={rule.part_id: 60.0},
        expected=100.0,
        observed=160.0,
        p_value=1e-9,
        score=1.0,
        sentence="160 used where 100 was expected.",
        ongoing=False,
        detector_version="anomaly-test",
        seen_at=now,
    )
    with books.store.write("test", now) as tx:
        anomalies.add(tx, spike)
    shows(page, "data/anomalies/odd-1", "Data")
    expect(page.get_by_text("160 used where 100 was expected.")).to_be_visible()
    chart = page.get_by_role("slider", name=f"{rule.part_id} at {rule.line_id}")
    chart.press("End")
    expect(chart).to_have_attribute("aria-valuetext", re.compile("used, usual"))
    expect(page.get_by_text("of 100", exact=False).first).to_be_visible()
    check(page)
    page.get_by_label("Note", exact=True).fill("a pallet was scanned twice")
    page.get_by_role("button", name="The record is wrong").click()
    expect(page.get_by_text("local: wrong record")).to_be_visible()
    with books.store.read() as tx:
        answered = anomalies.get(tx, "odd-1")
    assert answered.state is AnomalyState.WRONG_RECORD
    assert answered.note == "a pallet was scanned twice"
    page.set_viewport_size(PHONE)
    check(page)


def test_the_champion_is_changed_with_a_reason(page: Page, books: Books) -> None:
    found = models.list_models(books)
    waiting = next(row for row in found if CHAMPION not in row["aliases"])["version"]
    shows(page, "models", "Models")
    errors = page.get_by_role("region", name="Errors on days that were not seen").last
    expect(errors.get_by_role("row").filter(has_text="naive").first).to_be_visible()
    expect(errors.get_by_text("best", exact=True).first).to_be_visible()
    row = page.get_by_role("row").filter(has_text=waiting)
    row.get_by_role("button", name="Make champion").click()
    send = row.get_by_role("button", name="Make champion")
    expect(send).to_be_disabled()
    row.get_by_role("textbox").fill("fewer misses at night")
    send.click()
    expect(row).to_contain_text("champion: it plans")
    told = models.show(books, waiting)
    assert list(told["aliases"]) == [CHAMPION]
    assert told["history"][-1]["reason"] == "fewer misses at night"
    check(page)
    page.set_viewport_size(PHONE)
    check(page)


def test_the_proof_names_policies_with_their_intervals(page: Page) -> None:
    shows(page, "proof", "Is it worth it?")
    expect(page.get_by_role("row").filter(has_text="Perfect foresight")).to_contain_text(" to ")
    expect(page.get_by_text("No decision was made yet.")).to_be_visible()
    page.get_by_role("textbox", name="Days").fill("0")
    expect(page.get_by_text("A whole number from 1 to 366.")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_be_disabled()
    check(page)
    page.set_viewport_size(PHONE)
    check(page)
