"""An opened workspace: settings, books and plant together, handed to every service."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from supplynet.config import Settings, load_settings
from supplynet.core.network import Plant
from supplynet.services.kept_plant import KeptPlant
from supplynet.storage import Store, Workspace, open_store, open_workspace, values
from supplynet.storage.migrate import create_or_upgrade

CLOCK = "clock"
"""Name of the value that holds a simulated clock: ``{"now": ..., "speed": ...}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The plant's time.

    Attributes:
        speed: Plant seconds per real second.
        simulated: Whether a twin plays the plant.
    """

    now: datetime
    speed: float
    simulated: bool


def system_now() -> datetime:
    """The real time, aware, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, eq=False)
class Books:
    """One workspace, opened.

    Attributes:
        wall_clock: Real time; the plant's own time is ``now``, which a simulation may set.
        opened: What is costly to open and was opened before, by version.
        planning: Held while a plan is made here: two at a time would only disturb each other. Other
            processes plan by themselves; what they wrote meanwhile is seen when a plan is written.
    """

    workspace: Workspace
    settings: Settings
    store: Store
    wall_clock: Callable[[], datetime] = system_now
    opened: dict[str, object] = field(default_factory=dict)
    planning: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def plant(self) -> Plant:
        """The plant of the workspace as its files say; see ``KeptPlant``.

        Raises:
            NotFound: The workspace has no plant yet.
            PlantErrors: The plant's files have mistakes.
        """
        return self._kept_plant.get()

    def look_at_plant_again(self) -> None:
        """The plant's files were just written here: do not wait until they are looked at."""
        self._kept_plant.look_again()

    @property
    def plant_number(self) -> int:
        """Another one whenever ``plant`` may be another, however its files were changed."""
        if has_plant(self.workspace):
            self._kept_plant.get()
        return self._kept_plant.number

    @cached_property
    def _kept_plant(self) -> KeptPlant:
        return KeptPlant(self.workspace.plant)

    def clock(self) -> Clock:
        """The plant's time: the simulated clock where one runs, else real time."""
        with self.store.read() as tx:
            said = values.get_value(tx, CLOCK)
        if said is None:
            return Clock(now=self.wall_clock(), speed=1.0, simulated=False)
        now = datetime.fromisoformat(said["now"])
        return Clock(now=now, speed=said["speed"], simulated=True)

    def now(self) -> datetime:
        """The plant's time."""
        return self.clock().now

    @property
    def is_simulated(self) -> bool:
        """Whether a simulated clock runs."""
        return self.clock().simulated


def has_plant(workspace: Workspace) -> bool:
    """Whether the workspace's plant folder has a plant."""
    return (workspace.plant / "plant.toml").is_file()


def plant_of(books: Books) -> Plant | None:
    """The plant, where there is one."""
    return books.plant if has_plant(books.workspace) else None


def open_books(folder: Path, *, wall_clock: Callable[[], datetime] = system_now) -> Books:
    """Open the workspace in ``folder``; brings its database up to date.

    Raises:
        NotFound: There is no workspace.
        ConfigError: Its settings are wrong.
    """
    workspace = open_workspace(folder)
    settings = load_settings(workspace.folder)
    store = open_store(settings.database_url)
    create_or_upgrade(store)
    return Books(workspace=workspace, settings=settings, store=store, wall_clock=wall_clock)
