"""Data in: synthetic and real, checked before anything is taken. ``generate import quality``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import polars as pl

from supplynet import cycle
from supplynet.connectors.plant_folder import write_plant
from supplynet.connectors.sales_plant import PLANT_ID, SupplyTermsGiven, sales_plant
from supplynet.connectors.table_import import (
    Checked,
    ImportOptions,
    check_table,
    parse_mapping,
    read_table,
)
from supplynet.core.events import Event, EventType
from supplynet.core.network import Plant
from supplynet.errors import InvalidInput, Mistake
from supplynet.frames.quality import QualityReport, check_quality
from supplynet.frames.synthetic import generate_history
from supplynet.frames.synthetic_plant import demo_plant
from supplynet.services.books import CLOCK, Books, has_plant, open_books
from supplynet.storage import events, values
from supplynet.storage.history import newest_period, read_history, write_history

__all__ = [
    "Generated",
    "ImportOptions",
    "ImportOutcome",
    "ImportRequest",
    "SupplyTermsGiven",
    "generate",
    "import_table",
    "parse_mapping",
    "quality",
]

Report = Callable[[float, str], None]
CountKey = tuple[str, str, datetime]
IMPORT = "import"
GENERATED = "generated"
"""Value in the books that says: the history is made up."""


@dataclass(frozen=True, kw_only=True)
class Generated:
    """Synthetic history that was written."""

    rows: int
    series: int
    first_day: date
    days: int
    seed: int

    @property
    def sentence(self) -> str:
        """For people."""
        return (
            f"{self.rows:,} rows of {self.series:,} series over {self.days} days "
            f"from {self.first_day} written; seed {self.seed}"
        )


def generate(
    folder: Path,
    *,
    days: int = 365,
    start: date | None = None,
    seed: int | None = None,
    report: Report = lambda _fraction, _what: None,
) -> Generated:
    """Write synthetic consumption of the workspace's plant; make a demo plant if there is none.

    Doing it again replaces the days that are made again.

    Args:
        folder: The workspace.
        days: Length of the history.
        start: First day; None = so that it ends yesterday.
        seed: None = the workspace's.
        report: Progress, 0 to 1.

    Raises:
        InvalidInput: There is history that was not generated.
    """
    books = open_books(folder)
    seed = books.settings.seed if seed is None else seed
    _only_generated(books)
    report(0.1, "plant")
    if not has_plant(books.workspace):
        write_plant(demo_plant(seed=seed), books.workspace.plant)
    first = start or books.wall_clock().date() - timedelta(days=days)
    report(0.3, "consumption")
    history = generate_history(books.plant, start=first, days=days, seed=seed)
    report(0.8, "writing")
    rows = write_history(books.workspace.history, "imported", history.demand)
    series = history.demand.select("location_id", "part_id").n_unique()
    return Generated(rows=rows, series=series, first_day=first, days=days, seed=seed)


def _only_generated(books: Books) -> None:
    """Made-up days must never replace real ones; remembers that the history is made up."""
    with books.store.read() as tx:
        known = values.get_value(tx, GENERATED) or values.get_value(tx, CLOCK) is not None
    if known:
        return
    if newest_period(books.workspace.history) is not None:
        raise InvalidInput(
            "the workspace has history that was not generated; generate in a workspace of its own: "
            "supplynet generate --workspace FOLDER"
        )
    with books.store.write("generate", books.wall_clock()) as tx:
        values.set_value(tx, GENERATED, True)


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What to import and how.

    Attributes:
        kind: ``demand`` (consumption) or ``stock`` (on hand).
        columns: Our column to theirs.
        dry_run: Check everything, take nothing.
        terms: Supply of locations that the plant does not have yet; sales do not tell it.
        options: What to do with what can be read in more than one way.
    """

    file: Path
    kind: str = "demand"
    columns: dict[str, str] = field(default_factory=dict)
    dry_run: bool = False
    terms: SupplyTermsGiven | None = None
    options: ImportOptions = field(default_factory=ImportOptions)


