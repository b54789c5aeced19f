"""The plant of a workspace, read once and again when its files change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from supplynet.connectors.plant_folder import read_plant
from supplynet.core.network import Plant
from supplynet.errors import NoneYet, PlantErrors

log = structlog.get_logger(__name__)
LOOK_EVERY_SECONDS = 1.0
_Look = tuple[tuple[str, int, int], ...]


class KeptPlant:
    """Reads the plant folder when it is asked for, at most once a second.

    An import, ``generate`` or an editor changes the files while a server runs; half-written files
    are mistakes, and until they are mended the plant from before them stands.

    Attributes:
        number: Rises each time the files are read.
    """

    def __init__(self, folder: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._monotonic = folder, monotonic
        self._lock = threading.Lock()
        self._plant: Plant | None = None
        self._seen: _Look = ()
        self._looked_at = float("-inf")
        self.number = 0

    def get(self) -> Plant:
        """The plant as its files say.

        Raises:
            NoneYet: There is none yet.
            PlantErrors: The files have mistakes, and no plant was read before.
        """
        with self._lock:
            now = self._monotonic()
            if self._plant is not None and now < self._looked_at + LOOK_EVERY_SECONDS:
                return self._plant
            self._looked_at = now
            look = self._look()
            if self._plant is None or look != self._seen:
                self._plant, self._seen = self._read(), look
                self.number += 1
            return self._plant

    def look_again(self) -> None:
        """Somebody has just written the files: what is asked for next is what they say."""
        with self._lock:
            self._looked_at = float("-inf")

    def _read(self) -> Plant:
        if not (self._folder / "plant.toml").is_file():
            raise NoneYet(
                "plant",
                str(self._folder.parent),
                command="run `supplynet generate` or `supplynet import`, "
                "or init with --plant FOLDER",
                step="import one, or make the demo plant",
            )
        try:
            return read_plant(self._folder)
        except PlantErrors as error:
            if self._plant is None:
                raise
            log.warning("the plant's files have mistakes; the one before stands", reason=str(error))
            return self._plant

    def _look(self) -> _Look:
        try:
            files = sorted(self._folder.iterdir())
            return tuple((each.name, (at := each.stat()).st_mtime_ns, at.st_size) for each in files)
        except OSError:  # being replaced at this moment
            return ()
