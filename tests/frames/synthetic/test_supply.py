from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.sample_paths import IntArray
from supplynet.errors import InvalidInput
from supplynet.frames.synthetic import demo_plant, generate_demand
from supplynet.frames.synthetic.demand import Generated
from supplynet.frames.synthetic.scenario import SupplyShape
from supplynet.frames.synthetic.supply import Played, play

if TYPE_CHECKING:
    from tests.frames.synthetic.conftest import World

BOLT, NUT = ("A", "bolt"), ("A", "nut")
PLAIN = SupplyShape(
    plays=True,
    lead_periods_low=2,
    lead_periods_mode=2,
    lead_periods_high=2,
    night_factor=1,
    late_share=0,
    safety_z=0,
    cover_periods=6,
    halts_per_line_month=0,
)
"""What is ordered comes two periods later, always."""
STRAITENED = replace(PLAIN, lead_periods_high=6, late_share=0.2, halts_per_line_month=6)


@pytest.fixture(scope="module")
def plant_demand() -> Generated:
    plant = demo_plant(showrooms=2, stations=2)
    return generate_demand(plant, start=date(2025, 1, 1), days=120, seed=1)


def received_of(made: Generated, played: Played) -> IntArray:
    """Receipts, shape (series, period)."""
    assert played.stock is not None
    orders, total = played.stock.orders, np.zeros((len(made.series), len(made.periods) + 1))
    np.add.at(total, (orders.series, orders.arrival), orders.quantity)
    return total[:, :-1].astype(np.int32)


def check_books_balance(made: Generated, played: Played) -> None:
    assert played.stock is not None
    hand, ordered = played.stock.on_hand.astype(int), played.stock.on_order.astype(int)
    orders, came = played.stock.orders, received_of(made, played)
    placed = np.zeros_like(came)
    np.add.at(placed, (orders.series, orders.period), orders.quantity)
    assert (hand >= 0).all()
    assert (played.consumed >= 0).all()
    assert (played.consumed <= made.true_demand).all()
    assert (hand[:, 1:] == (hand + came - played.consumed)[:, :-1]).all()
    assert (ordered[:, 1:] == (ordered + placed - came)[:, :-1]).all()
    is_open = orders.arrival == len(made.periods)
    assert ((orders.received == -1) == is_open).all()
    last = (ordered + placed - came)[:, -1]
    assert (np.bincount(orders.series, orders.quantity * is_open, len(last)) == last).all()


def check_a_line_uses_one_share_of_every_part(made: Generated, played: Played) -> None:
    minutes = np.array([shift.minutes for shift in made.periods])
    starved = played.starved_minutes[made.line_of_series]
    runs = np.maximum(minutes - made.stopped_minutes[made.line_of_series], 1)
    ran = 1 - starved / runs
    expected = made.true_demand * ran
    # A minute is the finest that starvation is noted in, and a part the finest that is used.
    slack = 1 + made.true_demand / runs
    assert (np.abs(played.consumed - expected) <= slack + 1e-9).all()
    assert (played.consumed == made.true_demand)[starved == 0].all()


def test_a_shelf_that_is_ordered_in_time_never_runs_out(world: World) -> None:
    """10 a period, two periods of lead time, one to notice: 30 are enough."""
    made = world({BOLT: 10}, 40)
    played = play(made, PLAIN, seed=1)
    assert played.stock is not None
    assert not played.starved_minutes.any()
    assert (played.stock.reorder_point == 30).all()
    orders = played.stock.orders
    assert set(orders.quantity.tolist()) == {60}  # six periods' use, in boxes of 5
    assert ((orders.arrival - orders.period)[orders.received > 0] == 2).all()
    check_books_balance(made, played)


def test_an_order_is_placed_at_the_reorder_point_and_not_above(world: World) -> None:
    made = world({BOLT: 7, NUT: 3}, 60)
    stock = play(made, PLAIN, seed=1).stock
    assert stock is not None
    due = np.argwhere(stock.on_hand + stock.on_order <= stock.reorder_point)
    placed = np.column_stack([stock.orders.series, stock.orders.period])
    assert sorted(map(tuple, due)) == sorted(map(tuple, placed))


def test_a_line_without_a_part_stands_still_and_uses_nothing_else(world: World) -> None:
    """10 a period, 30 less five deviations of 5.5: ordered when two are left, two periods late."""
    made = world({BOLT: 10, NUT: 10}, 60)
    played = play(made, replace(PLAIN, safety_z=-5), seed=1)
    assert (played.starved_minutes == 720).any()
    out = played.starved_minutes[0] == 720
    assert (played.consumed[:, out] == 0).all()
    assert set(played.missing[0, out].tolist()) <= {0, 1}
    check_books_balance(made, played)


