"""The plant's anomalies: list them, see one with what is around it, and answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from supplynet import cycle
from supplynet.anomaly.calibrated import Scored
from supplynet.anomaly.incident import Kind
from supplynet.core.ledger import Account
from supplynet.cycle import watching
from supplynet.errors import (
    InsufficientStock,
    InvalidInput,
    NotFound,
    OrderStateError,
    StoreError,
    SupplyNetError,
)
from supplynet.frames.panel import Panel, shift_periods
from supplynet.services import beside, history, plant_detector
from supplynet.services.books import Books
from supplynet.services.orders import Said, command_of
from supplynet.storage import ReadTx, WriteTx, anomalies, ledger, requests
from supplynet.storage.anomalies import Anomaly, AnomalyState
from supplynet.storage.ledger import MovementFilter
from supplynet.storage.within import Within

Row = dict[str, Any]
Position = tuple[datetime, str]
"""Where a page ended: when its last anomaly was first seen, and its id."""
AROUND = timedelta(days=14)
"""How far before and after an anomaly its series is shown."""
MOST_BOOKINGS = 5
log = logging.getLogger(__name__)
_FIELDS = tuple(each.name for each in fields(Anomaly))


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which anomalies to list; all that is given must hold.

    Attributes:
        since: Those that ended after this moment, aware.
        within: Those at one of these places; None = all.
    """

    states: Sequence[AnomalyState] | None = None
    location_id: str | None = None
    part_id: str | None = None
    since: datetime | None = None
    within: Within = None


def list_anomalies(
    books: Books,
    wanted: Filter | None = None,
    *,
    limit: int = 200,
    after: Position | None = None,
) -> tuple[list[Row], Position | None]:
    """Anomalies, the last seen first, and the position of the last one (None after all)."""
    wanted = wanted or Filter()
    with books.store.read() as tx:
        found = anomalies.list_anomalies(
            tx,
            states=wanted.states,
            location_id=wanted.location_id,
            part_id=wanted.part_id,
            ending_after=wanted.since,
            within=wanted.within,
            before=after,
            limit=limit + 1,
        )
    page = found[:limit]
    following = (page[-1].seen_at, page[-1].anomaly_id) if len(found) > limit else None
    now = history.as_of(books)
    return [as_row(books, row, now) for row in page], following


def get_anomaly(books: Books, anomaly_id: str, within: Within = None) -> Row:
    """One anomaly with its series: what was used and expected around it, enough to draw.

    ``series`` has one row per part and shift; ``bookings`` are the largest movements behind it.
    ``within`` some places only, of which it is at one.

    Raises:
        NotFound: There is none with this id.
    """
    with books.store.read() as tx:
        found = anomalies.get(tx, anomaly_id, within)
        bookings = _bookings(tx, found)
    return as_row(books, found, history.as_of(books)) | {
        "bookings": bookings,
        "series": _series(books, found),
    }


def answer(books: Books, anomaly_id: str, state: AnomalyState, said: Said) -> Row:
    """Say what an anomaly is; what it holds back goes where it still can, or is not wanted.

    ``real``: it truly happened. ``wrong_record``: the record is wrong, and no model learns from it;
    the booking itself is to be taken back. ``dismissed``: not worth a question.

    Args:
        books: The workspace.
        anomaly_id: Of the anomaly.
        state: One of ``storage.anomalies.ANSWERS``.
        said: Who, why (the note), and under which key.

    Raises:
        NotFound: There is none with this id.
        InvalidInput: ``state`` is no answer.
        ConflictingContent: The key was used for something else.
    """
    if said.within is not None:  # before the key and the check, which know of all anomalies
        with books.store.read() as tx:
            anomalies.get(tx, anomaly_id, said.within)
    command, now = command_of(books, said), history.as_of(books)
    content = ["answer_anomaly", anomaly_id, str(state), said.reason]

    def do(tx: WriteTx) -> Row:
        if said.check is not None:
            said.check(tx)
        done = anomalies.answer(tx, anomaly_id, state, note=said.reason)
        if books.settings.anomaly_alarms_per_week:  # else nobody is told of any
            watching.tell(tx)
        return as_row(books, done, now)

    with books.store.write(command.actor, command.now) as tx:
        row = requests.once(tx, command.key, content, lambda: do(tx))
    if state is not AnomalyState.WRONG_RECORD:
        _top_up(books, anomaly_id, said)
    return row


def as_row(books: Books, anomaly: Anomaly, now: datetime) -> Row:
    """An anomaly as JSON types but for its times, and whether it is believed ``now``."""
    believed = cycle.is_believed(anomaly, now, unseen=books.settings.anomaly_unseen)
    row = {name: getattr(anomaly, name) for name in _FIELDS}
    return row | {
        "parts": list(anomaly.parts),
        "kind": anomaly.kind.value,
        "state": anomaly.state.value,
        "sizes": dict(anomaly.sizes),
        "ordered": dict(anomaly.ordered),
        "held": [asdict(each) for each in anomaly.held],
        "believed": believed,
        "next_step": _next_step(anomaly, believed=believed),
    }


