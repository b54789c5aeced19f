"""Taking in what an import found to be good: history, counts of stock, plan and deliveries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from hashlib import sha256

import polars as pl

from supplynet import cycle
from supplynet.connectors.plant_folder import write_plant
from supplynet.connectors.sales_plant import PLANT_ID, sales_plant
from supplynet.connectors.table_checked import Checked
from supplynet.core.events import Event, EventType
from supplynet.core.network import Plant
from supplynet.core.shifts import ShiftCalendar
from supplynet.errors import InvalidInput
from supplynet.services.books import Books
from supplynet.services.generating import forget_generated
from supplynet.services.history import as_of
from supplynet.services.import_outcome import ImportRequest, Taken
from supplynet.storage import events
from supplynet.storage.history import HistoryDraft
from supplynet.storage.table_files import read_table, write_table

CountKey = tuple[str, str, datetime]
Report = Callable[[float, str], None]
IMPORT = "import"
_PLAN_KEY = ["location_id", "product", "period_start"]


def shift_start_in(plant: Plant) -> Callable[[str, date, str | None], datetime | None]:
    """Start of a shift by location, day and name; None where the site's calendar has none."""

    def start(location_id: str, day: date, name: str | None) -> datetime | None:
        if location_id not in plant.location_by_id:
            return None
        shifts = plant.calendar_of(location_id).shifts_of(day)
        if name is None:
            return shifts[0].start if len(shifts) == 1 else None
        named = [shift.start for shift in shifts if shift.name.lower() == name.lower()]
        return named[0] if named else None

    return start


def starts_shift_in(plant: Plant) -> Callable[[str, datetime], bool]:
    """Whether a shift of a location starts at a moment; True of locations that are not known."""
    known: dict[tuple[str, datetime], bool] = {}

    def starts(location_id: str, moment: datetime) -> bool:
        if location_id not in plant.location_by_id:
            return True
        calendar = plant.calendar_of(location_id)
        key = (calendar.calendar_id, moment)
        if key not in known:
            shift = calendar.shift_at(moment)
            known[key] = shift is not None and shift.start == moment
        return known[key]

    return starts


def take_history(
    books: Books, plant: Plant | None, checked: Checked, request: ImportRequest, report: Report
) -> Taken:
    """Upsert consumption history; a plant of sales grows by what is new.

    Raises:
        InvalidInput: A figure starts no shift, or terms of supply are missing.
    """
    made = None if request.dry_run else _grown_plant(plant, checked, request)
    check = PeriodCheck(plant)
    history, write = books.workspace.history, not request.dry_run
    with HistoryDraft(history, "imported", write=write) as draft:
        for month in checked.frames():
            check(month)
            draft.add(month)
            report(0.9, f"{month['period_start'][0]:%Y-%m}")
        if write:
            if made is not None:
                write_plant(made, books.workspace.plant)
            forget_generated(books)
            draft.commit()
    return Taken(new=draft.new, changed=draft.changed, unchanged=draft.unchanged)


def _grown_plant(plant: Plant | None, checked: Checked, request: ImportRequest) -> Plant | None:
    if plant is not None and plant.plant_id != PLANT_ID:
        return None
    series = {(place, part) for place, part in checked.series.names().iter_rows()}
    there = set() if plant is None else {(row.line_id, row.part_id) for row in plant.requirements}
    if series <= there:
        return None
    if request.terms is None:
        raise InvalidInput(
            "consumption says nothing of supply: say --lead-time-days N (and --container-size N) "
            "for the new locations, or init the workspace with a plant folder"
        )
    return sales_plant(series, request.terms, plant)


class PeriodCheck:
    """Rows that start no shift would make every later forecast fail: refuses them.

    Without a plant one is made of the sales, and its periods are whole days.
    """

    def __init__(self, plant: Plant | None) -> None:
        self._plant = plant
        self._seen: set[tuple[str, datetime]] = set()

    def __call__(self, frame: pl.DataFrame) -> None:
        """Check a demand frame.

        Raises:
            InvalidInput: With the first row that starts no shift.
        """
        starts = frame["period_start"].unique().sort().to_list()
        if self._plant is None:
            self._whole_days(starts)
            return
        known = self._plant.location_by_id
        places = [place for place in frame["location_id"].unique().to_list() if place in known]
        for calendar in {self._plant.calendar_of(place) for place in places}:
            for start in starts:
                if (calendar.calendar_id, start) not in self._seen:
                    self._seen.add((calendar.calendar_id, start))
                    _starts_a_shift(calendar, start)

    def _whole_days(self, starts: list[datetime]) -> None:
        for start in starts:
            if start.hour or start.minute or start.second or start.microsecond:
                raise InvalidInput(
                    f"the file has a figure from {start:%Y-%m-%d %H:%M}Z on: consumption by shift "
                    "needs the plant's shifts; init the workspace with --plant FOLDER"
                )


