"""Decision records: what was decided for a part, when, and why; orders of 0 included."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from supplynet.core.network import Plant
from supplynet.errors import NotFound
from supplynet.monitor.why import Moments, sentence
from supplynet.replenish.explain import Explanation
from supplynet.services import reach
from supplynet.services.books import Books, open_books, plant_of
from supplynet.storage import ReadTx
from supplynet.storage import decision_records as records
from supplynet.storage.decision_records import DecisionRecord
from supplynet.storage.within import Within

Row = dict[str, Any]
Position = tuple[int, int]
"""Where a page ended: run and place of its last decision."""
_COMPACT = {"until": "window_until", "low": "window_low", "likely": "window_likely"}
_COMPACT |= {"high": "window_high"}


def list_decisions(
    books: Books,
    *,
    location_id: str | None = None,
    part_id: str | None = None,
    within: Within = None,
    limit: int = 200,
    after: Position | None = None,
) -> tuple[list[Row], Position | None]:
    """Decisions, the newest first, and the position of the last one (None after the last page)."""
    with books.store.read() as tx:
        found = records.list_decisions(
            tx,
            location_id=location_id,
            part_id=part_id,
            within=within,
            after=after,
            limit=limit + 1,
        )
    page = found[:limit]
    following = (page[-1].run_seq, page[-1].place) if len(found) > limit else None
    zone = _zone(books)
    return [as_row(each, zone, within) for each in page], following


def get_decision(books: Books, decision_id: str, within: Within = None) -> Row:
    """One decision with its full numbers, where they were kept; ``within`` some places only.

    Raises:
        NotFound: There is none with this id, or it is no longer kept.
    """
    with books.store.read() as tx:
        found = records.get_decision(tx, decision_id, within)
    return as_row(found, _zone(books), within)


def why_in(folder: Path, stock_point: str, part: str, *, at: datetime | None = None) -> Row:
    """``why`` for the workspace in ``folder``; a time without a zone is the plant's own."""
    books = open_books(folder)
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=_zone(books))
    return why(books, stock_point, part, at=at)


def why(
    books: Books,
    stock_point: str,
    part: str,
    *,
    at: datetime | None = None,
    within: Within = None,
) -> Row:
    """What was last decided for a part, at ``at`` or before it, and why.

    ``unchanged_since`` says since when the full numbers stand, where only the compact ones of the
    newest decision were kept; ``record`` then holds those of the last decision that was news.
    ``within`` some places only, it tells of no other.

    Raises:
        NotFound: No such stock point or part, or nothing was decided for it.
    """
    _check(books.plant, stock_point, part, within)
    with books.store.read() as tx:
        return why_in_books(books, tx, stock_point, part, at=at, within=within)


def why_in_books(
    books: Books,
    tx: ReadTx,
    stock_point: str,
    part: str,
    *,
    at: datetime | None = None,
    within: Within = None,
) -> Row:
    """``why`` for a stock point and part that there are.

    Raises:
        NotFound: Nothing was decided for it.
    """
    found = records.list_decisions(tx, location_id=stock_point, part_id=part, at=at, limit=1)
    news = records.last_full(tx, stock_point, part, found[0].run_seq) if found else None
    if not found:
        when = "" if at is None else f" at or before {at:%Y-%m-%d %H:%M%z}"
        raise NotFound(
            "decision for",
            f"{stock_point}/{part}{when}",
            "make a plan: supplynet plan; what was never counted is not planned",
        )
    zone = _zone(books)
    row = as_row(found[0], zone, within) | {"time_zone": zone.key}
    if row["record"] is None and news is not None and news.record is not None:
        full = reach.told(news.record, within)
        row |= {"record": full, "unchanged_since": news.decided_at}
    return row


def as_row(found: DecisionRecord, zone: ZoneInfo, within: Within = None) -> Row:
    """A decision as JSON types but for its times, as people of some places may read it.

    Chances are rounded as they are kept.
    """
    compact = {_COMPACT.get(name, name): value for name, value in found.compact.items()}
    for name in ("target", "stockout_before", "stockout_without", "stockout_with"):
        compact[name] = None if compact[name] is None else round(compact[name], 6)
    said = _sentence(found, zone) if found.record is None else found.record["why"]
    return {
        "decision_id": found.decision_id,
        "plan_id": found.plan_id,
        "decided_at": found.decided_at,
        "snapshot_seq": found.snapshot_seq,
        "seed": found.seed,
        "paths": found.paths,
        "model_version": found.model_version,
        "policy": found.policy,
        "parameters": found.parameters,
        **compact,
        "why": said,
        "record": None if found.record is None else reach.told(found.record, within),
        "unchanged_since": None,
    }


def _sentence(found: DecisionRecord, zone: ZoneInfo) -> str:
    """From the compact numbers; vehicles under way are not told one by one."""
    kept = found.compact
    row = Explanation(
        stock_point_id=kept["location_id"],
        part_id=kept["part_id"],
        on_hand=kept["on_hand"],
        on_order=kept["on_order"],
        position=kept["on_hand"] + kept["on_order"],
        window_low=kept["low"],
        window_likely=kept["likely"],
        window_high=kept["high"],
        level=None,
        need=None,
        container_size=0,
        bin_room=0,
        available=None,
        wanted=kept["wanted"],
        granted=kept["granted"],
        binding=kept["binding"],
        target=kept["target"],
        stockout_before=kept["stockout_before"],
        stockout_unhelped=max(kept["stockout_before"], kept["stockout_without"]),
        stockout_without=kept["stockout_without"],
        stockout_with=kept["stockout_with"],
    )
    moments = Moments(
        now=found.decided_at,
        arrival=kept["arrives_at"],
        next_arrival=kept["until"],
        due=(),
        runs_out=kept["runs_out_at"],
        zone=zone,
    )
    return sentence(row, moments, kept["outcome"])


def _check(plant: Plant, stock_point: str, part: str, within: Within) -> None:
    if within is not None and stock_point not in within:
        raise NotFound("location", stock_point)  # and no hint, which could name another's
    plant.location(stock_point)
    plant.part(part)
    if (stock_point, part) not in plant.supply_rule:
        places = sorted(
            place
            for place, other in plant.supply_rule
            if other == part and (within is None or place in within)
        )
        raise NotFound(
            "supply rule for",
            f"{stock_point}/{part}",
            f"it is supplied to {', '.join(places[:5])}" if places else "add one, with its lane",
        )


def _zone(books: Books) -> ZoneInfo:
    plant = plant_of(books)
    return ZoneInfo("UTC" if plant is None else plant.time_zone)
