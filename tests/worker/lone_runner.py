"""A runner that a test can kill: serves the jobs of the books it is given. A script."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from supplynet.storage import open_store
from supplynet.worker.runner import JobRunner, Timing

if __name__ == "__main__":
    url, folder, kind, target = sys.argv[1:]
    sys.path.insert(0, str(Path(__file__).parent))
    JobRunner(
        open_store(url),
        Path(folder),
        {kind: target},
        runner_id="to-be-killed",
        clock=lambda: datetime.now(UTC),
        timing=Timing(heartbeat=timedelta(seconds=0.02), idle=timedelta(seconds=0.02)),
    ).serve(threading.Event())
