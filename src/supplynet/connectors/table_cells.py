"""Reading the cells of a column, all at once: each becomes a value or a named problem.

A column has far fewer different texts than rows, so texts are read once and joined back. Digits are
written ``[0-9]`` in patterns, since digits of other scripts are digits too, but no numbers to us.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

import polars as pl

from supplynet.connectors.table_options import ImportOptions

EMPTY = ("", "na", "n/a", "nan", "null", "none", "#n/a", "nat")
MINUS = "\N{MINUS SIGN}"  # what word processors write for a hyphen
LARGEST = 2**31 - 1  # quantities are int32 in the decision arrays
FIRST_DAY = date(1970, 1, 1)
EXCEL_EPOCH = date(1899, 12, 30)
LEGAL_ID = r"^[A-Za-z0-9._-]{1,64}$"
_ILLEGAL = r"[^A-Za-z0-9._-]"
_GAP = "\x1f"  # between the pieces of an id while they are compared; no id can contain it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """One column, read. All series have one entry per row of the table.

    Attributes:
        column: The table's name of it.
        text: What the cells say, trimmed; null when empty.
        value: What they mean; null where there is a problem.
        problem: Name of the problem, see ``table_import``; null where there is none.
    """

    column: str
    text: pl.Series
    value: pl.Series
    problem: pl.Series


def as_text(column: pl.Series) -> pl.Series:
    """Any column as trimmed text, empty cells as null; whole floats without their ``.0``."""
    if column.dtype.is_float():
        column = column.fill_nan(None)
        whole = column.cast(pl.Int64, strict=False)
        if (whole.cast(column.dtype) == column).all():
            column = whole
    text = column.cast(pl.String).str.strip_chars()
    return text.set(text.str.to_lowercase().is_in(EMPTY).fill_null(False), None)


def read_quantities(column: pl.Series, options: ImportOptions) -> Cells:
    """Whole numbers; see ``ImportOptions`` for brackets, minus signs and thousands."""
    return _read(column, lambda text: _quantities(text, options))


def read_days(column: pl.Series, options: ImportOptions, today: date | None) -> Cells:
    """Calendar days; a clock time behind one is left off.

    Read are ``2024-02-01``, ``20240201``, ``1.2.2024``, and ``1/2/2024`` where its order is told
    or beyond doubt.
    """
    return _read(column, lambda text: _days(text, options.date_order, today))


def read_moments(column: pl.Series, options: ImportOptions) -> Cells:
    """Moments in UTC from ISO 8601 text; without a zone they are in ``options.time_zone``."""

    def moments(text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        aware = text.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
        shapes = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")
        naive = [text.str.to_datetime(shape, time_unit="us", strict=False) for shape in shapes]
        day = text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
        local = pl.coalesce(*naive, day).dt.replace_time_zone(
            options.time_zone, ambiguous="earliest", non_existent="null"
        )
        value = pl.coalesce(aware, local.dt.convert_time_zone("UTC"))
        return value, pl.when(value.is_null()).then(pl.lit("bad_time"))

    read = _read(column, moments)
    # Nobody has to say when stock was counted.
    problem = read.problem.set(read.text.is_null(), None)
    return Cells(column=read.column, text=read.text, value=read.value, problem=problem)


def read_ids(
    columns: list[pl.Series], options: ImportOptions, known: Collection[str] | None
) -> list[Cells]:
    """Ids of one column, or of several joined by ``.``; the last ``Cells`` hold the whole ids."""

    def piece(text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        value = text.str.replace_all(_ILLEGAL, "-") if options.clean_ids else text
        return value, pl.when(~value.str.contains(LEGAL_ID)).then(pl.lit("bad_id"))

    pieces = [_read(column, piece) for column in columns]
    if len(pieces) == 1 and known is None and not options.clean_ids:
        return pieces
    whole = _joined([each.value for each in pieces], ".")
    raw = _joined([each.text for each in pieces], _GAP)
    problem = pl.Series([None], dtype=pl.String).new_from_index(0, len(whole))
    if known is not None:
        problem = problem.set(~whole.is_in(pl.Series(list(known), dtype=pl.String)), "unknown_id")
    problem = problem.set(_collides(raw, whole, len(pieces)), "id_collision")
    problem = problem.set((whole.str.len_chars() > 64).fill_null(False), "long_id")
    problem = problem.set(whole.is_null(), None)  # its pieces say what is wrong
    name = "+".join(each.column for each in pieces)
    text = raw.str.replace_all(_GAP, "+", literal=True)
    return [*pieces, Cells(column=name, text=text, value=whole, problem=problem)]


def _read(column: pl.Series, rule: Callable[[pl.Expr], tuple[pl.Expr, pl.Expr]]) -> Cells:
    """Apply ``rule`` (text to value and problem) to each different cell of ``column``."""
    raw = (column.fill_nan(None) if column.dtype.is_float() else column).alias("raw")
    known = raw.unique().to_frame()
    known = known.with_columns(as_text(known["raw"]).alias("text"))
    value, problem = rule(pl.col("text"))
    wrong = pl.when(pl.col("text").is_null()).then(pl.lit("missing")).otherwise("problem")
    read = (
        known.with_columns(value.alias("value"))
        .with_columns(problem.alias("problem"))
        .with_columns(wrong.alias("problem"))
        .with_columns(pl.when(pl.col("problem").is_null()).then("value").alias("value"))
    )
    rows = raw.to_frame().join(read, on="raw", how="left", nulls_equal=True, maintain_order="left")
    return Cells(
        column=column.name, text=rows["text"], value=rows["value"], problem=rows["problem"]
    )


def _quantities(text: pl.Expr, options: ImportOptions) -> tuple[pl.Expr, pl.Expr]:
    bracketed = text.str.contains(r"^\([^()-]*\)$")
    negative = text.str.contains(f"^[-{MINUS}]|-$") & ~bracketed
    body = text.str.strip_chars(f"()-+{MINUS} ")
    whole = r"^[0-9]+(?:[.,](?:0|00|0{4,})?)?$"
    grouped = pl.lit(False)
    if options.thousands is None:
        grouped = body.str.contains("^[0-9]{1,3}(?:[.,' \u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?$")
    else:
        point = "," if options.thousands == "." else "."
        mark = "[ \u00a0\u202f]" if options.thousands == " " else f"[{options.thousands}]"
        proper = body.str.contains(rf"^[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:[{point}][0-9]*)?$")
        body = pl.when(proper).then(body.str.replace_all(mark, "")).otherwise(body)
        whole = rf"^[0-9]+(?:[{point}]0*)?$"
    number = body.str.extract(r"^([0-9]+)", 1).cast(pl.Int64, strict=False)
    minus = negative | (bracketed & pl.lit(options.brackets == "negative"))
    value = pl.when(minus).then(-number).otherwise(number)
    looks = text.str.contains(rf"^[-+{MINUS}]?\s*[^-+{MINUS}()]+-?$")
    problem = (
        pl.when(~(looks | bracketed))
        .then(pl.lit("not_a_number"))
        .when(grouped)
        .then(pl.lit("thousands"))
        .when(body.str.contains(r"^[0-9]*[.,][0-9]+$") & ~body.str.contains(whole))
        .then(pl.lit("fraction"))
        .when(~body.str.contains(whole))
        .then(pl.lit("not_a_number"))
        .when(number.is_null() | (number > LARGEST))
        .then(pl.lit("too_large"))
        .when(bracketed & pl.lit(options.brackets == "error"))
        .then(pl.lit("bracketed"))
        .when(negative & (number > 0) & pl.lit(options.negatives == "error"))
        .then(pl.lit("negative"))
    )
    return value, problem


def _days(text: pl.Expr, order: str | None, today: date | None) -> tuple[pl.Expr, pl.Expr]:
    clock = r"(?:[T ][0-9].*)?$"
    iso = _day(text, r"^(?<y>[0-9]{4})[-/.](?<m>[0-9]{1,2})[-/.](?<d>[0-9]{1,2})" + clock)
    compact = _day(text, r"^(?<y>[0-9]{4})(?<m>[0-9]{2})(?<d>[0-9]{2})$")
    dotted = _day(text, r"^(?<d>[0-9]{1,2})\.(?<m>[0-9]{1,2})\.(?<y>[0-9]{4})" + clock)
    slashed = r"^([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})"
    first, second = (text.str.extract(slashed, group).cast(pl.Int8) for group in (1, 2))
    dmy = _day(text, r"^(?<d>[0-9]{1,2})[/-](?<m>[0-9]{1,2})[/-](?<y>[0-9]{4})" + clock)
    mdy = _day(text, r"^(?<m>[0-9]{1,2})[/-](?<d>[0-9]{1,2})[/-](?<y>[0-9]{4})" + clock)
    day_first, month_first = (first > 12) & (second <= 12), (second > 12) & (first <= 12)
    both = day_first.any() & month_first.any()
    if order is None:
        doubtful = first.is_not_null() & ((first <= 12) & (second <= 12) | both)
        doubtful &= (first != second) | both
        spoken = pl.when(day_first).then(dmy).otherwise(mdy)
    else:
        doubtful = pl.lit(False)
        spoken = dmy if order == "dmy" else mdy
    value = pl.coalesce(iso, compact, dotted, spoken)
    problem = (
        pl.when(doubtful)
        .then(pl.lit("ambiguous_date"))
        .when(text.str.contains(r"^[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2}$"))
        .then(pl.lit("short_year"))
        .when(text.str.contains(r"^[0-9]{5}(?:\.0)?$"))
        .then(pl.lit("serial_date"))
        .when(value.is_null())
        .then(pl.lit("bad_date"))
        .when(value < FIRST_DAY)
        .then(pl.lit("old_date"))
        .when(value > today if today is not None else pl.lit(False))
        .then(pl.lit("future_date"))
    )
    return value, problem


def _day(text: pl.Expr, pattern: str) -> pl.Expr:
    """The day that ``pattern`` finds in groups y, m, d; null where there is no such day."""
    groups = text.str.extract_groups(pattern).struct
    digits = [groups.field(name).str.zfill(4 if name == "y" else 2) for name in "ymd"]
    return pl.concat_str(digits, separator="-").str.to_date("%Y-%m-%d", strict=False)


def _joined(pieces: list[pl.Series], separator: str) -> pl.Series:
    if len(pieces) == 1:
        return pieces[0]
    return pl.select(pl.concat_str([pl.lit(p) for p in pieces], separator=separator)).to_series()


def _collides(raw: pl.Series, whole: pl.Series, pieces: int) -> pl.Series:
    """Rows whose id was made from something else than the same id of another row.

    An id that needed no cleaning keeps its rows; composed ids are all refused.
    """
    pairs = pl.DataFrame({"raw": raw, "whole": whole}).unique().drop_nulls()
    twice = pairs.filter(pl.col("whole").is_duplicated())
    if pieces == 1:
        twice = twice.filter(pl.col("raw") != pl.col("whole"))
    return raw.is_in(twice["raw"].implode()).fill_null(False)
