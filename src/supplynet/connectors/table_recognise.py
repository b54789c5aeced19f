"""Which known layout a file has: its header tells, and where that is not enough, first cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from supplynet.connectors.table_cells import as_text
from supplynet.connectors.table_mapping import plain_name
from supplynet.connectors.table_profile import (
    Profile,
    find_column,
    read_profile,
    saved_profiles,
    shipped_profiles,
)
from supplynet.connectors.table_source import ReadAgain, Source
from supplynet.errors import InvalidInput, NotFound

LOOKED_AT = 100
"""Rows whose cells are looked at."""
NONE = "none"
"""What ``--profile`` says to have none."""


def known_profiles(folder: Path | None) -> tuple[Profile, ...]:
    """Every profile there is: those in ``folder`` first, then the shipped ones.

    Raises:
        InvalidInput: A file in ``folder`` is no profile.
    """
    saved = () if folder is None else saved_profiles(folder)
    names = {profile.name for profile in saved}
    return (*saved, *(each for each in shipped_profiles() if each.name not in names))


def choose_profile(
    source: Source, choice: str | None, kind: str | None, folder: Path | None
) -> Profile | None:
    """The profile that was asked for, or else the one that the file is recognised as.

    Args:
        source: The file.
        choice: A name, a TOML file, ``none``, or None to recognise it.
        kind: Only profiles of this kind are recognised; None = of any.
        folder: The workspace's own profiles; they come before the shipped ones.

    Raises:
        NotFound: No profile has that name.
        InvalidInput: Two profiles fit.
    """
    if choice == NONE:
        return None
    if choice is not None and choice.endswith(".toml"):
        return read_profile(Path(choice))
    known = known_profiles(folder)
    if choice is not None:
        for profile in known:
            if profile.name == choice:
                return profile
        names = ", ".join(profile.name for profile in known)
        raise NotFound("profile", choice, f"there are {names}, and none")
    fitting = [profile for profile in known if kind in {None, profile.kind}]
    fitting = [profile for profile in fitting if _fits_header(profile, source.columns)]
    fitting = _fitting_cells(fitting, source)
    fitting = [profile for profile in fitting if profile.own] or fitting
    if len(fitting) > 1:
        names = " and ".join(f"{profile.title} ({profile.name})" for profile in fitting)
        raise InvalidInput(f"{source.name} may be {names}: say which with --profile NAME")
    return fitting[0] if fitting else None


def _fits_header(profile: Profile, columns: Sequence[str]) -> bool:
    by_name = {plain_name(column): column for column in columns}
    wants = profile.recognise
    if not wants.required and wants.pattern is None:
        return False
    if any(find_column(by_name, names) is None for names in wants.required):
        return False
    if any(find_column(by_name, (name,)) is not None for name in wants.forbidden):
        return False
    pattern = wants.pattern
    return pattern is None or any(re.fullmatch(pattern, column.strip()) for column in columns)


def _fitting_cells(profiles: Sequence[Profile], source: Source) -> list[Profile]:
    if not any(profile.recognise.cells for profile in profiles):
        return list(profiles)
    first = _first_rows(source)
    by_name = {plain_name(column): column for column in first.columns}
    return [profile for profile in profiles if _fits_cells(profile, first, by_name)]


def _fits_cells(profile: Profile, first: pl.DataFrame, by_name: dict[str, str]) -> bool:
    for name, pattern in profile.recognise.cells.items():
        column = find_column(by_name, (name,))
        if column is None:
            continue
        text = as_text(first[column]).drop_nulls()
        if not len(text) or not text.str.contains(f"^(?:{pattern})$").all():
            return False
    return True


def _first_rows(source: Source) -> pl.DataFrame:
    try:
        for batch in source.batches():
            return batch.frame.head(LOOKED_AT)
    except ReadAgain:
        return _first_rows(source)
    return pl.DataFrame()
