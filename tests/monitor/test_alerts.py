"""What a person is asked to look at, and that it is asked once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.monitor import alerts, deliveries
from supplynet.monitor.grid import PlanRisk
from supplynet.replenish.explain import Explanation
from supplynet.simulate.model import PlantModel, compile_plant
from supplynet.simulate.risk import RiskGrid, RunOut
from supplynet.storage.alerts import AlertCause, Severity

START = datetime(2026, 1, 5, 5, tzinfo=UTC)  # 06:00 in Berlin
RUNS_OUT = RunOut(early=START + timedelta(hours=1), likely=START + timedelta(hours=2), late=None)


@pytest.fixture(scope="module")
def model() -> PlantModel:
    return compile_plant(tiny_plant(), start=START, end=START + timedelta(days=7))


def risky(model: PlantModel, chances: list[float]) -> PlanRisk:
    """The first line with these risks in its first shifts, for want of the first part."""
    shape = (len(model.lines), len(model.shifts))
    risk, culprit = np.zeros(shape), np.full(shape, -1, dtype=np.int32)
    risk[0, : len(chances)] = chances
    culprit[0, : len(chances)] = 0
    grid = RiskGrid(
        model=model,
        risk=risk,
        culprit=culprit,
        runs_out=(RUNS_OUT,) * len(model.pairs),
        lost_minutes=np.zeros(shape[0]),
        lost_minutes_of_cell=np.zeros(shape),
        lost_minutes_of_pair=np.zeros(len(model.pairs)),
    )
    return PlanRisk(committed=grid, with_proposals=grid, continues=grid)


def short(binding: str) -> Explanation:
    return Explanation(
        stock_point_id="SR1",
        part_id="P-001",
        on_hand=0,
        on_order=0,
        position=0,
        window_low=0,
        window_likely=0,
        window_high=0,
        level=100,
        need=100,
        container_size=10,
        bin_room=100,
        available=40,
        wanted=100,
        granted=40,
        binding=binding,
    )


def test_a_line_is_worth_an_alert_from_five_percent_on_within_three_shifts(
    model: PlantModel,
) -> None:
    def severities(*chances: float) -> list[Severity]:
        return [c.severity for c in alerts.causes(model, risky(model, [*chances]), [], {}, {})]

    assert severities(0.049) == []
    assert severities(0.0, 0.05) == [Severity.WARNING]
    assert severities(0.06, 0.2) == [Severity.CRITICAL]  # one per line: its worst shift
    assert severities(0.0, 0.0, 0.0, 0.9) == []


def test_a_risk_says_when_the_part_runs_out_by_the_clock_of_the_plant(model: PlantModel) -> None:
    (cause,) = alerts.causes(model, risky(model, [0.5]), [], {}, {})
    assert "halts with 50% in the day shift of Mon 05 Jan" in cause.message
    assert cause.message.endswith("runs out Mon 08:00.")


def test_a_line_that_stands_already_is_not_also_at_risk(model: PlantModel) -> None:
    halted = {model.lines[0]: frozenset({"P-002", "P-001"})}
    (cause,) = alerts.causes(model, risky(model, [0.9]), [], {}, halted)
    assert (cause.kind, "P-001, P-002" in cause.message) == ("halted", True)


def test_only_a_short_warehouse_is_worth_an_expediter(model: PlantModel) -> None:
    rows = [short("warehouse short"), short("truck full")]
    (cause,) = alerts.causes(model, risky(model, []), rows, {}, {})
    assert (cause.kind, "can give 40" in cause.message) == ("warehouse_short", True)


def test_what_was_never_counted_is_one_alert_for_all(model: PlantModel) -> None:
    unknown = [("SR1", "P-001"), ("SR1", "P-002")]
    (cause,) = alerts.causes(model, risky(model, []), [], {}, {}, (), unknown)
    assert cause.message.startswith("2 positions are not planned, such as P-001 at SR1")


def test_of_two_causes_with_one_key_the_first_is_shown(model: PlantModel) -> None:
    two = [
        AlertCause(severity=Severity.INFO, kind="overdue", message=text, part_id="P-001")
        for text in ("older", "newer")
    ]
    found = alerts.causes(model, risky(model, []), [], {}, {}, two)
    assert [cause.message for cause in found] == ["older"]


def test_every_kind_that_a_plan_can_raise_it_can_also_resolve() -> None:
    assert set(deliveries.KINDS) < set(alerts.KINDS)


@pytest.mark.parametrize(
    ("state", "in_transit", "kind", "words"),
    [
        (OrderState.CANCELLED, 100, "shipped_cancelled", "although the order was cancelled"),
        (OrderState.CANCELLED, -5, "transit_difference", "received 5 more"),
        (OrderState.CLOSED, 5, "transit_difference", "5 of P-001 that were shipped"),
    ],
)
def test_goods_that_no_order_accounts_for_say_what_to_post(
    state: OrderState, in_transit: int, kind: str, words: str
) -> None:
    order = Order(
        order_id="o1",
        kind=OrderKind.TRANSFER,
        part_id="P-001",
        from_location="WH1",
        to_location="SR1",
        lane_id="WH1-SR1",
        departure_at=START,
        cutoff_at=START,
        arrives_at=START,
        quantity=100,
        state=state,
        policy="test",
        created_at=START,
    )
    loose = deliveries.Loose(order=order, in_transit=in_transit, left_at=START)
    (cause,) = deliveries.loose([loose])
    assert (cause.kind, words in cause.message) == (kind, True)
