"""A whole plant by seed: what really happens, and the real services that hear of it.

The plant is physical truth: stock lies where it lies, lines use it, vehicles carry it. The services
learn of it only through a network that delays, doubles and shuffles, from senders that repeat
themselves until they are answered. Processes die inside their transactions, before the commit or
just after it, and the disk is full now and then. Everything is drawn from one seed.
"""

from __future__ import annotations

import heapq
import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sqlalchemy import insert, select

from supplynet import cycle
from supplynet.config import load_settings
from supplynet.connectors.event_body import parse_event
from supplynet.connectors.plant_folder import write_plant
from supplynet.core.ledger import Account
from supplynet.core.network import (
    CountedBy,
    Duration,
    Lane,
    Location,
    LocationKind,
    Part,
    Plant,
    Requirement,
    SupplyRule,
)
from supplynet.core.orders import OrderState
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.cycle.letters import Letter
from supplynet.errors import StoreError, SupplyNetError
from supplynet.frames.panel import shift_periods
from supplynet.services import forecasting, intake, orders, planning, setup, verification
from supplynet.services.books import Books, open_books
from supplynet.services.orders import Said
from supplynet.storage import Store, WriteTx, ledger, open_store, open_workspace
from supplynet.storage import orders as order_rows
from supplynet.storage.history import write_history
from supplynet.storage.tables import audit as audit_table
from supplynet.storage.tables import settings as settings_table

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
TICK = timedelta(minutes=30)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LINES = ("SR1.A", "SR1.B")
WAYS = {"bolt": CountedBy.REPORTED, "nut": CountedBy.COUNTER, "glue": CountedBy.BUILT}
PER_UNIT = {"bolt": Decimal(2), "nut": Decimal(1), "glue": Decimal("0.4")}
UNITS_PER_SHIFT = 48.0
Place = tuple[str, str]
"""(location, part)."""


def world_plant() -> Plant:
    """WH1 fills SR1 by a lorry four times a day; two lines draw there three parts each."""
    return Plant(
        plant_id="world",
        parts=tuple(Part(part_id=part) for part in WAYS),
        locations=(
            Location(location_id="WH1", kind=LocationKind.WAREHOUSE, holds_stock=True),
            Location(location_id="SR1", kind=LocationKind.SHOWROOM, holds_stock=True),
            *(Location(location_id=x, kind=LocationKind.LINE, parent_id="SR1") for x in LINES),
        ),
        requirements=tuple(
            Requirement(line_id=line, part_id=part, quantity=each, counted_by=WAYS[part])
            for line in LINES
            for part, each in PER_UNIT.items()
        ),
        lanes=(
            Lane(
                lane_id="WH1-SR1",
                from_location="WH1",
                to_location="SR1",
                departures=(time(2), time(8), time(14), time(20)),
                cutoff_minutes=60,
                transit=Duration(low=30, mode=60, high=120),
            ),
        ),
        supply_rules=tuple(
            SupplyRule(stock_point_id="SR1", part_id=part, lane_ids=("WH1-SR1",), container_size=10)
            for part in WAYS
        ),
        calendars=(
            ShiftCalendar(
                calendar_id="site",
                time_zone="UTC",
                patterns=(
                    ShiftPattern(name="day", start=time(6), end=time(18)),
                    ShiftPattern(name="night", start=time(18), end=time(6)),
                ),
            ),
        ),
    )


class Killed(BaseException):
    """The process is gone: nothing that it would still have done is done."""


@dataclass
class Faults:
    """What goes wrong in the house, by chance: shares of all write transactions."""

    chance: random.Random
    killed: float = 0.03
    disk_full: float = 0.02
    seen: Counter[str] = field(default_factory=Counter)
    _full_for: int = 0

    def before_write(self) -> None:
        """A full disk stays full for some tries."""
        if self._full_for == 0 and self.chance.random() < self.disk_full:
            self._full_for = self.chance.randint(1, 5)
        if self._full_for:
            self._full_for -= 1
            self.seen["disk full"] += 1
            raise StoreError("the database does not answer as it should: disk is full")

    def maybe_killed(self, where: str) -> None:
        """Ends the process here and now."""
        if self.chance.random() < self.killed:
            self.seen[f"killed {where} commit"] += 1
            raise Killed


