"""Real data in: checked cell by cell, all of it or nothing. ``import``."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from supplynet.connectors.sales_plant import PLANT_ID, SupplyTermsGiven
from supplynet.connectors.table_import import (
    Checked,
    ImportOptions,
    Wanted,
    check_source,
    open_table,
    parse_mapping,
)
from supplynet.connectors.table_kinds import KINDS
from supplynet.connectors.table_layout import Said
from supplynet.connectors.table_problems import check_problems_file
from supplynet.connectors.table_profile import Profile
from supplynet.connectors.table_recognise import choose_profile, known_profiles
from supplynet.connectors.table_saving import check_profile_name, profile_of, write_profile
from supplynet.connectors.table_source import Source
from supplynet.connectors.table_templates import template, write_template
from supplynet.core.network import Plant
from supplynet.errors import InvalidInput, NotFound, StoreError
from supplynet.services.books import Books, open_books, plant_of
from supplynet.services.import_outcome import ImportOutcome, ImportRequest, Taken, outcome_of
from supplynet.services.import_taking import (
    shift_start_in,
    starts_shift_in,
    take_history,
    take_stock,
    take_table,
)
from supplynet.storage import open_workspace

__all__ = [
    "KINDS",
    "ImportOptions",
    "ImportOutcome",
    "ImportRequest",
    "Profile",
    "SupplyTermsGiven",
    "import_table",
    "parse_mapping",
    "profile_rows",
    "profiles",
    "read_file",
    "template",
    "write_template",
]

Report = Callable[[float, str], None]
HISTORIES = ("demand", "consumption")
STALE_SECONDS = 2 * 24 * 3600
_DRAFTS = ".import-"


def import_table(
    folder: Path, request: ImportRequest, *, report: Report = lambda _fraction, _what: None
) -> ImportOutcome:
    """Check a file cell by cell and take all of it, or nothing.

    It may be larger than memory: what does not fit is put aside in the workspace meanwhile. The
    same file again changes nothing; a corrected one replaces its days or rows.

    Args:
        folder: The workspace.
        request: The file, and what is said of it.
        report: Progress, 0 to 1.

    Raises:
        InvalidInput: The file is broken, what was said of it is wrong, two profiles fit it, or
            supply terms are missing. Mistakes in its cells are no error: see the outcome.
        NotFound: There is no such workspace, or no profile of that name.
        StoreError: The workspace cannot be read or written.
    """
    books = open_books(folder)
    if request.problems is not None:
        check_problems_file(request.problems, request.file)
    if request.save_profile is not None:
        check_profile_name(request.save_profile)
    before = _state(request.file)
    source = open_table(request.file)
    saved = books.workspace.profiles
    profile = choose_profile(source, request.profile, request.kind, saved)
    kind = request.kind or (profile.kind if profile is not None else "demand")
    if profile is not None and profile.kind != kind:
        raise InvalidInput(f"profile {profile.name} is of {profile.kind}, not of {kind}")
    plant = plant_of(books)
    wanted = _wanted(books, plant, request, kind, profile)
    with _drafts(books) as drafts:
        try:
            checked = check_source(source, wanted, drafts, report=report)
        except OSError as error:
            raise _no_room(books, error) from error
        if _state(request.file) != before:
            raise InvalidInput(
                f"{request.file.name} was changed while it was read, nothing was taken: import it "
                "again when nobody writes to it"
            )
        if request.problems is not None:
            checked.problems.write(request.problems)
        taken = _take(books, plant, checked, request, report)
    written = _save_profile(request, source, checked, profile, saved)
    return outcome_of(checked, taken, request, profile, written)


def read_file(
    file: Path,
    *,
    profile: str | None = None,
    columns: Mapping[str, str] | None = None,
    workspace: Path | None = None,
    **options: Any,
) -> pl.DataFrame:
    """What an import of consumption would store: a demand frame, in memory; nothing is taken.

    Rows with mistakes are left out, unless ``on_error="stop"`` is said.

    Args:
        file: The file.
        profile: Name, TOML file or ``none``; None = recognised from the header.
        columns: Our column to theirs.
        workspace: Whose saved profiles are known too.
        options: Of ``ImportOptions``.

    Raises:
        InvalidInput: The file is broken or holds no consumption.
        ImportErrors: No row of it can be used.
    """
    source, found = source_of(file, profile, workspace)
    kind = "demand" if found is None else found.kind
    said = Said(columns=columns or {}, options={"on_error": "skip", **options})
    wanted = Wanted(kind=kind, said=said, profile=found, keep_problems=False)
    return check_source(source, wanted).or_raise().frame


def source_of(
    file: Path, profile: str | None = None, workspace: Path | None = None
) -> tuple[Source, Profile | None]:
    """A file of consumption, opened, and the profile that fits it; as for ``read_file``.

    Raises:
        InvalidInput: The file is broken, holds no consumption, or two profiles fit it.
    """
    source = open_table(file)
    saved = None if workspace is None else open_workspace(workspace).profiles
    found = choose_profile(source, profile, None, saved)
    if found is not None and found.kind not in HISTORIES:
        raise InvalidInput(f"{file.name} holds {found.kind}, not consumption")
    return source, found


def profiles(folder: Path | None = None) -> tuple[Profile, ...]:
    """The layouts that are recognised: those saved in a workspace first, then the shipped ones.

    Args:
        folder: The workspace; without one there, only the shipped ones.

    Raises:
        InvalidInput: A saved profile is none.
    """
    try:
        saved = None if folder is None else open_workspace(folder).profiles
    except NotFound:
        saved = None
    return known_profiles(saved)


def profile_rows(folder: Path | None = None) -> list[dict[str, Any]]:
    """``profiles`` as JSON."""
    return [
        {
            "name": each.name,
            "title": each.title,
            "kind": each.kind,
            "about": each.about,
            "columns": each.wants(),
            "saved": each.own,
        }
        for each in profiles(folder)
    ]


def _wanted(
    books: Books, plant: Plant | None, request: ImportRequest, kind: str, profile: Profile | None
) -> Wanted:
    known = {}
    if plant is not None and (plant.plant_id != PLANT_ID or kind == "stock"):
        known = {"location_id": plant.location_by_id.keys(), "part_id": plant.part_by_id.keys()}
    return Wanted(
        kind=kind,
        said=request.said(),
        profile=profile,
        known=known,
        today=books.wall_clock().date(),
        shift_start=None if plant is None else shift_start_in(plant),
        starts_shift=(
            None if plant is None or plant.plant_id == PLANT_ID else starts_shift_in(plant)
        ),
        keep_problems=request.problems is not None,
    )


def _take(
    books: Books, plant: Plant | None, checked: Checked, request: ImportRequest, report: Report
) -> Taken:
    if not checked.accepted:
        return Taken()
    report(0.8, "writing")
    if checked.kind.name in HISTORIES:
        return take_history(books, plant, checked, request, report)
    if checked.kind.name == "stock":
        return take_stock(books, plant, checked, request)
    return take_table(books, checked, request)


def _state(file: Path) -> tuple[int, ...] | None:
    """What differs once somebody has written to a file, or put another in its place."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _save_profile(
    request: ImportRequest,
    source: Source,
    checked: Checked,
    profile: Profile | None,
    folder: Path,
) -> Path | None:
    """Only what could be read is worth remembering; mistakes in cells do not count."""
    if request.save_profile is None or not checked.mapping:
        return None
    made = profile_of(request.save_profile, source.columns, checked, profile, request.said())
    return write_profile(replace(made, own=True), folder)


@contextmanager
def _drafts(books: Books) -> Iterator[Path]:
    """A folder for what is put aside, gone at the end; what a killed import left goes first."""
    home = books.workspace.folder
    now = books.wall_clock().timestamp()
    for left in home.glob(f"{_DRAFTS}*"):
        if now - left.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    try:
        folder = tempfile.TemporaryDirectory(prefix=_DRAFTS, dir=home, ignore_cleanup_errors=True)
    except OSError as error:
        raise _no_room(books, error) from error
    with folder as name:
        yield Path(name)


def _no_room(books: Books, error: OSError) -> StoreError:
    return StoreError(
        f"{books.workspace.folder} cannot hold what an import puts aside meanwhile: {error}; make "
        "room, about as much as the file is large"
    )
