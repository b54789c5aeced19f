from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.production_plan import PlanRow, plan_as_known

START = datetime(2026, 1, 1, tzinfo=UTC)


def row(units: int, hour: int, shift: str = "SR1/2026-01-05/day") -> PlanRow:
    return PlanRow(
        line_id="SR1.ST1.A",
        product="default",
        shift_id=shift,
        units=units,
        recorded_at=START + timedelta(hours=hour),
    )


rows = st.lists(
    st.builds(row, st.integers(0, 500), st.integers(0, 48), st.sampled_from(["day", "night"])),
    max_size=20,
)


def test_a_later_figure_replaces_an_earlier_one_once_it_is_known() -> None:
    plan = [row(100, 0), row(80, 10)]
    key = ("SR1.ST1.A", "default", "SR1/2026-01-05/day")
    assert plan_as_known(plan, START + timedelta(hours=9)) == {key: 100}
    assert plan_as_known(plan, START + timedelta(hours=10)) == {key: 80}
    assert plan_as_known(plan, START - timedelta(hours=1)) == {}


@given(rows, st.integers(-1, 49))
def test_a_row_recorded_after_the_cutoff_never_shows(plan: list[PlanRow], hour: int) -> None:
    cutoff = START + timedelta(hours=hour)
    past = [each for each in plan if each.recorded_at <= cutoff]
    assert plan_as_known(plan, cutoff) == plan_as_known(past, cutoff)


@given(rows, st.integers(-1, 49))
def test_the_newest_known_figure_counts_in_any_order_of_rows(
    plan: list[PlanRow], hour: int
) -> None:
    cutoff = START + timedelta(hours=hour)
    newest: dict[str, PlanRow] = {}
    for each in sorted(plan, key=lambda one: one.recorded_at):
        if each.recorded_at <= cutoff:
            newest[each.shift_id] = each
    known = plan_as_known(plan, cutoff)
    assert {key[2]: units for key, units in known.items()} == {
        shift: each.units for shift, each in newest.items()
    }