@dataclass(frozen=True, kw_only=True)
class ImportOutcome:
    """What an import found and took.

    Attributes:
        rows, accepted: Rows of the file, and of those good.
        written: Rows of history, or counts of stock, that were written.
        mistakes: The first of each kind, by cell.
        counts: All mistakes by kind.
    """

    file: str
    dry_run: bool
    rows: int
    accepted: int
    written: int
    series: int
    filled_days: int
    days_below_zero: int
    counts: dict[str, int]
    mistakes: tuple[Mistake, ...]

    @property
    def refused(self) -> bool:
        """Whether mistakes kept everything out."""
        return bool(self.counts) and not self.accepted

    def lines(self) -> list[str]:
        """For people: the outcome first, then every mistake that is shown."""
        total = sum(self.counts.values())
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.counts.items()))
        if self.refused:
            head = f"{self.file}: {total:,} mistakes in {self.rows:,} rows, nothing taken ({kinds})"
        else:
            verb = "would take" if self.dry_run else "took"
            head = f"{self.file}: {verb} {self.accepted:,} of {self.rows:,} rows"
            head += f" as {self.series:,} series"
            head += f"; left out {kinds}" if total else "; no mistakes"
        notes = []
        if self.filled_days:
            notes.append(f"{self.filled_days:,} days without a row count as days without demand")
        if self.days_below_zero:
            notes.append(f"{self.days_below_zero:,} days had more returned than used: demand 0")
        return [head, *notes, *(str(mistake) for mistake in self.mistakes)]


def import_table(
    folder: Path, request: ImportRequest, *, report: Report = lambda _fraction, _what: None
) -> ImportOutcome:
    """Check a file cell by cell and take all of it, or nothing.

    Raises:
        InvalidInput: The mapping or an option is wrong, or supply terms are missing.
    """
    books = open_books(folder)
    report(0.1, "reading")
    table = read_table(request.file)
    plant = books.plant if has_plant(books.workspace) else None
    fixed = plant is not None and (plant.plant_id != PLANT_ID or request.kind == "stock")
    report(0.3, "checking")
    checked = check_table(
        table,
        request.columns,
        kind=request.kind,
        options=request.options,
        known_parts=plant.part_by_id if plant is not None and fixed else None,
        known_locations=plant.location_by_id if plant is not None and fixed else None,
        today=books.wall_clock().date(),
    )
    if checked.accepted and request.kind == "demand" and plant is not None:
        _check_periods(plant, checked.frame)
    written = 0
    if checked.accepted and not request.dry_run:
        report(0.7, "writing")
        take = _take_stock if request.kind == "stock" else _take_demand
        written = take(books, plant, checked, request)
    return ImportOutcome(
        file=checked.file,
        dry_run=request.dry_run,
        rows=checked.rows,
        accepted=checked.accepted,
        written=written,
        series=checked.frame.select("location_id", "part_id").n_unique(),
        filled_days=checked.filled_days,
        days_below_zero=checked.days_below_zero,
        counts=checked.counts,
        mistakes=checked.mistakes,
    )


def _check_periods(plant: Plant, frame: pl.DataFrame) -> None:
    """Rows that start no shift would make every later forecast fail: refuse them here.

    Raises:
        InvalidInput: With the first of them.
    """
    lines = frame["location_id"].unique().to_list()
    for calendar in {plant.calendar_of(line) for line in lines if line in plant.location_by_id}:
        for start in frame["period_start"].unique().sort():
            shift = calendar.shift_at(start)
            if shift is None or shift.start != start:
                raise InvalidInput(
                    f"the file has a figure from {start:%Y-%m-%d %H:%M}Z on, and no shift of "
                    f"calendar {calendar.calendar_id} starts then: daily figures need a plant "
                    "with daily periods; import them into a workspace of their own"
                )