def test_a_line_runs_as_far_as_its_scarcest_part(world: World) -> None:
    """If a tenth of the bolts is there, a tenth of the nuts is used, and 648 minutes are lost."""
    made = world({BOLT: [1] * 14 + [1000], NUT: [1] * 14 + [500]}, 15)
    played = play(made, PLAIN, seed=1)
    assert played.stock is not None
    bolts = played.stock.on_hand[0, -1] + received_of(made, played)[0, -1]
    nuts = played.stock.on_hand[1, -1] + received_of(made, played)[1, -1]
    share = min(bolts / 1000, nuts / 500)
    assert played.starved_minutes[0, -1] == np.ceil((1 - share) * 720 - 1e-9)
    assert played.consumed[:, -1] == pytest.approx([1000 * share, 500 * share], abs=1)
    assert played.missing[0, -1] == (0 if bolts / 1000 < nuts / 500 else 1)


def test_parts_that_are_not_wanted_in_a_period_stop_no_line(world: World) -> None:
    made = world({BOLT: [0, 10] * 20, NUT: 10}, 40)
    played = play(made, replace(PLAIN, safety_z=-5), seed=3)
    lacks_bolts = played.missing[0] == 0
    assert not lacks_bolts[::2].any()


def test_a_truck_for_a_closed_line_is_unloaded_when_it_opens(world: World) -> None:
    """Nothing is worked at night: what is ordered at six comes a day later at six, not at 18."""
    nights = {"A": lambda shift: shift.name == "night"}
    made = world({BOLT: 10}, 40, closed=nights)
    stock = play(
        made, replace(PLAIN, lead_periods_low=1, lead_periods_mode=1, lead_periods_high=1), seed=1
    ).stock
    assert stock is not None
    there = stock.orders.received > 0
    assert there.any()
    assert (stock.orders.arrival % 2 == 0)[there].all()
    waited = (stock.orders.received % 1440)[there]
    assert set(waited.tolist()) == {360}  # 06:00


def test_without_play_only_other_halts_cost_demand(world: World) -> None:
    made = world({BOLT: 600, NUT: 300}, 4000)
    quiet = play(made, SupplyShape(halts_per_line_month=0), seed=1)
    assert (quiet.consumed == made.true_demand).all()
    assert quiet.stock is None
    played = play(made, SupplyShape(halts_per_line_month=3, halt_mean_minutes=75), seed=1)
    hit = played.starved_minutes[0] > 0
    assert hit.mean() == pytest.approx(3 / 60, abs=0.012)
    assert played.starved_minutes[0, hit].min() >= 10
    assert played.starved_minutes[0, hit].mean() == pytest.approx(85, rel=0.15)
    assert (played.missing == -1).all()
    check_a_line_uses_one_share_of_every_part(made, played)


@given(
    seed=st.integers(0, 2**32),
    demand=st.lists(st.lists(st.integers(0, 60), min_size=20, max_size=20), min_size=1, max_size=4),
    z=st.floats(-3, 3),
    rests=st.booleans(),
)
def test_parts_never_appear_or_vanish(
    world: World, seed: int, demand: list[list[int]], z: float, rests: bool
) -> None:
    wanted = {("AB"[i % 2], f"P{i}"): row for i, row in enumerate(demand)}
    closed = {"B": lambda shift: shift.day.weekday() > 2} if rests else {}
    made = world(wanted, 20, closed=closed)
    before = made.true_demand.copy()
    played = play(made, replace(STRAITENED, safety_z=z), seed=seed)
    assert (made.true_demand == before).all()
    check_books_balance(made, played)
    check_a_line_uses_one_share_of_every_part(made, played)


def test_books_balance_in_a_whole_plant(plant_demand: Generated) -> None:
    played = play(plant_demand, STRAITENED, seed=1)
    assert 0.05 < (played.starved_minutes > 0).mean() < 0.9
    check_books_balance(plant_demand, played)
    check_a_line_uses_one_share_of_every_part(plant_demand, played)


def test_every_starved_minute_has_a_cause(plant_demand: Generated) -> None:
    """Without other halts a line starves only where a part ran out, down to the last one."""
    played = play(plant_demand, replace(STRAITENED, halts_per_line_month=0), seed=1)
    line, period = np.nonzero(played.starved_minutes)
    missing = played.missing[line, period]
    assert len(line) > 20
    assert (missing >= 0).all()
    assert (plant_demand.line_of_series[missing] == line).all()
    left = played.stock.on_hand + received_of(plant_demand, played) - played.consumed  # type: ignore[union-attr]  # it was played
    assert (left[missing, period] <= 1).all()  # of a lump of parts one may be left by rounding


