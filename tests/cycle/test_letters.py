"""What nobody waits for is taken, or put aside with its reason: nothing is lost, nothing blocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.cycle.letters import Letter, TakenLetters
from supplynet.errors import NotFound
from supplynet.storage import Store, dead_letters
from supplynet.storage.dead_letters import DeadLetter, LetterState

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SKEW = timedelta(minutes=10)


def letter(event: Event | None, payload: bytes = b"{}", problem: str = "") -> Letter:
    return Letter(channel="mqtt", source="a/topic", payload=payload, event=event, problem=problem)


def take(site: Site, *letters: Letter) -> TakenLetters:
    return cycle.take_in_letters(site.store, site.plant, letters, actor="mqtt", now=NOW, skew=SKEW)


def waiting(store: Store) -> list[DeadLetter]:
    with store.read() as tx:
        return dead_letters.list_letters(tx)


def used(site: Site, quantity: int, at: datetime = NOW, **other: object) -> Event:
    made = site.event(EventType.CONSUMED, "SR1.A", at, "bolt", quantity)
    return replace(made, **other)  # type: ignore[arg-type]  # fields of an event


def test_bad_letters_are_put_aside_and_good_ones_beside_them_taken(any_site: Site) -> None:
    site, good = any_site, used(any_site, 5)
    taken = take(
        site,
        letter(None, b"\xff\xfe garbage", "this is no event"),
        letter(good),
        letter(used(site, 7, location_id="SR1.X"), b"unknown place"),
        letter(good),
        letter(replace(good, quantity=6), b"other content"),
        letter(used(site, 1, NOW + 2 * SKEW), b"of tomorrow"),
        letter(used(site, 2, NOW + SKEW)),
    )
    assert (taken.new, taken.known, len(taken.dead)) == (2, 1, 4)
    assert site.on_hand("SR1") == -7
    found = {each.payload: each.reason for each in waiting(site.store)}
    assert found[b"\xff\xfe garbage"] == "this is no event"
    assert "SR1.X" in found[b"unknown place"]
    assert "already there with other content" in found[b"other content"]
    assert "20 minutes ahead; set the sender's clock" in found[b"of tomorrow"]


def test_the_same_letter_again_is_the_same_dead_letter(any_site: Site) -> None:
    for _ in range(3):
        take(any_site, letter(None, b"garbage", "no event"))
    (found,) = waiting(any_site.store)
    assert (found.tries, found.source, found.received_at) == (3, "a/topic", NOW)


def test_a_letter_that_nobody_foresaw_does_not_hold_up_the_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_on_seven(event: Event, _plant: object) -> None:
        if event.quantity == 7:
            raise ZeroDivisionError("a bug")

    monkeypatch.setattr("supplynet.cycle.intake._check", break_on_seven)
    taken = take(site, letter(used(site, 5)), letter(used(site, 7), b"seven"))
    assert (taken.new, len(taken.dead)) == (1, 1)
    assert site.on_hand("SR1") == -5
    assert waiting(site.store)[0].reason == "ZeroDivisionError: a bug"


def test_a_dead_letter_is_replayed_once_its_cause_is_mended(any_site: Site) -> None:
    site = any_site
    wrong = used(site, 7, part_id="screw")
    take(site, letter(wrong, b"screw"))
    (dead,) = waiting(site.store)
    again = cycle.replay(site.store, site.plant, dead.seq, wrong, actor="mara", now=NOW)
    assert again.taken is None
    assert "screw" in again.reason
    assert waiting(site.store)[0].tries == 2
    mended = replace(wrong, part_id="bolt")
    done = cycle.replay(site.store, site.plant, dead.seq, mended, actor="mara", now=NOW + HOUR)
    assert done.taken == cycle.TakenIn(new=1, known=0)
    assert site.on_hand("SR1") == -7
    assert waiting(site.store) == []
    with site.store.read() as tx:
        found = dead_letters.get(tx, dead.seq)
    assert (found.state, found.decided_by, found.decided_at) == (
        LetterState.REPLAYED,
        "mara",
        NOW + HOUR,
    )
    with pytest.raises(NotFound, match="dead letter"):
        cycle.replay(site.store, site.plant, 99, mended, actor="mara", now=NOW)


def test_a_replayed_letter_that_comes_again_waits_again_only_if_it_fails(any_site: Site) -> None:
    site, wrong = any_site, used(any_site, 7, part_id="screw")
    take(site, letter(wrong, b"screw"))
    with site.store.write("mara", NOW) as tx:
        dead_letters.decide(tx, [1], LetterState.DROPPED, "a test")
    assert waiting(site.store) == []
    take(site, letter(wrong, b"screw"))
    assert [each.tries for each in waiting(site.store)] == [2]


@given(st.binary(max_size=200), st.text(max_size=50), st.text(max_size=50))
def test_whatever_comes_in_can_be_put_aside(
    site: Site, payload: bytes, topic: str, problem: str
) -> None:
    one = Letter(channel="mqtt", source=topic, payload=payload, problem=problem)
    assert take(site, one).dead == (one,)
