"""Reading the cells of a column, all at once: each becomes a value or a named problem.

A column has far fewer different texts than rows, so texts are read once and joined back. Digits are
written ``[0-9]`` in patterns, since digits of other scripts are digits too, but no numbers to us.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from supplynet.connectors.table_options import ImportOptions

EMPTY = ("", "na", "n/a", "nan", "null", "none", "#n/a", "nat")
MINUS = "\N{MINUS SIGN}"  # what word processors write for a hyphen
LARGEST = 2**31 - 1  # quantities are int32 in the decision arrays
FRACTION = r"[.,][0-9]*[1-9]"
Rule = Callable[[pl.Expr], tuple[pl.Expr, pl.Expr]]
"""From text to its value and the name of its problem, null where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """One column, read. All series have one entry per row of the table.

    Attributes:
        column: The table's name of it.
        text: What the cells say, trimmed; null when empty.
        value: What they mean; null where there is a problem.
        problem: Name of the problem, see ``table_messages``; null where there is none.
    """

    column: str
    text: pl.Series
    value: pl.Series
    problem: pl.Series


def as_text(column: pl.Series) -> pl.Series:
    """Any column as trimmed text, empty cells as null; whole floats without their ``.0``."""
    text = column.cast(pl.String)
    if column.dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        exact = (whole.cast(column.dtype) == column).fill_null(False)
        text = whole.cast(pl.String).zip_with(exact, text)
    elif column.dtype.is_decimal():
        text = text.str.replace(r"\.0*$", "")
    text = text.str.strip_chars()
    return text.set(text.str.to_lowercase().is_in(EMPTY).fill_null(False), None)


def read_cells(column: pl.Series, rule: Rule, *, optional: bool = False) -> Cells:
    """Apply ``rule`` to each different cell of ``column``; ``optional`` cells may be empty."""
    # NaN is not equal to itself where texts are joined back.
    raw = (column.fill_nan(None) if column.dtype.is_float() else column).alias("raw")
    known = raw.unique().to_frame()
    known = known.with_columns(as_text(known["raw"]).alias("text"))
    value, problem = rule(pl.col("text"))
    empty = pl.lit(None if optional else "missing", dtype=pl.String)
    wrong = pl.when(pl.col("text").is_null()).then(empty).otherwise("problem")
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


def quantity_rule(text: pl.Expr, options: ImportOptions) -> tuple[pl.Expr, pl.Expr]:
    """Whole numbers; see ``ImportOptions`` for brackets, minus signs, thousands, fractions."""
    bracketed = text.str.contains(r"^\([^()-]*\)$")
    negative = text.str.contains(f"^[-{MINUS}]|-$") & ~bracketed
    body = text.str.strip_chars(f"()-+{MINUS} ")
    body, whole, grouped = _grouping(body, options.thousands)
    number = body.str.extract(r"^([0-9]+)", 1).cast(pl.Int64, strict=False)
    fraction = body.str.contains(r"^[0-9]*[.,][0-9]+$") & ~body.str.contains(whole)
    if options.fractions == "round":
        exact = body.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        number = pl.when(fraction).then((exact + 0.5).floor().cast(pl.Int64)).otherwise(number)
    minus = negative | (bracketed & pl.lit(options.brackets == "negative"))
    looks = text.str.contains(rf"^[-+{MINUS}]?\s*[^-+{MINUS}()]+-?$")
    problem = (
        pl.when(~(looks | bracketed))
        .then(pl.lit("not_a_number"))
        .when(grouped)
        .then(pl.lit("thousands"))
        .when(fraction & pl.lit(options.fractions == "error"))
        .then(pl.lit("fraction"))
        .when(~body.str.contains(whole) & ~fraction)
        .then(pl.lit("not_a_number"))
        .when(number.is_null() | (number > LARGEST))
        .then(pl.lit("too_large"))
        .when(bracketed & pl.lit(options.brackets == "error"))
        .then(pl.lit("bracketed"))
        .when(negative & (number > 0) & pl.lit(options.negatives == "error"))
        .then(pl.lit("negative"))
    )
    return pl.when(minus).then(-number).otherwise(number), problem


def number_rule(text: pl.Expr, options: ImportOptions) -> tuple[pl.Expr, pl.Expr]:
    """Numbers with or without a fraction, 0 or more."""
    body, _, grouped = _grouping(text.str.strip_prefix("+"), options.thousands)
    plain = body.str.contains(r"^[0-9]+(?:[.,][0-9]*)?$|^[.,][0-9]+$")
    number = body.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    # A fraction of three digits may as well be thousands; where it may have any, both are meant.
    sure = pl.lit(options.thousands is not None) | ~body.str.contains(r",")
    problem = (
        pl.when(grouped & ~sure)
        .then(pl.lit("thousands"))
        .when(text.str.contains(f"^[-{MINUS}]"))
        .then(pl.lit("below_zero"))
        .when(~plain)
        .then(pl.lit("not_a_number"))
    )
    return number, problem


def _grouping(body: pl.Expr, thousands: str | None) -> tuple[pl.Expr, str, pl.Expr]:
    """Digits without separators, the pattern of a whole number, and where that is doubtful."""
    if thousands is None:
        grouped = body.str.contains("^[0-9]{1,3}(?:[.,' \u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?$")
        return body, r"^[0-9]+(?:[.,](?:0|00|0{4,})?)?$", grouped
    point = "," if thousands == "." else "."
    mark = "[ \u00a0\u202f]" if thousands == " " else f"[{thousands}]"
    proper = body.str.contains(rf"^[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:[{point}][0-9]*)?$")
    body = pl.when(proper).then(body.str.replace_all(mark, "")).otherwise(body)
    return body, rf"^[0-9]+(?:[{point}]0*)?$", pl.lit(False)
