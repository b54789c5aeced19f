"""Making a workspace: ``init``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supplynet.connectors.plant_folder import read_plant, write_plant
from supplynet.services.books import open_books
from supplynet.storage import init_workspace


@dataclass(frozen=True, kw_only=True)
class Made:
    """A new workspace and what to do in it next."""

    folder: Path
    next_step: str


def init(folder: Path, *, plant_folder: Path | None = None) -> Made:
    """Make a workspace in ``folder``, with the plant of ``plant_folder`` if one is named.

    Raises:
        PlantErrors: The plant has mistakes; then no workspace is made.
    """
    plant = None if plant_folder is None else read_plant(plant_folder)
    workspace = init_workspace(folder)
    if plant is not None:
        write_plant(plant, workspace.plant)
    open_books(folder)
    here = f"--workspace {folder}" if folder != Path() else ""
    step = "generate" if plant is None else "import FILE --map ..."
    return Made(folder=workspace.folder, next_step=f"supplynet {step} {here}".rstrip())
