from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from supplynet.anomaly.incident import Kind
from supplynet.anomaly.wording import Facts, sentence_of
from supplynet.frames.panel import Period

SIX = datetime(2026, 3, 14, 6, tzinfo=UTC)


def shifts(first: int, many: int, names: tuple[str, ...] = ("day", "night")) -> tuple[Period, ...]:
    """Shifts in a row, the first one of 14 March being number 0."""
    length = timedelta(hours=24 / len(names))
    made = []
    for number in range(first, first + many):
        start = SIX + number * length
        day = (SIX + timedelta(days=number // len(names))).date()
        name = names[number % len(names)]
        made.append(Period(start=start, end=start + length, shift=name, local_date=day))
    return tuple(made)


def told(
    kind: Kind,
    observed: list[float],
    *,
    expected: float = 110.0,
    periods: tuple[Period, ...] | None = None,
    parts: tuple[str, ...] = ("P-012",),
    p_value: float = 1.0,
    ongoing: bool = False,
) -> str:
    many = len(observed)
    return sentence_of(
        Facts(
            kind=kind,
            location_id="SR1.ST2.A",
            parts=parts,
            periods=shifts(1, many) if periods is None else periods,
            observed=np.array(observed),
            expected=np.full(many, expected),
            low=np.full(many, max(0.0, expected - 15.4)),
            high=np.full(many, expected + 20.2),
            p_value=p_value,
            ongoing=ongoing,
        )
    )


def test_a_spike_says_how_much_when_and_what_would_explain_it() -> None:
    assert told(Kind.SPIKE, [880], p_value=1 / 12_345) == (
        "P-012 at SR1.ST2.A: 880 used in the night shift of 14 Mar, 95 to 130 expected; "
        "about 8 times as much as expected, as if pieces had been booked as packs of 8; "
        "1 in 12,000 normal shifts looks as odd. "
        "Check the booking, and the line for scrap or an extra job."
    )


def test_a_drop_that_no_pack_explains() -> None:
    assert told(Kind.DROP, [33]).startswith(
        "P-012 at SR1.ST2.A: 33 used in the night shift of 14 Mar, 95 to 130 expected; "
        "70 % less than expected. Check"
    )


def test_a_dead_counter_says_since_when() -> None:
    assert told(Kind.DEAD_SENSOR, [0, 0, 0], ongoing=True, p_value=1e-9) == (
        "P-012 at SR1.ST2.A has shown 0 since the night shift of 14 Mar (3 shifts), "
        "110 a shift expected: the counter may be dead; "
        "rarer than 1 in a million normal shifts. "
        "Check the counter and its connection, and count the stock."
    )


def test_what_is_over_is_told_in_the_past() -> None:
    assert told(Kind.DEAD_SENSOR, [0, 0, 0]).startswith(
        "P-012 at SR1.ST2.A showed 0 from the night shift of 14 Mar to the night shift of 15 Mar "
        "(3 shifts), 110 a shift expected: the counter may have been dead."
    )


def test_a_stuck_counter_says_its_value() -> None:
    assert told(Kind.STUCK_SENSOR, [1097] * 4, ongoing=True).startswith(
        "P-012 at SR1.ST2.A has shown 1,097 in every shift since the night shift of 14 Mar "
        "(4 shifts), 110 a shift expected: the counter may be stuck."
    )


def test_a_double_booking_asks_for_it() -> None:
    said = told(Kind.DOUBLE_BOOKING, [220])
    assert "about twice as much as expected, so perhaps counted twice. Look for" in said


def test_a_new_level_is_told_as_a_mean() -> None:
    assert told(Kind.LEVEL_SHIFT, [160, 171, 166], ongoing=True).startswith(
        "P-012 at SR1.ST2.A: about 166 used a shift since the night shift of 14 Mar (3 shifts), "
        "110 a shift expected; the level is 51 % higher. Check"
    )


def test_packs_that_were_booked_as_pieces() -> None:
    said = told(Kind.UNIT_JUMP, [120, 119, 121], expected=1_200.0, ongoing=True)
    assert "1,200 a shift expected; 90 % less than expected, " in said
    assert "as if packs of 10 had been booked as pieces. Check whether" in said


def test_a_drift_names_its_shift() -> None:
    nights = shifts(1, 9)[::2]
    assert told(Kind.NIGHT_DRIFT, [140, 150, 160, 150, 150], periods=nights, ongoing=True) == (
        "P-012 at SR1.ST2.A: 150 used on average in 5 night shifts since 14 Mar, "
        "110 a shift expected; 36 % higher, and the rest of the day is as usual. "
        "Ask that shift what it does differently, and check its counter."
    )


def test_without_shifts_days_and_weekdays_are_named() -> None:
    days = shifts(0, 15, ("",))
    assert "0 used on 14 Mar, 95 to 130 expected" in told(Kind.DROP, [0], periods=days[:1])
    assert "since 14 Mar (2 days), 110 a day expected" in told(
        Kind.DEAD_SENSOR, [0, 0], periods=days[:2], ongoing=True
    )
    said = told(Kind.NIGHT_DRIFT, [140, 150, 160], periods=days[::7])
    assert "in 3 Saturdays from 14 Mar to 28 Mar, 110 a day expected" in said


def test_a_numbered_shift_reads_well() -> None:
    two = shifts(0, 1, ("2",))
    assert "in shift 2 of 14 Mar" in told(Kind.SPIKE, [500], periods=two)
    named = shifts(0, 1, ("Shift B",))
    assert "in Shift B of 14 Mar" in told(Kind.SPIKE, [500], periods=named)


def test_parts_of_a_line_are_named_up_to_three() -> None:
    parts = tuple(f"P-{number:03d}" for number in range(1, 12))
    said = told(Kind.DEAD_SENSOR, [0, 0], parts=parts, ongoing=True)
    assert said.startswith("11 parts at SR1.ST2.A (P-001, P-002, P-003 and 8 more) have shown 0 ")
    assert "the counters may be dead. Most parts of the line show it: check the line" in said
    assert told(Kind.SPIKE, [999], parts=parts[:3]).startswith(
        "3 parts at SR1.ST2.A (P-001, P-002, P-003): 999 used"
    )


def test_where_nothing_was_expected() -> None:
    said = sentence_of(
        Facts(
            kind=Kind.SPIKE,
            location_id="L1",
            parts=("P1",),
            periods=shifts(0, 1),
            observed=np.array([1_234.0]),
            expected=np.zeros(1),
            low=np.zeros(1),
            high=np.zeros(1),
            p_value=0.01,
            ongoing=False,
        )
    )
    assert said.startswith(
        "P1 at L1: 1,234 used in the day shift of 14 Mar, none expected; "
        "none should have been used; 1 in 100 normal shifts looks as odd. "
    )


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("observed", [[0.0], [0.0, 0.0], [55.0] * 3, [110.0], [900.0] * 20])
def test_every_kind_has_a_whole_sentence(kind: Kind, observed: list[float]) -> None:
    said = told(kind, observed, p_value=1e-4)
    assert said.endswith(".")
    assert not any(wrong in said for wrong in ("nan", "inf ", "  ", "..", " 1 shifts", " -"))


def vague(observed: float, *, expected: float, high: float) -> str:
    """A spike of which little is known: the range begins at 0."""
    return sentence_of(
        Facts(
            kind=Kind.SPIKE,
            location_id="L1",
            parts=("P1",),
            periods=shifts(0, 1),
            observed=np.array([observed]),
            expected=np.array([expected]),
            low=np.zeros(1),
            high=np.array([high]),
            p_value=1.0,
            ongoing=False,
        )
    )


def test_where_the_range_is_wide_its_end_is_compared_with_and_no_pack_is_guessed() -> None:
    said = vague(24.0, expected=1.0, high=8.0)
    assert "0 to 8 expected; about 3 times the most that was expected. Check" in said
    assert "0 to 6 expected; about 6 times the most" in vague(36.0, expected=0.0, high=6.0)


def test_a_value_in_its_range_is_odd_only_after_those_before_it() -> None:
    said = vague(6.0, expected=5.0, high=8.0)
    assert "usual by itself, but not after the shifts before it. Check the bookings of" in said


def test_less_than_a_piece_is_told_where_amounts_are_no_pieces() -> None:
    assert "0.8 used in the day shift of 14 Mar, 0 to 0.3 expected" in vague(
        0.8, expected=0.2, high=0.3
    )


def test_periods_that_are_apart_are_counted_without_those_between() -> None:
    days = shifts(0, 3, ("",))[::2]
    assert "used a day on 2 days from 14 Mar to 16 Mar" in told(
        Kind.SPIKE, [500, 500], periods=days
    )


def test_hours_weeks_and_months_are_called_so() -> None:
    def of(length: timedelta) -> tuple[Period, ...]:
        return (Period(start=SIX, end=SIX + length, shift="", local_date=SIX.date()),)

    for length, words in (
        (timedelta(minutes=5), "in the 5 minutes from 14 Mar 06:00 UTC"),
        (timedelta(hours=1), "in the hour from 14 Mar 06:00 UTC"),
        (timedelta(days=7), "in the week of 14 Mar 2026"),
        (timedelta(days=31), "in Mar 2026"),
    ):
        assert f"500 used {words}, 95 to 130 expected" in told(
            Kind.SPIKE, [500], periods=of(length)
        )


def test_a_drift_of_several_shifts_does_not_count_them_as_one() -> None:
    some = (*shifts(1, 5)[::2], *shifts(6, 1))
    said = told(Kind.NIGHT_DRIFT, [140, 150, 160, 150], periods=some)
    assert "in 4 shifts, 3 of them night shifts, from" in said
