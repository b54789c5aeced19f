"""What a person should look at now, derived from a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from supplynet.monitor import deliveries, expedite, running_dry
from supplynet.monitor.grid import PlanRisk
from supplynet.replenish.explain import Explanation
from supplynet.simulate.model import PlantModel
from supplynet.storage.alerts import AlertCause, Severity

KINDS = (
    "halted",
    "halt_risk",
    "warehouse_short",
    "negative_stock",
    "unknown_stock",
    "forecast_fallback",
    *deliveries.KINDS,
    *running_dry.KINDS,
    *expedite.KINDS,
)
CRITICAL_RISK = 0.2
WARNING_RISK = 0.05
SOON_SHIFTS = 3


def causes(
    model: PlantModel,
    risk: PlanRisk,
    unmet: Sequence[Explanation],
    below_zero: Mapping[tuple[str, str], int],
    halted: Mapping[str, Collection[str]],
    troubles: Sequence[AlertCause] = (),
    unknown_stock: Sequence[tuple[str, str]] = (),
) -> tuple[AlertCause, ...]:
    """Everything that is wrong now; kind, place and part say whether it is the same as before.

    Args:
        model: Names of what is wrong.
        risk: Of the plan.
        unmet: Pairs that get less than they want.
        below_zero: Book stock below 0, by (location, part).
        halted: Parts that each halted line waits for.
        troubles: See ``monitor.deliveries``.
        unknown_stock: (stock point, part) that cannot be planned.
    """
    found = (
        *_halted(halted),
        *_risky(model, risk, halted),
        *_short(unmet),
        *_negative(below_zero),
        *_unknown(unknown_stock),
        *troubles,
    )
    return tuple({cause.open_key: cause for cause in reversed(found)}.values())[::-1]


def fallback_causes(fallbacks: Sequence[str]) -> Iterator[AlertCause]:
    """One alert for all that stands in for the model's forecast."""
    if fallbacks:
        yield AlertCause(
            severity=Severity.WARNING, kind="forecast_fallback", message=" ".join(fallbacks)
        )


def _halted(halted: Mapping[str, Collection[str]]) -> Iterator[AlertCause]:
    for line, parts in halted.items():
        missing = ", ".join(sorted(parts)) or "a part"
        yield AlertCause(
            severity=Severity.CRITICAL,
            kind="halted",
            message=f"{line} stands still and waits for {missing}.",
            location_id=line,
        )


def _risky(
    model: PlantModel, risk: PlanRisk, halted: Mapping[str, Collection[str]]
) -> Iterator[AlertCause]:
    """One alert per line: its worst shift of the next three, though the policy goes on."""
    soon = risk.continues.risk[:, :SOON_SHIFTS]
    zone = ZoneInfo(model.plant.time_zone)
    for row, line in enumerate(model.lines):
        shift = int(soon[row].argmax())
        chance = float(soon[row, shift])
        pair = int(risk.continues.culprit[row, shift])
        if chance < WARNING_RISK or pair < 0 or line in halted:
            continue
        part = model.pairs[pair][1]
        when = _runs_out(risk.committed.runs_out[pair].likely, zone)
        yield AlertCause(
            severity=Severity.CRITICAL if chance >= CRITICAL_RISK else Severity.WARNING,
            kind="halt_risk",
            message=(
                f"{line} halts with {chance:.0%} in the {model.shifts[shift].name} shift of "
                f"{model.shifts[shift].day:%a %d %b}: {part}{when}."
            ),
            location_id=line,
            part_id=part,
        )


def _short(unmet: Sequence[Explanation]) -> Iterator[AlertCause]:
    for row in unmet:
        if row.binding != "warehouse short":
            continue
        yield AlertCause(
            severity=Severity.WARNING,
            kind="warehouse_short",
            message=(
                f"{row.stock_point_id} wants {row.wanted} of {row.part_id}, the warehouse can "
                f"give {row.granted}: expedite the supplier."
            ),
            location_id=row.stock_point_id,
            part_id=row.part_id,
        )


def _negative(below_zero: Mapping[tuple[str, str], int]) -> Iterator[AlertCause]:
    for (location, part), quantity in below_zero.items():
        yield AlertCause(
            severity=Severity.WARNING,
            kind="negative_stock",
            message=(
                f"The books hold {quantity:,} of {part} at {location}: count it, or post the "
                "missing receipt."
            ),
            location_id=location,
            part_id=part,
        )


def _unknown(unknown_stock: Sequence[tuple[str, str]]) -> Iterator[AlertCause]:
    """One for all: a plant that is just being connected has hundreds."""
    if unknown_stock:
        location, part = unknown_stock[0]
        count = f"{len(unknown_stock)} positions are" if len(unknown_stock) > 1 else "1 position is"
        yield AlertCause(
            severity=Severity.WARNING,
            kind="unknown_stock",
            message=(
                f"{count} not planned, such as {part} at {location}: the stock there, or at the "
                "warehouse behind it, was never counted."
            ),
        )


def _runs_out(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else f" runs out {moment.astimezone(zone):%a %H:%M}"
