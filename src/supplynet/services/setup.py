"""Making a workspace, and checking that it is ready: ``init`` and ``doctor``."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from supplynet.connectors.plant_folder import read_plant, write_plant
from supplynet.errors import NotFound, SupplyNetError
from supplynet.services.books import Books, has_plant, open_books
from supplynet.services.model_versions import versions_of
from supplynet.storage import init_workspace, ledger
from supplynet.storage.balances import verify
from supplynet.storage.history import read_history

_MARKS = {"ready": "ok  ", "todo": "todo", "broken": "FAIL"}


@dataclass(frozen=True, kw_only=True)
class Made:
    """A new workspace and what to do in it next."""

    folder: Path
    next_step: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the getting-started checklist.

    Attributes:
        state: ``ready``, ``todo`` (not done yet) or ``broken`` (done, and wrong).
        found: What was found, in a sentence.
        next_step: What to do about it; empty when ready.
    """

    name: str
    state: Literal["ready", "todo", "broken"]
    found: str
    next_step: str = ""

    @property
    def line(self) -> str:
        """For people."""
        hint = f"  -> {self.next_step}" if self.next_step else ""
        return f"{_MARKS[self.state]}  {self.name}: {self.found}{hint}"


def init(folder: Path, *, plant_folder: Path | None = None) -> Made:
    """Make a workspace in ``folder``, with the plant of ``plant_folder`` if one is named.

    Raises:
        PlantErrors: The plant has mistakes; then no workspace is made.
    """
    plant = None if plant_folder is None else read_plant(plant_folder)
    workspace = init_workspace(folder)
    if plant is not None:
        write_plant(plant, workspace.plant)
    open_books(folder)
    here = f"--workspace {folder}" if folder != Path() else ""
    step = "generate" if plant is None else "import FILE --map ..."
    return Made(folder=workspace.folder, next_step=f"supplynet {step} {here}".rstrip())


def doctor(folder: Path) -> list[Check]:
    """The checklist, in the order in which things are needed; stops at what blocks the rest."""
    try:
        books = open_books(folder)
    except NotFound as error:
        return [Check(name="workspace", state="todo", found="none here", next_step=str(error))]
    except SupplyNetError as error:
        return [_broken("workspace", error)]
    checks = [Check(name="workspace", state="ready", found=str(books.workspace.folder))]
    for name, look in (
        ("books", _books),
        ("plant", _plant),
        ("history", _history),
        ("opening stock", _stock),
        ("model", _model),
        ("neural extra", _neural),
        ("pages", _pages),
    ):
        try:
            checks.append(look(books))
        except SupplyNetError as error:
            checks.append(_broken(name, error))
    return checks


def _broken(name: str, error: SupplyNetError) -> Check:
    return Check(name=name, state="broken", found=str(error), next_step="mend this first")


def _books(books: Books) -> Check:
    with books.store.read() as tx:
        found = verify(tx)
    if found:
        return Check(
            name="books", state="broken", found="; ".join(found), next_step="restore a backup"
        )
    kind = "SQLite" if books.store.is_sqlite else "PostgreSQL"
    return Check(name="books", state="ready", found=f"{kind}, balances proven from the ledger")


def _plant(books: Books) -> Check:
    if not has_plant(books.workspace):
        step = "supplynet generate, or supplynet import FILE"
        return Check(name="plant", state="todo", found="none", next_step=step)
    plant = books.plant
    found = (
        f"{plant.name or plant.plant_id}: {len(plant.lines)} lines, {len(plant.parts)} parts, "
        f"{len(plant.lanes)} lanes"
    )
    return Check(name="plant", state="ready", found=found)


def _history(books: Books) -> Check:
    frame = read_history(books.workspace.history)
    if frame.is_empty():
        step = "supplynet import FILE, or supplynet generate"
        return Check(name="history", state="todo", found="none", next_step=step)
    days = frame["period_start"].dt.date().n_unique()
    series = frame.select("location_id", "part_id").n_unique()
    found = f"{frame.height:,} rows of {series:,} series over {days:,} days"
    return Check(name="history", state="ready", found=found)


def _stock(books: Books) -> Check:
    with books.store.read() as tx:
        held = sum(1 for quantity in ledger.on_hand(tx).values() if quantity)
    if not held:
        step = "supplynet import STOCK.csv --kind stock; sales do not tell it"
        return Check(name="opening stock", state="todo", found="none", next_step=step)
    return Check(name="opening stock", state="ready", found=f"{held:,} positions in the ledger")


def _model(books: Books) -> Check:
    versions = versions_of(books)
    name = versions.champion()
    if name is None:
        return Check(name="model", state="todo", found="none", next_step="supplynet train")
    damage = versions.get(name).damage
    if damage:
        step = "supplynet models rollback, supplynet train, or restore a backup"
        return Check(
            name="model",
            state="broken",
            found=f"champion {name} cannot be opened, another serves: {damage}",
            next_step=step,
        )
    return Check(name="model", state="ready", found=f"{name} is champion")


def _neural(_: Books) -> Check:
    if importlib.util.find_spec("torch") is None:
        step = "pip install 'supplynet[neural]' for lstm; all else works without"
        return Check(name="neural extra", state="todo", found="absent", next_step=step)
    return Check(name="neural extra", state="ready", found="installed")


def _pages(_: Books) -> Check:
    # Asked of the files: services know nothing of the package above them.
    if not (files("supplynet") / "web" / "static" / "index.html").is_file():
        step = "install from a wheel, or again from source where the npm registry is reachable"
        return Check(name="pages", state="todo", found="not built", next_step=step)
    return Check(name="pages", state="ready", found="built")
