"""A profile on one file: which columns it found there, and what is done with each batch of rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from supplynet.connectors.table_cells import MINUS, as_text
from supplynet.connectors.table_kinds import DEMAND, Kind
from supplynet.connectors.table_mapping import plain_name
from supplynet.connectors.table_profile import Numbered, Profile, Rule, find_column
from supplynet.errors import InvalidInput

ROW = "\x1frow"
"""Column with the position of a row in its source."""
CELL = "\x1fcell"
"""Column of a wide table that was made long: the name of the column where the cell stood."""
DAY, VALUE = "day of the column", "cell"
MOST_CELLS = 1_000_000
_ANY_SIGN = f"()+-{MINUS} "


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person says of a file; wins over every profile.

    Attributes:
        columns: Our column to theirs.
        constants: Our column to one value for all rows.
        where: Their column to the values whose rows are taken.
        options: Of ``ImportOptions``, only those that were said.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What is done with the rows of one file. Made by ``lay_out``.

    Attributes:
        columns: Names that the rows have when it is done.
        mapping: Our column to one of these.
        constants: Column that is added to its value.
        keep: Column to the values whose rows are taken.
        leave_out, minus, plus: As in ``Profile``, with one column each.
        days: As in ``Profile``, with the real column.
        wide: Columns that hold one day each.
        quantity: Column whose sign is turned.
    """

    columns: tuple[str, ...]
    mapping: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leave_out: tuple[Rule, ...] = ()
    minus: tuple[Rule, ...] = ()
    plus: tuple[Rule, ...] = ()
    days: Numbered | None = None
    wide: tuple[str, ...] = ()
    quantity: str | None = None

    def slices(self, frame: pl.DataFrame) -> list[pl.DataFrame]:
        """Pieces of a batch small enough to be made long."""
        if not self.wide:
            return [frame]
        rows = max(1, MOST_CELLS // len(self.wide))
        return list(frame.iter_slices(rows))

    def apply(self, frame: pl.DataFrame, tally: dict[str, int]) -> pl.DataFrame:
        """The rows that are taken, as they are to be read; ``tally`` counts what was done."""
        for column, values in self.keep.items():
            right = as_text(frame[column]).is_in(list(values)).fill_null(False)
            says = f"rows whose {column} is not {' or '.join(values)} were left out"
            frame = _without(frame, ~right, says, tally)
        for rule in self.leave_out:
            frame = _without(frame, _matching(frame, rule), rule.says, tally)
        for rule in self.minus:
            frame = self._turn(frame, rule, "-", tally)
        for rule in self.plus:
            frame = self._turn(frame, rule, "", tally)
        if self.days is not None:
            frame = self._long(frame) if self.wide else self._dated(frame)
        return frame.with_columns(
            pl.lit(value).alias(column) for column, value in self.constants.items()
        )

    def _turn(
        self, frame: pl.DataFrame, rule: Rule, sign: str, tally: dict[str, int]
    ) -> pl.DataFrame:
        if self.quantity is None:
            return frame
        hits = _matching(frame, rule)
        _count(tally, rule.says, int(hits.sum()))
        text = as_text(frame[self.quantity])
        turned = pl.select(pl.lit(sign) + pl.lit(text).str.strip_chars(_ANY_SIGN)).to_series()
        return frame.with_columns(turned.zip_with(hits, text).alias(self.quantity))

    def _long(self, frame: pl.DataFrame) -> pl.DataFrame:
        assert self.days is not None
        stays = [column for column in frame.columns if column not in set(self.wide)]
        long = frame.unpivot(self.wide, index=stays, variable_name=CELL, value_name=VALUE)
        days = dict(zip(self.wide, _days_of(self.wide, self.days), strict=True))
        return long.with_columns(pl.col(CELL).replace_strict(days, return_dtype=pl.Date).alias(DAY))

    def _dated(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Numbers of days as dates; what is no number stays, to be named as a mistake."""
        assert self.days is not None
        assert self.days.column is not None
        text = as_text(frame[self.days.column])
        said = text.unique().drop_nulls().to_list()
        days = zip(said, _days_of(said, self.days), strict=True)
        known = {each: day.isoformat() for each, day in days if day is not None}
        return frame.with_columns(text.replace(known).alias(self.days.column))


def lay_out(columns: Sequence[str], profile: Profile | None, said: Said, kind: Kind) -> Layout:
    """Find the columns of a profile in a header; what is ``said`` wins.

    Raises:
        InvalidInput: ``said`` names a column that is not there.
    """
    by_name = {plain_name(column): column for column in reversed(columns)}
    mapping = {} if profile is None else _found(profile, by_name)
    keep = dict(profile.keep) if profile is not None else {}
    keep = {
        column: values
        for names, values in keep.items()
        if (column := find_column(by_name, (names,))) is not None
    }
    for name, values in said.where.items():
        asked = find_column(by_name, (name,))
        if asked is None:
            raise InvalidInput(f"the file has no column {name!r}; it has {_shown(columns)}")
        keep[asked] = tuple(values)
    constants = {**({} if profile is None else profile.constants), **said.constants}
    for ours in constants:
        if ours not in kind.names:
            raise InvalidInput(f"{kind.name} has no column {ours!r}; it has {_shown(kind.names)}")
    constants = {ours: value for ours, value in constants.items() if ours not in said.columns}
    mapping = {ours: theirs for ours, theirs in mapping.items() if ours not in constants}
    days, wide = _days(profile, columns, by_name)
    if wide:
        mapping |= {"date": DAY, "quantity": VALUE}
        columns = [*(column for column in columns if column not in set(wide)), DAY, VALUE]
    elif days is not None and days.column is not None:
        mapping["date"] = days.column
    added = {f"{ours} (given)": value for ours, value in constants.items()}
    mapping |= {ours: f"{ours} (given)" for ours in constants} | dict(said.columns)
    return Layout(
        columns=(*columns, *added),
        mapping=mapping,
        constants=added,
        keep=keep,
        leave_out=_bound(profile.leave_out if profile else (), by_name),
        minus=_bound(profile.minus if profile else (), by_name),
        plus=_bound(profile.plus if profile else (), by_name),
        days=days,
        wide=wide,
        quantity=mapping.get(DEMAND.amount) if kind is DEMAND else None,
    )


def _found(profile: Profile, by_name: Mapping[str, str]) -> dict[str, str]:
    """Our columns to those of the file that the profile names first."""
    mapping = {}
    for ours, choices in profile.columns.items():
        for choice in choices:
            pieces = [find_column(by_name, (piece,)) for piece in choice.split("+")]
            if None not in pieces:
                mapping[ours] = "+".join(piece for piece in pieces if piece is not None)
                break
    return mapping


def _days(
    profile: Profile | None, columns: Sequence[str], by_name: Mapping[str, str]
) -> tuple[Numbered | None, tuple[str, ...]]:
    """The numbered days that this file has, and its columns of one day each."""
    days = None if profile is None else profile.days
    if days is None:
        return None, ()
    if days.column is None:
        dated = zip(columns, _days_of(columns, days), strict=True)
        wide = tuple(column for column, day in dated if day is not None)
        return (days, wide) if wide else (None, ())
    column = find_column(by_name, (days.column,))
    if column is None:
        return None, ()
    return Numbered(pattern=days.pattern, day_one=days.day_one, column=column), ()


def _days_of(texts: Sequence[str], days: Numbered) -> list[date | None]:
    """The days that texts like ``d_1`` say; None where one says none."""
    numbers = [re.fullmatch(days.pattern, text.strip()) for text in texts]
    last = (date.max - days.day_one).days
    return [
        days.day_one + timedelta(days=int(found[1]) - 1)
        if found is not None and int(found[1]) <= last
        else None
        for found in numbers
    ]


def _bound(rules: Sequence[Rule], by_name: Mapping[str, str]) -> tuple[Rule, ...]:
    """The rules whose column is there."""
    found = [(rule, find_column(by_name, rule.column)) for rule in rules]
    return tuple(
        Rule(column=(column,), matches=rule.matches, says=rule.says)
        for rule, column in found
        if column is not None
    )


def _matching(frame: pl.DataFrame, rule: Rule) -> pl.Series:
    text = as_text(frame[rule.column[0]])
    return text.str.contains(f"^(?:{rule.matches})$").fill_null(False)


def _without(
    frame: pl.DataFrame, wrong: pl.Series, says: str, tally: dict[str, int]
) -> pl.DataFrame:
    _count(tally, says, int(wrong.sum()))
    return frame.filter(~wrong) if wrong.any() else frame


def _count(tally: dict[str, int], says: str, count: int) -> None:
    tally[says] = tally.get(says, 0) + count


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" * (len(names) > 20))