def test_more_safety_stock_means_more_stock_and_fewer_halts(plant_demand: Generated) -> None:
    found = [play(plant_demand, replace(STRAITENED, safety_z=z), seed=1) for z in (0.0, 1.5, 3.0)]
    stock = [each.stock.on_hand.mean() for each in found if each.stock is not None]
    ran_out = [(each.missing >= 0).mean() for each in found]
    assert stock[0] < stock[1] < stock[2]
    assert ran_out[0] > 1.5 * ran_out[1] > 3 * ran_out[2]


def test_lead_times_spread_as_asked_and_the_night_takes_longer(plant_demand: Generated) -> None:
    shape = SupplyShape(plays=True, late_share=0, night_factor=1.5)
    stock = play(plant_demand, shape, seed=1).stock
    assert stock is not None
    orders = stock.orders
    there = orders.received > 0
    ordered = np.array([int(p.start.timestamp()) // 60 for p in plant_demand.periods])
    length = np.array([p.minutes for p in plant_demand.periods])
    takes = (orders.received - ordered[orders.period])[there] / length[orders.period[there]]
    night = np.array([p.name == "night" for p in plant_demand.periods])[orders.period[there]]
    assert takes[~night].min() >= 1
    assert takes[~night].max() <= 5.01
    assert takes[~night].mean() == pytest.approx(8 / 3, abs=0.08)  # (1 + 2 + 5) / 3
    assert takes[night].mean() == pytest.approx(1.5 * 8 / 3, abs=0.12)
    promised = (orders.due - ordered[orders.period]) / length[orders.period]
    # The ninth decile of the triangle (1, 2, 5) is 5 - sqrt(0.1 * 4 * 3) = 3.905.
    assert promised[there][night].mean() == pytest.approx(1.5 * 3.905, abs=0.01)
    assert (takes <= promised[there]).mean() == pytest.approx(0.9, abs=0.03)


def test_as_many_trucks_are_late_as_asked_and_as_late(plant_demand: Generated) -> None:
    shape = SupplyShape(plays=True, late_share=0.1, late_periods=4)
    stock = play(plant_demand, shape, seed=2).stock
    assert stock is not None
    late = stock.orders.late
    assert (late > 0).mean() == pytest.approx(0.1, abs=0.025)
    assert late[late > 0].mean() == pytest.approx(4, rel=0.2)
    assert late[late > 0].min() == 1
    none = play(plant_demand, replace(shape, late_share=0), seed=2).stock
    always = play(plant_demand, replace(shape, late_share=1, late_periods=1), seed=2).stock
    assert none is not None
    assert always is not None
    assert (none.orders.late == 0).all()
    assert (always.orders.late == 1).all()


def test_lines_by_themselves_do_what_they_do_in_the_whole_plant() -> None:
    plant, start = demo_plant(showrooms=2, stations=1), date(2025, 1, 1)
    whole = generate_demand(plant, start=start, days=40, seed=1)
    some = generate_demand(plant, start=start, days=40, seed=1, lines=whole.lines[1:3])
    keep = [i for i, key in enumerate(whole.series) if key in some.series]
    one, two = (play(each, STRAITENED, seed=5) for each in (whole, some))
    assert one.stock is not None
    assert two.stock is not None
    assert (one.consumed[keep] == two.consumed).all()
    assert (one.starved_minutes[1:3] == two.starved_minutes).all()
    assert (one.stock.on_hand[keep] == two.stock.on_hand).all()
    assert (one.stock.reorder_point[keep] == two.stock.reorder_point).all()


@pytest.mark.parametrize("days", [7, 8, 30])
def test_a_longer_play_begins_with_the_shorter_one(days: int) -> None:
    plant, start = demo_plant(showrooms=1, stations=1), date(2025, 1, 1)
    long, short = (generate_demand(plant, start=start, days=n, seed=1) for n in (60, days))
    one, two = (play(each, STRAITENED, seed=5) for each in (long, short))
    size = len(short.periods)
    assert one.stock is not None
    assert two.stock is not None
    assert (one.consumed[:, :size] == two.consumed).all()
    assert (one.stock.on_hand[:, :size] == two.stock.on_hand).all()
    assert (one.stock.on_order[:, :size] == two.stock.on_order).all()


def test_another_seed_is_another_play(world: World) -> None:
    made = world({BOLT: 10, NUT: 10}, 60)
    one, same, other = (play(made, STRAITENED, seed=seed).consumed for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_lead_times_that_cannot_be_are_refused(world: World) -> None:
    with pytest.raises(InvalidInput, match="use 0 <= low <= mode <= high"):
        play(world({BOLT: 1}), replace(PLAIN, lead_periods_low=3), seed=1)
