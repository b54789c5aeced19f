"""Takes the files of the drop folder in, beside the server, whatever they hold."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from supplynet.errors import SupplyNetError
from supplynet.services import drop_folder
from supplynet.services.books import Books
from supplynet.worker.background import Background

log = structlog.get_logger()
LOOK_SECONDS = 2.0


class DropFolderWorker(Background):
    """Runs in a thread while the server runs; of several servers one works on the folder.

    Without ``drop_folder`` in the settings it does nothing.

    Args:
        books: The workspace.
        look_seconds: Between two looks into the folder.
        still_seconds: How long a file must have stood still to be complete.
        monotonic: A clock that only rises, seconds.
    """

    def __init__(
        self,
        books: Books,
        *,
        look_seconds: float = LOOK_SECONDS,
        still_seconds: float = 3.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("drop")
        self._books, self._look, self._monotonic = books, look_seconds, monotonic
        self._box = drop_folder.folder_of(books, still_seconds=still_seconds)

    def _run(self) -> None:
        if self._box is None:
            return
        while not self._stop.is_set():
            try:
                self._work()
            except (SupplyNetError, OSError) as error:
                # A full disk, a database that is away, a plant that is not there yet: it is
                # tried again, and nothing was lost, for the file still lies in ``taking``.
                log.warning("the drop folder waits", reason=str(error))
            except Exception:
                log.exception("the drop folder failed; it starts again")
            self._stop.wait(self._look)

    def _work(self) -> None:
        """Hold the folder and take what comes, until the end or the first failure."""
        assert self._box is not None, "without a folder there is nothing to do"
        self._box.prepare()
        with self._box.only_one() as alone:
            while alone and not self._stop.is_set():
                drop_folder.take_all(
                    self._books, self._box, self._monotonic(), stop=self._stop.is_set
                )
                self._stop.wait(self._look)
