"""The getting-started part of the checklist: what a plant needs before it can be planned."""

from __future__ import annotations

import importlib.util
from importlib.resources import files

from supplynet.services.books import Books, has_plant
from supplynet.services.checks import Check
from supplynet.services.model_versions import versions_of
from supplynet.storage import ledger
from supplynet.storage.balances import verify
from supplynet.storage.history import read_history


def books(books: Books) -> Check:
    """Balances follow from the ledger."""
    with books.store.read() as tx:
        found = verify(tx)
    if found:
        return Check(
            name="books", state="broken", found="; ".join(found), next_step="restore a backup"
        )
    kind = "SQLite" if books.store.is_sqlite else "PostgreSQL"
    return Check(name="books", state="ready", found=f"{kind}, balances proven from the ledger")


def plant(books: Books) -> Check:
    """The network that is planned for."""
    if not has_plant(books.workspace):
        step = "supplynet generate, or supplynet import FILE"
        return Check(name="plant", state="todo", found="none", next_step=step)
    plant = books.plant
    found = (
        f"{plant.name or plant.plant_id}: {len(plant.lines)} lines, {len(plant.parts)} parts, "
        f"{len(plant.lanes)} lanes"
    )
    return Check(name="plant", state="ready", found=found)


def history(books: Books) -> Check:
    """Consumption to learn from."""
    frame = read_history(books.workspace.history)
    if frame.is_empty():
        step = "supplynet import FILE, or supplynet generate"
        return Check(name="history", state="todo", found="none", next_step=step)
    days = frame["period_start"].dt.date().n_unique()
    series = frame.select("location_id", "part_id").n_unique()
    found = f"{frame.height:,} rows of {series:,} series over {days:,} days"
    return Check(name="history", state="ready", found=found)


def stock(books: Books) -> Check:
    """Opening stock in the ledger."""
    with books.store.read() as tx:
        held = sum(1 for quantity in ledger.on_hand(tx).values() if quantity)
    if not held:
        step = "supplynet import STOCK.csv --kind stock; sales do not tell it"
        return Check(name="opening stock", state="todo", found="none", next_step=step)
    return Check(name="opening stock", state="ready", found=f"{held:,} positions in the ledger")


def model(books: Books) -> Check:
    """A champion that can be opened."""
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


def neural(_: Books) -> Check:
    """Whether neural models can be trained here."""
    if importlib.util.find_spec("torch") is None:
        step = "pip install 'supplynet[neural]' for lstm; all else works without"
        return Check(name="neural extra", state="todo", found="absent", next_step=step)
    return Check(name="neural extra", state="ready", found="installed")


def pages(_: Books) -> Check:
    """Whether the control room was built."""
    # Asked of the files: services know nothing of the package above them.
    if not (files("supplynet") / "web" / "static" / "index.html").is_file():
        step = "install from a wheel, or again from source where the npm registry is reachable"
        return Check(name="pages", state="todo", found="not built", next_step=step)
    return Check(name="pages", state="ready", found="built")
