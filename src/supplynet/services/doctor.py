"""The checklist of a workspace and its server: ``supplynet doctor``.

What a plant needs to begin stands in ``doctor_start``, who may come in and what could be read by
others in ``doctor_safety``, the machine and what it talks to in ``doctor_machine``, what is kept
for a bad day in ``doctor_keeping``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from supplynet.errors import NotFound, SupplyNetError
from supplynet.services import doctor_keeping, doctor_machine, doctor_safety, doctor_start
from supplynet.services.books import Books, open_books
from supplynet.services.checks import Check
from supplynet.services.running import Running

Look = Callable[[Books], Check]
LOOKS: tuple[tuple[str, Look], ...] = (
    ("books", doctor_start.books),
    ("plant", doctor_start.plant),
    ("history", doctor_start.history),
    ("opening stock", doctor_start.stock),
    ("model", doctor_start.model),
    ("neural extra", doctor_start.neural),
    ("pages", doctor_start.pages),
    ("users", doctor_safety.users),
    ("keys", doctor_safety.keys),
    ("TLS", doctor_safety.tls),
    ("secrets", doctor_safety.secrets),
    ("settings", doctor_safety.dangerous_settings),
    ("audit log", doctor_keeping.audit_log),
    ("backups", doctor_keeping.backups),
    ("disk", doctor_machine.disk),
    ("clock", doctor_machine.clock),
    ("MQTT", doctor_machine.mqtt),
    ("versions", doctor_machine.versions),
)


def doctor(folder: Path) -> list[Check]:
    """The checklist, in the order in which things are needed; stops at what blocks the rest."""
    try:
        books = open_books(folder)
    except NotFound as error:
        return [Check(name="workspace", state="todo", found="none here", next_step=str(error))]
    except SupplyNetError as error:
        return [_broken("workspace", error)]
    return examine(books)


def examine(books: Books, running: Running | None = None) -> list[Check]:
    """The checklist of an opened workspace, and of the server that asks, where one does."""
    checks = [Check(name="workspace", state="ready", found=str(books.workspace.folder))]
    for name, look in LOOKS:
        try:
            checks.append(look(books))
        except SupplyNetError as error:
            checks.append(_broken(name, error))
    if running is not None:
        checks.append(doctor_machine.server(books, running))
    return checks


def _broken(name: str, error: SupplyNetError) -> Check:
    return Check(name=name, state="broken", found=str(error), next_step="mend this first")