def _starts_a_shift(calendar: ShiftCalendar, start: datetime) -> None:
    shift = calendar.shift_at(start)
    if shift is None or shift.start != start:
        raise InvalidInput(
            f"the file has a figure from {start:%Y-%m-%d %H:%M}Z on, and no shift of "
            f"calendar {calendar.calendar_id} starts then: daily figures need a plant "
            "with daily periods; import them into a workspace of their own"
        )


def take_stock(
    books: Books, plant: Plant | None, checked: Checked, request: ImportRequest
) -> Taken:
    """Stock is never overwritten: each row is a count, and the difference becomes a movement.

    Raises:
        InvalidInput: There is no plant, or a place of the file holds no stock.
    """
    if plant is None:
        raise InvalidInput("stock needs a plant: import demand first, or init with --plant FOLDER")
    for location_id in checked.frame["location_id"].unique(maintain_order=True).to_list():
        if not plant.location(location_id).holds_stock:
            raise InvalidInput(
                f"{request.file.name} counts stock at {location_id}, which holds none; name "
                f"{plant.stock_point_of(location_id)}"
            )
    now = as_of(books)
    rows = [
        {**row, "counted_at": row["counted_at"] or now}
        for row in checked.frame.iter_rows(named=True)
    ]
    known = _known_counts(books, {row["counted_at"] for row in rows})
    keys = [(row["location_id"], row["part_id"], row["counted_at"]) for row in rows]
    counts = [
        _count(row, key, len(known[key]), request.file.name)
        for row, key in zip(rows, keys, strict=True)
        if known[key][-1:] != [row["on_hand"]]
    ]
    changed = sum(1 for row, key in zip(rows, keys, strict=True) if _differs(row, known[key]))
    taken = len(counts)
    if not request.dry_run:
        taken = cycle.take_in(books.store, plant, counts, actor=IMPORT, now=books.now()).new
    return Taken(new=taken - changed, changed=changed, unchanged=len(rows) - len(counts))


def _differs(row: dict[str, object], known: list[int]) -> bool:
    return bool(known) and known[-1] != row["on_hand"]


def _count(row: dict[str, object], key: CountKey, number: int, file: str) -> Event:
    """A corrected file counts anew; the same file again is not taken a second time."""
    location_id, part_id, at = key
    text = f"{location_id}/{part_id}/{at.isoformat()}/{number}"
    on_hand = row["on_hand"]
    assert isinstance(on_hand, int)
    return Event(
        source=IMPORT,
        event_id="count-" + sha256(text.encode()).hexdigest()[:32],
        type=EventType.COUNTED,
        occurred_at=at,
        location_id=location_id,
        part_id=part_id,
        quantity=on_hand,
        data={"reason": f"counted, {file}"},
    )


def _known_counts(books: Books, moments: set[datetime]) -> dict[CountKey, list[int]]:
    """What was imported before for the same places and moments, oldest first."""
    known: dict[CountKey, list[int]] = defaultdict(list)
    with books.store.read() as tx:
        for at in moments:
            until = at + timedelta(microseconds=1)
            for event in events.events_between(tx, at, until, types=[EventType.COUNTED]):
                if event.source == IMPORT and event.part_id and event.quantity is not None:
                    known[event.location_id, event.part_id, at].append(event.quantity)
    return known


def take_table(books: Books, checked: Checked, request: ImportRequest) -> Taken:
    """Upsert the production plan or the deliveries by their natural key."""
    name, folder, frame = checked.kind.name, books.workspace.tables, checked.frame
    same = 0
    if name == "plan":
        frame, same = _recorded(frame, read_table(folder, name), as_of(books))
    done = write_table(folder, name, frame, write=not request.dry_run)
    return Taken(new=done.new, changed=done.changed, unchanged=done.unchanged + same)


def _recorded(frame: pl.DataFrame, there: pl.DataFrame, now: datetime) -> tuple[pl.DataFrame, int]:
    """Plan rows that do not say when they were planned are of ``now``, unless that is known.

    What the latest plan already says is left out, so that the same file again changes nothing.
    """
    silent = frame.filter(pl.col("recorded_at").is_null())
    if silent.is_empty():
        return frame, 0
    latest = there.sort("recorded_at").unique(_PLAN_KEY, keep="last").drop("recorded_at")
    news = silent.drop("recorded_at").join(
        latest, on=latest.columns, how="anti", nulls_equal=True, maintain_order="left"
    )
    dated = news.with_columns(pl.lit(now).cast(frame.schema["recorded_at"]).alias("recorded_at"))
    said = frame.filter(pl.col("recorded_at").is_not_null())
    return pl.concat([said, dated.select(frame.columns)]), silent.height - news.height
