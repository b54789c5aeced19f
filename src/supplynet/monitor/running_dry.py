"""Parts that run out everywhere before a purchase can arrive: an alert that no transfer cures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from supplynet.replenish.shortages import EchelonShortage
from supplynet.simulate.model import PlantModel
from supplynet.storage.alerts import AlertCause, Severity

KINDS = ("runs_dry",)


def causes(model: PlantModel, shortages: Iterable[EchelonShortage]) -> Iterator[AlertCause]:
    """One alert per warehouse part, with clock times and the quantity to find elsewhere.

    Args:
        model: Compiled for the horizon that begins now.
        shortages: Of ``simulate.buying.incurable_shortages``.
    """
    zone = ZoneInfo(model.plant.time_zone)
    for each in shortages:
        warehouse, part = model.sources[each.part]
        likely, early = (
            _clock(model.slots.start, minutes, zone)
            for minutes in (each.likely_minutes, each.early_minutes)
        )
        if each.purchase_minutes is None:
            remedy = "nobody supplies it: add a purchase rule or a substitute"
        else:
            arrival = _clock(model.slots.start, each.purchase_minutes, zone)
            remedy = f"a purchase made now can be used {arrival}: expedite it"
        yield AlertCause(
            severity=Severity.CRITICAL,
            kind="runs_dry",
            message=(
                f"{part} runs out with {each.probability:.0%} at {warehouse} and everywhere it "
                f"supplies, most likely {likely}, at the earliest {early}; {each.missing:,} will "
                f"be missing, and {remedy}."
            ),
            location_id=warehouse,
            part_id=part,
        )


def _clock(now: datetime, minutes: float, zone: ZoneInfo) -> str:
    moment = now + timedelta(minutes=round(minutes))
    return f"{moment.astimezone(zone):%a %d %b %H:%M}"