class FaultyStore(Store):
    """The real books, on a machine that fails."""

    faults: Faults

    @contextmanager
    def write(self, actor: str, now: datetime, *, audited: bool = True) -> Iterator[WriteTx]:
        self.faults.before_write()
        with super().write(actor, now, audited=audited) as tx:
            yield tx
            self.faults.maybe_killed("before")
        self.faults.maybe_killed("after")


@dataclass
class Lorry:
    """Goods on the road."""

    order_id: str
    part: str
    quantity: int
    arrives: datetime


@dataclass
class World:
    """One plant, one seed.

    Attributes:
        stock: What lies where: the truth.
        used: What lines really used, by (line, part, shift).
        acknowledged: Keys of events whose sender was told that they are in the books.
        plans: How many were made.
    """

    folder: Path
    seed: int
    database_url: str
    now: datetime = MONDAY
    stock: Counter[Place] = field(default_factory=Counter)
    blocked: Counter[Place] = field(default_factory=Counter)
    used: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    halts: Counter[str] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    faults_found: list[str] = field(default_factory=list)
    plans: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(f"world {self.seed}")
        self.faults = Faults(random.Random(f"faults {self.seed}"))
        self.plant = world_plant()
        self._counters: Counter[Place] = Counter()
        self._road: list[Lorry] = []
        self._wire: list[tuple[datetime, int, bytes]] = []
        self._said: list[tuple[str, Callable[[Said], Any], Said]] = []
        self._numbers = 0
        self._started = False
        self.books = self._open()

    # ---- the house ----

    def _open(self) -> Books:
        """A process starts: it knows what is in the books, and nothing else."""
        store = FaultyStore(open_store(self.database_url)._engine)
        store.faults = self.faults
        settings = load_settings(self.folder)
        workspace = open_workspace(self.folder)
        return Books(
            workspace=workspace, settings=settings, store=store, wall_clock=lambda: self.now
        )

    def _restart(self) -> None:
        self.books.store.close()
        self.books = self._open()

    def attempt(self, what: Callable[[], Any]) -> bool:
        """Do something in the process; whether it was answered. What is refused is answered too."""
        try:
            what()
        except StoreError:
            return False
        except Killed:
            self._restart()
            return False
        except SupplyNetError as error:
            self.faults.seen[type(error).__name__] += 1
        return True

    # ---- the network ----

    def send(self, body: dict[str, Any], *, delay: bool = True) -> None:
        """A report sets out: one to three copies, some of them late by minutes or by a day."""
        text = json.dumps({"schema": 1, "data": {}, **body}).encode()
        for _ in range(self.chance.choice((1, 1, 1, 2, 3))):
            late = self.chance.random()
            wait = MINUTE * self.chance.random()
            if delay and late > 0.97:
                wait = 30 * HOUR * self.chance.random()
            elif delay and late > 0.8:
                wait = 3 * HOUR * self.chance.random()
            self._numbers += 1
            heapq.heappush(self._wire, (self.now + wait, self._numbers, text))

    def deliver(self, until: datetime | None = None) -> None:
        """What has arrived is taken in; a sender that got no answer sends again."""
        arrived = []
        while self._wire and (until is None or self._wire[0][0] <= until):
            arrived.append(heapq.heappop(self._wire)[2])
        self.chance.shuffle(arrived)
        while arrived:
            batch, arrived = arrived[:20], arrived[20:]
            letters = [
                Letter(channel="mqtt", source="world", payload=text, event=parse_event(text))
                for text in batch
            ]
            if not self.attempt(lambda letters=letters: self._take(letters)):  # type: ignore[misc]  # bound now
                arrived += batch

    def _take(self, letters: list[Letter]) -> None:
        taken = intake.take_letters(self.books, letters, actor="mqtt")
        self.faults_found += [f"put aside: {each.problem}" for each in taken.dead]
        self.acknowledged |= {each.event.key for each in letters if each.event is not None}

    # ---- the plant ----

    def _report(
        self, kind: str, place: str, part: str | None, quantity: int | None, **data: Any
    ) -> None:
        self._numbers += 1
        self.send(
            {
                "source": f"plc-{place}",
                "event_id": f"{kind}-{self._numbers}",
                "type": kind,
                "occurred_at": self.now.isoformat().replace("+00:00", "Z"),
                "location_id": place,
                "part_id": part,
                "quantity": quantity,
                "data": data,
            }
        )

    def open_stock(self) -> None:
        """Everything is counted once, before anything happens; counters stand at 0."""
        for part in WAYS:
            for place, quantity in (("WH1", 4000), ("SR1", 260)):
                self.stock[place, part] = quantity
                self._numbers += 1
                self._report("counted", place, part, quantity)
        for line in LINES:
            self._report("counter", line, "nut", 0)
            self._report("counter", line, None, 0)

    def work(self) -> None:
        """Half an hour of both lines: each unit takes all its parts, or is not built."""
        for line in LINES:
            pace = UNITS_PER_SHIFT / 24 * (1.3 if self.now.hour < 18 else 0.7)
            wanted = sum(self.chance.random() < pace / 10 for _ in range(10))
            built, built_before = 0, self._counters[line, "units"]
            taken: Counter[str] = Counter()
            for unit in range(built_before + 1, built_before + wanted + 1):
                needs = {p: int(q * unit) - int(q * (unit - 1)) for p, q in PER_UNIT.items()}
                if any(self.stock["SR1", part] < n for part, n in needs.items()):
                    break
                for part, n in needs.items():
                    self.stock["SR1", part] -= n
                    taken[part] += n
                built += 1
            self._counters[line, "units"] += built
            self._tell_of_work(line, taken, starved=built < wanted)

    def _tell_of_work(self, line: str, taken: Counter[str], *, starved: bool) -> None:
        shift = self.plant.calendars[0].shift_of(self.now)
        assert shift is not None
        for part, quantity in taken.items():
            self.used[line, part, shift.shift_id] += quantity
        if taken["bolt"]:
            self._report("consumed", line, "bolt", taken["bolt"])
        said: dict[str, Any] = {}
        if self.chance.random() < 0.02:  # the controller is switched off and on
            self._counters[line, "nut"] = 0
            said = {"reset": True}
        self._counters[line, "nut"] += taken["nut"]
        self._report("counter", line, "nut", self._counters[line, "nut"], **said)
        self._report("counter", line, None, self._counters[line, "units"])
        if starved:
            self.halts[line] += 1
            self._report("line_starved", line, None, None, minutes=15, ended=True)

    def _on_time(self, hours: tuple[int, ...]) -> bool:
        return self.now.hour in hours and self.now.minute == 0

    def drive(self) -> None:
        """Lorries leave with what was released and is there, and arrive, not always whole."""
        if self._on_time((2, 8, 14, 20)):
            with self.books.store.read() as tx:
                released = order_rows.list_orders(
                    tx, states=[OrderState.APPROVED, OrderState.PICKED]
                )
            for order in released:
                quantity = min(order.quantity, self.stock["WH1", order.part_id])
                if order.departure_at != self.now or quantity == 0:
                    continue
                self.stock["WH1", order.part_id] -= quantity
                self._report(
                    "shipped",
                    "WH1",
                    order.part_id,
                    quantity,
                    order_id=order.order_id,
                    to_location="SR1",
                )
                arrives = self.now + MINUTE * self.chance.choice((30, 60, 60, 120, 300))
                self._road.append(Lorry(order.order_id, order.part_id, quantity, arrives))
        for lorry in [each for each in self._road if each.arrives <= self.now]:
            self._road.remove(lorry)
            self._unload(lorry)

    def _unload(self, lorry: Lorry) -> None:
        broken = min(lorry.quantity, self.chance.choice((0, 0, 0, 0, 3)))
        missing = min(lorry.quantity - broken, self.chance.choice((0, 0, 0, 0, 2)))
        good = lorry.quantity - broken - missing
        self.stock["SR1", lorry.part] += good
        self.blocked["SR1", lorry.part] += broken
        said = {"order_id": lorry.order_id, "damaged": broken, "short": missing}
        self._report("received", "SR1", lorry.part, good, **said)

    def supply(self) -> None:
        """Once a day a supplier fills up the warehouse."""
        if not self._on_time((5,)):
            return
        for part in WAYS:
            self.stock["WH1", part] += 300
            self._report("received", "WH1", part, 300, supplier_id="ACME")

    # ---- people and automation ----

    def plan(self) -> None:
        """Automation plans and releases; nobody minds when it fails once."""
        if not self._on_time((0, 6, 12, 18)):
            return
        if self.attempt(self._plan):
            self.attempt(self._release)

    def _plan(self) -> None:
        planning.plan_now(self.books, actor="automation")
        self.plans += 1

    def _release(self) -> None:
        cycle.release_due(
            self.books.store,
            self.plant,
            actor="automation",
            now=self.now,
            until=self.now + 2 * HOUR,
        )

    def meddle(self) -> None:
        """A planner does something with an order; without an answer he says it again."""
        if self.chance.random() < 0.1:
            with self.books.store.read() as tx:
                found = order_rows.list_orders(tx, states=order_rows.OPEN)
            if found:
                order = self.chance.choice(found)
                self._numbers += 1
                said = Said(actor="mara", reason="I know better", key=f"k{self._numbers}")
                self._said.append((order.order_id, self._command(), said))
        still = []
        for order_id, command, said in self._said:
            if not self.attempt(lambda a=order_id, b=command, c=said: b(a, c)):  # type: ignore[misc]  # bound now
                still.append((order_id, command, said))
        self._said = still

    def _command(self) -> Callable[..., Any]:
        chance = self.chance.random()
        if chance < 0.3:
            return lambda order, said: orders.approve(self.books, order, said)
        if chance < 0.5:
            return lambda order, said: orders.change(self.books, order, said, quantity=70)
        if chance < 0.7:
            until = self.now + 5 * HOUR
            return lambda order, said: orders.snooze(self.books, order, said, until=until)
        if chance < 0.9:
            return lambda order, said: orders.pick(self.books, order, said)
        return lambda order, said: orders.cancel(self.books, order, said)

    # ---- the run, and what must hold ----

    def run(self, days: float) -> None:
        """Half-hours from Monday morning on; then the network falls quiet and all is delivered."""
        self.open_stock()
        end = self.now + timedelta(days=days)
        while self.now < end:
            self.supply()
            self.drive()
            self.work()
            self.deliver(self.now)
            self.plan()
            self.meddle()
            if self._on_time((5, 17)):
                self.check()
            self.now += TICK
        for lorry in self._road:
            self._unload(lorry)
        self._road = []
        self.faults.killed = self.faults.disk_full = 0.0
        self.now += 48 * HOUR
        self.deliver()
        self.check()

    def check(self) -> None:
        """The books prove themselves, at any moment."""
        found = verification.check(self.books)
        self.faults_found += [f"{self.now:%d %H:%M} {fault}" for fault in found]

    def remove(self) -> None:
        """Free the disk, where many worlds are played."""
        self.books.store.close()
        shutil.rmtree(self.folder)

    def trace(self) -> str:
        """Last link of the audit chain: it covers everything that was ever written."""
        with self.books.store.read() as tx:
            query = select(audit_table.c.hash).order_by(audit_table.c.seq.desc()).limit(1)
            return str(tx.connection.scalar(query))

    def differences(self) -> list[str]:
        """Where the books and the plant do not agree, once everything was delivered."""
        with self.books.store.read() as tx:
            held = ledger.balances(tx)
            moves = ledger.movements_between(tx)
        found = []
        for account, truth in ((Account.ON_HAND, self.stock), (Account.BLOCKED, self.blocked)):
            for place in ("WH1", "SR1"):
                for part in WAYS:
                    said, real = held[part, place, account], truth[place, part]
                    if said != real:
                        found.append(f"{account} {part} at {place}: books {said}, plant {real}")
        found += [
            f"{quantity} {part} still in transit to {place}"
            for (part, place, account), quantity in held.items()
            if account is Account.IN_TRANSIT and quantity
        ]
        booked: Counter[tuple[str, str, str]] = Counter()
        for move in moves:
            if move.to_account is Account.CONSUMED:
                booked[move.to_location, move.part_id, str(move.shift_id)] += move.quantity
            elif move.from_account is Account.CONSUMED:
                booked[move.from_location, move.part_id, str(move.shift_id)] -= move.quantity
        for key in sorted(booked.keys() | self.used.keys()):
            if booked[key] != self.used[key]:
                found.append(f"used {key}: books {booked[key]}, plant {self.used[key]}")
        return found


