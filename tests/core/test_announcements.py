"""What holds of what was announced: the last word, for as long as it was given."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import count, pairwise, permutations

from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.announcements import Announcements, announcements
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.core.statements import Says, Statement
from supplynet.errors import NotFound

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
_numbers = count(1)


def calendar(zone: str = "UTC") -> ShiftCalendar:
    """Shifts from 6 to 18 and from 18 to 6."""
    return ShiftCalendar(
        calendar_id="site",
        time_zone=zone,
        patterns=(
            ShiftPattern(name="day", start=time(6), end=time(18)),
            ShiftPattern(name="night", start=time(18), end=time(6)),
        ),
    )


def at(hour: float) -> datetime:
    return NOON.replace(hour=0) + hour * HOUR


def say(
    factor: float,
    start: float,
    end: float | None = None,
    *,
    says: Says = Says.RATE,
    said: float = 0,
    withdraws: str = "",
) -> Statement:
    return Statement(
        key=f"board/e{next(_numbers):05}",
        line_id="A",
        says=says,
        factor=factor,
        start=at(start),
        end=None if end is None else at(end),
        said_at=at(said),
        withdraws=withdraws,
    )


def held(*said: Statement) -> list[tuple[datetime, datetime, float]]:
    found = announcements(said, lambda _: calendar())
    return [(row.start, row.end, row.factor) for row in found.by_line.get("A", ())]


def resume(start: float, said: float = 0) -> Statement:
    return say(1, start, says=Says.RESUMED, said=said)


def test_the_later_word_holds_where_two_overlap_and_the_earlier_one_around_it() -> None:
    assert held(say(1.2, 14, 22, said=1), say(0, 16, 18, said=2)) == [
        (at(14), at(16), 1.2),
        (at(16), at(18), 0),
        (at(18), at(22), 1.2),
    ]
    assert held(say(1.2, 14, 22, said=2), say(0, 16, 18, said=1)) == [(at(14), at(22), 1.2)]


def test_what_has_no_end_ends_with_its_shift() -> None:
    assert held(say(1.2, 14)) == [(at(14), at(18), 1.2)]
    assert held(say(1.2, 20)) == [(at(20), at(30), 1.2)]


def test_between_shifts_it_ends_with_the_next_one() -> None:
    day = ShiftPattern(name="day", start=time(6), end=time(18))
    alone = ShiftCalendar(calendar_id="site", time_zone="UTC", patterns=(day,))
    found = announcements([say(1.2, 20)], lambda _: alone)
    assert found.by_line["A"][0].end == at(42)


def test_the_end_of_a_shift_is_that_of_its_own_clock_when_that_changes() -> None:
    """On 29 March 2026 a night in Berlin has 11 hours: 18:00 (17:00 UTC) to 06:00 (04:00 UTC)."""
    start = datetime(2026, 3, 28, 20, tzinfo=UTC)
    said = Statement(
        key="board/e0",
        line_id="A",
        says=Says.RATE,
        factor=0.0,
        start=start,
        end=None,
        said_at=start,
    )
    found = announcements([said], lambda _: calendar("Europe/Berlin"))
    night = calendar("Europe/Berlin").shift_at(start)
    assert night is not None
    assert (night.minutes, found.by_line["A"][0].end) == (660, night.end)
    assert found.factor("A", night.start, night.end) == 1 - 8 / 11


def test_going_on_ends_the_stop_that_holds_and_no_other_word() -> None:
    stop, later = say(0, 14, 40, said=1), say(0, 30, 32, said=2)
    assert held(stop, later, resume(16, said=3)) == [(at(14), at(16), 0), (at(30), at(32), 0)]
    assert held(say(1.2, 14, 20), resume(16, said=3)) == [(at(14), at(20), 1.2)]
    assert held(say(0, 14, 20, said=4), resume(16, said=3)) == [(at(14), at(20), 0)]


def test_a_rate_shows_again_where_a_stop_over_it_ends_early() -> None:
    said = say(1.2, 12, 18, said=1), say(0, 14, 17, said=2), resume(15, said=3)
    assert held(*said) == [(at(12), at(14), 1.2), (at(14), at(15), 0), (at(15), at(18), 1.2)]


def test_what_is_withdrawn_was_never_said() -> None:
    first, second = say(1.2, 14, 22, said=1), say(0, 16, 18, said=2)
    gone = say(1, 0, says=Says.WITHDRAWN, said=3, withdraws=second.key)
    assert held(first, second, gone) == held(first)
    assert held(second, gone) == []


def test_a_line_that_has_left_the_plant_is_passed_over() -> None:
    def nowhere(line: str) -> ShiftCalendar:
        raise NotFound("location", line)

    assert announcements([say(1.2, 14)], nowhere).by_line == {}


def test_the_mean_rate_counts_each_by_its_time() -> None:
    found = announcements([say(0, 12, 15), say(2, 15, 16)], lambda _: calendar())
    assert found.factor("A", at(12), at(18)) == (3 * 0 + 1 * 2 + 2 * 1) / 6
    assert found.factor("A", at(12), at(15)) == 0
    assert found.factor("A", at(15.25), at(15.5)) == 2
    assert found.factor("A", at(16), at(18)) == 1
    assert found.factor("B", at(12), at(18)) == 1
    assert Announcements().factor("A", at(12), at(18)) == 1


def test_nothing_depends_on_the_order_in_which_the_words_come_in() -> None:
    said = [say(1.2, 14, 22, said=1), say(0, 16, 21, said=2), resume(18, said=3)]
    gone = say(1, 0, says=Says.WITHDRAWN, said=4, withdraws=said[0].key)
    found = {tuple(held(*order)) for order in permutations([*said, gone])}
    assert found == {((at(16), at(18), 0),)}


@st.composite
def words(draw: st.DrawFn) -> Statement:
    start = draw(st.integers(0, 40))
    return say(
        draw(st.sampled_from([0.0, 0.5, 1.0, 1.2, 3.0])),
        start,
        draw(st.none() | st.integers(start + 1, 60)),
        said=draw(st.integers(0, 5)),
    )


@given(st.lists(words(), max_size=6))
def test_at_every_moment_holds_the_last_that_covers_it(said: list[Statement]) -> None:
    found = announcements(said, lambda _: calendar())
    rows = found.by_line.get("A", ())
    assert all(one.end <= other.start for one, other in pairwise(rows))
    for hour in range(60):
        expected = 1.0
        for each in sorted(said, key=lambda each: (each.said_at, each.key)):
            end = each.end or calendar().next_shifts(each.start, 1)[0].end
            if each.start <= at(hour) < end:
                expected = each.factor
        assert found.factor("A", at(hour), at(hour + 0.5)) == expected


@given(st.lists(st.integers(0, 70), min_size=2, max_size=2, unique=True))
def test_the_usual_rate_is_exactly_one(hours: list[int]) -> None:
    begin, end = sorted(hours)
    found = announcements([say(1.0, 3, 7), say(1.0, 20, 33.7)], lambda _: calendar())
    assert found.factor("A", at(begin), at(end)) == 1.0
