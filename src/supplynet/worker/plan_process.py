"""The process in which plans are made: started by ``planner``, asked and answered through pipes.

In: lines of JSON, first ``{"workspace": ..., "database_url": ...}``, then the questions, ``{"what":
"plan"}`` or ``{"what": "refresh", "places": [...]}``; the end of the pipe means that the server is
gone, and then so is this process. Out: a line of JSON for each answer, ``{"error": ...}``, which is
empty when all went well.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from supplynet.worker.planner import Planner

log = structlog.get_logger()
NICENESS = 5
"""Whoever waits for an answer of the server comes first."""
SERVER_GONE = 3
"""Exit status when nobody is left who could ask."""


def main() -> None:
    """Answer until nobody asks any more."""
    # Before anything large is loaded: what that prints goes to the log and not between our lines,
    # and the threads that it starts are as patient as this one.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.nice(NICENESS)
    questions: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(questions,), daemon=True, name="server-listener").start()
    planner = _Opening(questions.get())
    while True:
        channel.write(json.dumps({"error": planner.asked(questions.get())}) + "\n")
        channel.flush()


def _listen(questions: queue.SimpleQueue[dict[str, Any]]) -> None:
    rest = b""
    while piece := os.read(0, 65536):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            questions.put(json.loads(line))
    os._exit(SERVER_GONE)  # a plan that is not committed is nobody's


class _Opening:
    """A planner, from the first question on for which the workspace can be opened.

    Args:
        given: The first line.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self._planner: Planner | None = None

    def asked(self, question: Mapping[str, Any]) -> str:
        """Do it; what went wrong, "" for nothing."""
        from supplynet.errors import SupplyNetError

        try:
            self._planner = self._planner or _planner(self._given)
            if question["what"] == "refresh":
                self._planner.refresh(question["places"])
            else:
                self._planner.plan()
        except SupplyNetError as error:
            return str(error) or type(error).__name__
        except Exception as error:
            log.exception("a plan failed")
            return f"{type(error).__name__}: {error}"
        return ""


def _planner(given: Mapping[str, str]) -> Planner:
    """On the database that the server has opened, which is never upgraded here.

    Raises:
        SupplyNetError: The workspace cannot be opened, or the database is of another version.
    """
    from supplynet import logs
    from supplynet.config import load_settings
    from supplynet.errors import StoreError
    from supplynet.services.books import Books
    from supplynet.storage import open_store, open_workspace
    from supplynet.storage.migrate import is_newest
    from supplynet.worker.planner import OwnPlanner

    logs.configure()
    workspace = open_workspace(Path(given["workspace"]))
    settings = load_settings(workspace.folder)
    logs.configure(style=settings.log_format, level=settings.log_level)
    store = open_store(given["database_url"])
    if not is_newest(store):
        raise StoreError("the database is of another version of SupplyNet; restart the server")
    return OwnPlanner(Books(workspace=workspace, settings=settings, store=store))


if __name__ == "__main__":
    main()