def _next_step(anomaly: Anomaly, *, believed: bool) -> str:
    """What a person does next; "" where there is nothing to do."""
    by_rule = anomaly.kind is Kind.PHANTOM_STOCK
    if anomaly.state is AnomalyState.WRONG_RECORD:
        return _COUNT if by_rule else _TAKE_BACK
    if anomaly.state is AnomalyState.OPEN:
        return f"{_COUNT} {_ANSWER}" if by_rule else f"{_ANSWER}{'' if believed else _UNSEEN}"
    return ""


_COUNT = "Count the stock point: the count makes the books right."
_TAKE_BACK = (
    "Models leave this record out from now on; the books still have it. Take the booking back with "
    "supplynet stock undo MOVEMENT (bookings lists the largest), or count the stock point."
)
_ANSWER = "Answer real, wrong_record or dismissed."
_UNSEEN = " Forecasts leave it out until then, for three days at most."


def _top_up(books: Books, anomaly_id: str, said: Said) -> None:
    """Let the rest go with orders of which a part waits for its vehicle still."""
    now = history.as_of(books)
    with books.store.read() as tx:
        row = anomalies.get(tx, anomaly_id)
        held = cycle.to_top_up(tx, row, now)
    command = cycle.Command(
        actor=said.actor, now=now, reason=f"anomaly answered: {row.state.value}"
    )
    for each in held:
        try:
            cycle.change(books.store, each.order_id, command, quantity=each.quantity)
        except (InsufficientStock, OrderStateError, InvalidInput) as error:
            log.warning("the rest waits for the next departure: %s", error)


def _bookings(tx: ReadTx, anomaly: Anomaly) -> list[Row]:
    """The largest bookings of use within it; movements that a person may undo."""
    found = []
    for part in anomaly.parts:
        wanted = MovementFilter(
            location_id=anomaly.location_id,
            part_id=part,
            account=Account.CONSUMED,
            since=anomaly.start,
            until=anomaly.end,
        )
        found += [move for _, move in ledger.newest_movements(tx, wanted, limit=1000)]
    largest = sorted(found, key=lambda move: (-move.quantity, move.movement_id))[:MOST_BOOKINGS]
    return [
        {
            "movement_id": move.movement_id,
            "part_id": move.part_id,
            "quantity": move.quantity,
            "occurred_at": move.occurred_at,
        }
        for move in largest
    ]


def _series(books: Books, anomaly: Anomaly) -> list[Row]:
    """What was used around it, and what was expected where the detector can be opened."""
    until = min(anomaly.end + AROUND, history.as_of(books))
    try:
        detector = plant_detector.serving_detector(books).detector
        context = detector.context
    except (SupplyNetError, OSError) as error:
        log.warning("an anomaly is shown without what was expected: %s", error)
        detector, context = None, 0
    try:
        calendar = books.plant.calendar_of(anomaly.location_id)
    except NotFound:  # the line has left the plant
        return []
    shifts = len(shift_periods(calendar, anomaly.start - AROUND, until))
    try:
        panel = cycle.recent_panel(
            books.workspace.history,
            books.plant,
            context + shifts,
            until=until,
            beside=lambda periods: beside.inputs_of(books, periods),
            lines=[anomaly.location_id],
        )
    except StoreError as error:
        log.warning("an anomaly is shown without its series: %s", error)
        return []
    shown = sum(start >= anomaly.start - AROUND for start in panel.period_starts)
    scored = None if detector is None or not shown else detector.score(panel, shown)
    return [row for part in anomaly.parts for row in _points(anomaly, part, panel, scored, shown)]


def _points(
    anomaly: Anomaly, part: str, panel: Panel, scored: Scored | None, shown: int
) -> list[Row]:
    name = (anomaly.location_id, part)
    if name not in panel.series or not shown:
        return []
    row = panel.series.index(name)
    found = []
    for column, period in enumerate(panel.periods[-shown:]):
        judged = None if scored is None else scored.judged
        found.append(
            {
                "part_id": part,
                "period_start": period.start,
                "period_end": period.end,
                "shift": period.shift,
                "observed": _number(panel.demand[row, column - shown]),
                "expected": None if judged is None else _number(judged.expected[row, column]),
                "low": None if judged is None else _number(judged.low[row, column]),
                "high": None if judged is None else _number(judged.high[row, column]),
                "score": None if scored is None else _number(scored.score[row, column]),
                "odd": anomaly.start <= period.start < anomaly.end,
            }
        )
    return found


def _number(value: float) -> float | None:
    """As JSON has it: what is not known is null."""
    return round(float(value), 4) if isfinite(value) else None
