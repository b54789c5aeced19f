from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.notify.message import Outgoing
from supplynet.notify.text import LONGEST_BODY, LONGEST_TITLE, render

Make = Callable[..., Outgoing]
BERLIN = ZoneInfo("Europe/Berlin")


def test_an_alert_says_what_since_when_and_one_next_action(alert: Make) -> None:
    text = render(alert(), BERLIN)
    assert text.title == "Warning: halt risk, SR1.ST1.A bolt"
    assert text.body == (
        "SR1.ST1.A runs out of bolt at 03:10. Since Mon 05 Jan 23:00. "
        "Next: say that you look after it: supplynet alerts ack a1"
    )


@pytest.mark.parametrize(
    ("changes", "title", "ends"),
    [
        ({"turn": "worse", "severity": "critical"}, "Now critical: ", "ack a1"),
        ({"turn": "escalated"}, "Warning, nobody has answered: ", "ack a1"),
        ({"turn": "awake"}, "Warning, still open: ", "ack a1"),
        ({"acknowledged_by": "ann"}, "Warning: ", "Next: ask ann, who looks after it."),
        ({"turn": "resolved"}, "Over: ", "is over since Mon 05 Jan 23:00."),
    ],
)
def test_each_turn_has_its_words(
    alert: Make, changes: dict[str, str], title: str, ends: str
) -> None:
    text = render(alert(**changes), BERLIN)
    assert text.title.startswith(title)
    assert text.body.endswith(ends)


def test_an_order_says_how_many_from_where_to_where_and_when(order: Make) -> None:
    text = render(order(), BERLIN)
    assert text.title == "Order approved: 240 of bolt"
    assert text.body == (
        "240 of bolt from WH1 to SR1, leaves Tue 06 Jan 02:30. Next: pick it before it leaves."
    )


@given(said=st.text(max_size=2000), kind=st.text(max_size=300), at=st.text(max_size=40))
def test_text_is_one_short_printable_line(alert: Make, said: str, kind: str, at: str) -> None:
    text = render(alert(message=said, kind=kind, raised_at=at), BERLIN)
    assert len(text.title) <= LONGEST_TITLE
    assert len(text.body) <= LONGEST_BODY
    assert (text.title + text.body).isprintable()
