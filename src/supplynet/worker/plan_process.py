"""The process in which plans are made: started by ``planner``, asked and answered through pipes.

In: lines of JSON, first ``{"workspace": ...}``, then the questions, ``{"what": "plan"}`` or
``{"what": "refresh", "places": [...]}``; the end of the pipe means that the server is gone, and
then so is this process. Out: a line of JSON for each answer.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import structlog

from supplynet import logs
from supplynet.errors import SupplyNetError
from supplynet.services.books import open_books
from supplynet.worker.planner import OwnPlanner

log = structlog.get_logger()
NICENESS = 5
"""Whoever waits for an answer of the server comes first."""


def main() -> None:
    """Answer until nobody asks any more."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print goes to the log, not between our lines
    os.nice(NICENESS)
    logs.configure()
    try:
        books = open_books(Path(json.loads(sys.stdin.readline())["workspace"]))
    except SupplyNetError as error:
        log.warning("no plans can be made", reason=str(error))
        sys.exit(1)
    logs.configure(style=books.settings.log_format, level=books.settings.log_level)
    planner = OwnPlanner(books)
    for line in sys.stdin:
        answer = _answer(planner, json.loads(line))
        channel.write(json.dumps(answer) + "\n")
        channel.flush()


def _answer(planner: OwnPlanner, question: dict[str, Any]) -> dict[str, Any]:
    try:
        if question["what"] == "refresh":
            planner.refresh(question["places"])
            return {}
        return {"historical": planner.plan()}
    except SupplyNetError as error:
        return {"error": str(error)}
    except Exception as error:
        log.exception("a plan failed")
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
