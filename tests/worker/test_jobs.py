"""Jobs as a process of their own finds them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from supplynet.connectors.plant_folder import write_plant
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.services import generating, plant_detector
from supplynet.services.books import open_books
from supplynet.storage import init_workspace
from supplynet.worker.job_process import JobContext
from supplynet.worker.jobs import KINDS, train_detector


def test_a_detector_that_a_job_has_trained_serves_at_once(tmp_path: Path) -> None:
    workspace = init_workspace(tmp_path)
    write_plant(demo_plant(showrooms=1, stations=1, lines="A", parts=3), workspace.plant)
    generating.generate(tmp_path, days=42, start=date(2026, 1, 1))
    said: list[str] = []
    context = SimpleNamespace(workspace=tmp_path, progress=lambda _share, what: said.append(what))
    done = train_detector(cast("JobContext", context), {"model": "robust_seasonal", "seed": None})
    books = open_books(tmp_path)
    assert plant_detector.serving_detector(books).version == done["version"]
    books.store.close()
    assert said == ["learning what is usual"]
    assert KINDS["train_detector"].endswith(":train_detector")