def _take_demand(
    books: Books, plant: Plant | None, checked: Checked, request: ImportRequest
) -> int:
    series = set(checked.frame.select("location_id", "part_id").unique().iter_rows())
    if plant is None or plant.plant_id == PLANT_ID:
        there = set() if plant is None else {(r.line_id, r.part_id) for r in plant.requirements}
        if not series <= there:
            made = sales_plant(series, _terms(request), plant)
            write_plant(made, books.workspace.plant)
    return write_history(books.workspace.history, "imported", checked.frame)


def _terms(request: ImportRequest) -> SupplyTermsGiven:
    if request.terms is None:
        raise InvalidInput(
            "consumption says nothing of supply: say --lead-time-days N (and --container-size N) "
            "for the new locations, or init the workspace with a plant folder"
        )
    return request.terms


def _take_stock(books: Books, plant: Plant | None, checked: Checked, request: ImportRequest) -> int:
    """Stock is never overwritten: each row is a count, and the difference becomes a movement."""
    if plant is None:
        raise InvalidInput("stock needs a plant: import demand first, or init with --plant FOLDER")
    now = as_of(books)
    rows = [
        {**row, "counted_at": row["counted_at"] or now}
        for row in checked.frame.iter_rows(named=True)
    ]
    known = _known_counts(books, {row["counted_at"] for row in rows})
    counts = [
        Event(
            source=IMPORT,
            event_id=_count_id(key, len(known[key])),
            type=EventType.COUNTED,
            occurred_at=row["counted_at"],
            location_id=row["location_id"],
            part_id=row["part_id"],
            quantity=row["on_hand"],
            data={"reason": f"counted, {request.file.name}"},
        )
        for row in rows
        for key in [(row["location_id"], row["part_id"], row["counted_at"])]
        if known[key][-1:] != [row["on_hand"]]
    ]
    return cycle.take_in(books.store, plant, counts, actor=IMPORT, now=books.now()).new


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


def _count_id(key: CountKey, number: int) -> str:
    """A corrected file counts anew; the same file again is not taken a second time."""
    location_id, part_id, at = key
    text = f"{location_id}/{part_id}/{at.isoformat()}/{number}"
    return "count-" + sha256(text.encode()).hexdigest()[:32]


def as_of(books: Books) -> datetime:
    """The moment at which the workspace stands.

    The plant's clock where one runs; real time when lines report what they use, or when the
    history reaches to within two days of it; else the end of the history: data of long ago is
    planned as of then.
    """
    clock = books.clock()
    newest = None if clock.simulated else newest_period(books.workspace.history)
    if newest is None:
        return clock.now
    end = _end_of_shift(books, newest)
    if clock.now - end <= timedelta(days=2):
        return clock.now
    with books.store.read() as tx:
        return clock.now if cycle.is_connected(tx) else end


def history_end(books: Books, frame: pl.DataFrame) -> datetime:
    """End of the last shift that ``frame`` has."""
    newest = frame["period_start"].max()
    assert isinstance(newest, datetime)
    return _end_of_shift(books, newest)


def _end_of_shift(books: Books, newest: datetime) -> datetime:
    shift = books.plant.calendar_of(books.plant.lines[0].location_id).shift_at(newest)
    return newest if shift is None else shift.end


def quality(folder: Path) -> QualityReport:
    """Check the workspace's history.

    Raises:
        InvalidInput: There is no history.
    """
    books = open_books(folder)
    frame = read_history(books.workspace.history)
    if frame.is_empty():
        raise InvalidInput("no history to check: run supplynet import FILE or supplynet generate")
    return check_quality(frame, now=books.now())


def history_frame(books: Books) -> pl.DataFrame:
    """All history.

    Raises:
        InvalidInput: There is none.
    """
    frame = read_history(books.workspace.history)
    if frame.is_empty():
        raise InvalidInput("no history: run supplynet import FILE or supplynet generate")
    return frame