@pytest.fixture(scope="session")
def world_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the plant, four weeks of history and a model; to be copied."""
    folder = setup.init(tmp_path_factory.mktemp("world") / "workspace").folder
    plant = world_plant()
    write_plant(plant, folder / "plant")
    periods = shift_periods(plant.calendars[0], MONDAY - timedelta(days=42), MONDAY)
    rng = np.random.default_rng(1)
    rows = [
        {
            "location_id": line,
            "part_id": part,
            "period_start": period.start,
            "shift": period.shift,
            "consumed": int(rng.poisson(UNITS_PER_SHIFT * (1.3 if n % 2 == 0 else 0.7) * float(q))),
        }
        for line in LINES
        for part, q in PER_UNIT.items()
        for n, period in enumerate(periods)
    ]
    frame = pl.DataFrame(rows).with_columns(
        starved_minutes=0, stopped_minutes=0, rate=1.0, demand=pl.col("consumed").cast(pl.Float64)
    )
    write_history(folder / "history", "imported", frame)
    (folder / "supplynet.toml").write_text('automation_mode = "auto"\npaths = 40\n')
    books = open_books(folder, wall_clock=lambda: MONDAY)
    forecasting.train(books, ["shift_mean"], promote="always")
    books.store.close()
    return folder


def _with_model(folder: Path, database_url: str) -> None:
    """Let empty books know the workspace's champion: the files are in the folder."""
    here, there = (
        open_store(url) for url in (f"sqlite:///{folder / 'supplynet.db'}", database_url)
    )
    with here.read() as known, there.write("test", MONDAY) as tx:
        rows = known.connection.execute(select(settings_table)).mappings().all()
        tx.connection.execute(insert(settings_table), [dict(row) for row in rows])
    here.close()
    there.close()


@pytest.fixture
def world(world_template: Path, tmp_path: Path) -> Iterator[Callable[[int, str | None], World]]:
    """Makes the world of a seed, in books of its own; on another database if its URL is given."""
    made: list[World] = []

    def make(seed: int, database_url: str | None = None) -> World:
        folder = tmp_path / f"{seed}-{len(made)}"
        shutil.copytree(world_template, folder)
        if database_url is not None:
            _with_model(folder, database_url)
        url = database_url or f"sqlite:///{folder / 'supplynet.db'}"
        made.append(World(folder=folder, seed=seed, database_url=url))
        return made[-1]

    yield make
    for each in made:
        each.books.store.close()
