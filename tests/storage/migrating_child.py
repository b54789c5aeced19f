"""Upgrades a database and dies before statement number so and so. A script.

``migrating_child.py URL NUMBER``: kill -9 comes from inside, so that it comes at that statement.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from typing import Any

from sqlalchemy import Engine, event

from supplynet.storage import open_store
from supplynet.storage.migrate import create_or_upgrade


def main(url: str, last: int) -> None:
    numbers = count(1)

    @event.listens_for(Engine, "before_cursor_execute")
    def _die(*_: Any) -> None:
        if next(numbers) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    create_or_upgrade(open_store(url))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
