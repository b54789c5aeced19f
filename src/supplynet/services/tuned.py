"""Settings that a search found, kept in the workspace with their evidence.

``metrics/tuned.<model>.json`` is the last finished search of a model: what was found, every trial,
the folds, the data, and the scores on what no trial saw. ``metrics/tuning.<model>.json`` holds the
trials of one that is not finished, so that it can go on after a stop.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supplynet.errors import ModelError
from supplynet.files import write_atomically
from supplynet.forecast.tuning_spaces import SPACES
from supplynet.learning.signed_json import json_bytes

if TYPE_CHECKING:
    from supplynet.forecast.tuning_task import Trial

SCHEMA = 1
Json = dict[str, Any]


def tuned_settings(workspace: Path, model: str) -> Json:
    """Settings of a model that a search found better than the default; empty without any.

    Raises:
        ModelError: They are damaged, or the model has no such settings any more.
    """
    found = read_tuned(workspace, model)
    if found is None or not found["adopted"]:
        return {}
    settings = dict(found["settings"])
    unknown = sorted(set(settings) - set(SPACES.get(model, ())))
    if unknown:
        raise ModelError(
            f"{result_path(workspace, model)} has settings that {model} does not have "
            f"({', '.join(unknown)}); delete it, or run supplynet tune {model}"
        )
    return settings


def read_tuned(workspace: Path, model: str) -> Json | None:
    """The last finished search of a model; None before the first.

    Raises:
        ModelError: It cannot be read.
    """
    path = result_path(workspace, model)
    found = _read(path)
    if found is not None and (
        found.get("schema") != SCHEMA
        or not isinstance(found.get("settings"), dict)
        or not isinstance(found.get("adopted"), bool)
    ):
        raise ModelError(f"{path} is no result of a search; delete it, or tune {model} again")
    return found


def write_tuned(workspace: Path, model: str, found: Mapping[str, Any]) -> None:
    """Keep a finished search in place of the one before, and drop its journal."""
    write_atomically(result_path(workspace, model), json_bytes({"schema": SCHEMA, **found}))
    _journal_path(workspace, model).unlink(missing_ok=True)


def write_journal(workspace: Path, model: str, key: str, trials: Sequence[Trial]) -> None:
    """Keep the trials of a search that goes on; ``key`` says what was searched, and how."""
    rows = [asdict(trial) for trial in trials]
    write_atomically(_journal_path(workspace, model), json_bytes({"key": key, "trials": rows}))


def earlier_trials(workspace: Path, model: str, key: str) -> list[Json]:
    """Trials of the same search, unfinished or finished; empty where there was none.

    Raises:
        ModelError: A file cannot be read.
    """
    for path in (_journal_path(workspace, model), result_path(workspace, model)):
        found = _read(path)
        if found is not None and found.get("key") == key:
            return list(found.get("trials", ()))
    return []


def forget(workspace: Path, model: str) -> None:
    """Drop the trials of an unfinished search."""
    _journal_path(workspace, model).unlink(missing_ok=True)


def result_path(workspace: Path, model: str) -> Path:
    """Where the result of a search lies."""
    return workspace / "metrics" / f"tuned.{model}.json"


def _journal_path(workspace: Path, model: str) -> Path:
    return workspace / "metrics" / f"tuning.{model}.json"


def _read(path: Path) -> Json | None:
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read ({error}); delete it, and tune again") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} is no record of a search; delete it, and tune again")
    return found
