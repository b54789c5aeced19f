"""Is the promise kept? Past decisions against the ledger, once a day; the correction follows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from supplynet.cycle.outcomes import outcomes
from supplynet.monitor import exceedance
from supplynet.monitor.exceedance import Exceedances
from supplynet.services.books import Books
from supplynet.storage import alerts, values
from supplynet.storage.alerts import AlertCause, Severity

PROMISE = "promise"
"""Value in the books: the newest review."""
BROKEN = "promise_broken"
"""Kind of the alert that is open while more stock-outs come than chance explains."""
LOOK_BACK = timedelta(days=28)
EVERY = timedelta(days=1)
Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Review:
    """What past decisions say.

    Attributes:
        reviewed_at: When.
        factor: On the risk that the policy allows: below 1 while the promise needs it.
        counted: Stock-outs of the last four weeks; None before any window was over.
        quality: Of the forecast in the same windows, see ``monitor.exceedance.quality``.
    """

    reviewed_at: datetime
    factor: float
    counted: Exceedances | None
    quality: dict[Pair, dict[str, Any]]


def current(books: Books, *, actor: str, now: datetime) -> Review:
    """The review of the last day, or a new one."""
    known = latest(books)
    if known is not None and known.reviewed_at <= now < known.reviewed_at + EVERY:
        return known
    return review(books, actor=actor, now=now)


def latest(books: Books) -> Review | None:
    """The newest review; None before the first."""
    with books.store.read() as tx:
        kept = values.get_value(tx, PROMISE)
    if kept is None:
        return None
    counted = kept["counted"]
    return Review(
        reviewed_at=datetime.fromisoformat(kept["reviewed_at"]),
        factor=kept["factor"],
        counted=None if counted is None else Exceedances(**_known(counted)),
        quality={(place, part): found for place, part, found in kept["quality"]},
    )


def review(books: Books, *, actor: str, now: datetime) -> Review:
    """Count the stock-outs of the last four weeks, correct the allowed risk, raise the alarm.

    Windows that ended since the review before move the factor, each once.
    """
    before = latest(books)
    with books.store.read() as tx:
        found = outcomes(tx, books.plant, now - LOOK_BACK, now)
    since = now - LOOK_BACK if before is None else before.reviewed_at
    fresh = exceedance.count(found.filter(pl.col("until") > since))
    factor = 1.0 if before is None else before.factor
    made = Review(
        reviewed_at=now,
        factor=round(exceedance.next_factor(factor, fresh.observed, fresh.allowed), 6),
        counted=exceedance.count(found) if found.height else None,
        quality=exceedance.quality(found),
    )
    with books.store.write(actor, now) as tx:
        values.set_value(tx, PROMISE, _stored(made), reason="reviewed", audited=False)
        if made.factor != factor:
            tx.note("risk_corrected", PROMISE, before=factor, after=made.factor)
        alerts.set_open_alerts(tx, _causes(made), kinds=[BROKEN])
    return made


def _causes(made: Review) -> list[AlertCause]:
    counted = made.counted
    if counted is None or not counted.broken:
        return []
    message = (
        f"{counted.observed} stock-outs in {counted.decisions} decisions of the last four weeks, "
        f"{counted.allowed:.1f} are allowed and {counted.promised:.1f} were expected: more than "
        f"chance explains. Decisions now allow {made.factor:.2f} of the usual risk."
    )
    return [AlertCause(severity=Severity.WARNING, kind=BROKEN, message=message)]


def _stored(made: Review) -> dict[str, Any]:
    counted = None if made.counted is None else asdict(made.counted)
    if counted is not None and counted["allowed"] != counted["allowed"]:  # JSON knows no NaN
        counted["allowed"] = None
    return {
        "reviewed_at": made.reviewed_at.isoformat(),
        "factor": made.factor,
        "counted": counted,
        "quality": [[*pair, found] for pair, found in made.quality.items()],
    }


def _known(counted: dict[str, Any]) -> dict[str, Any]:
    allowed = counted["allowed"]
    return counted | {"allowed": float("nan") if allowed is None else allowed}
