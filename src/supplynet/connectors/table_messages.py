"""What an import says about each kind of mistake: what is wrong, and what would be right."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from difflib import get_close_matches

from supplynet.connectors.table_cells import LARGEST
from supplynet.connectors.table_days import EXCEL_EPOCH, FIRST_DAY

MOST_CHARACTERS = 80
SAYS: dict[str, tuple[str, str]] = {
    "missing": ("is empty", "fill it in, or remove the row"),
    "not_a_number": ("{cell!r} is not a number", "write a whole number without a unit, like 12"),
    "fraction": (
        "{cell!r} is not a whole number",
        "count in a smaller unit, or choose fractions='round': quantities are whole numbers",
    ),
    "thousands": (
        "{cell!r} may have a separator of thousands or a decimal point",
        "write {plain} if that is meant, or choose thousands=',' or thousands='.'",
    ),
    "too_large": ("{cell!r} is too large", f"a quantity is at most {LARGEST:,}"),
    "negative": (
        "{cell!r} is below 0",
        "correct it, or choose negatives='return' to take it off its day as a return",
    ),
    "bracketed": (
        "{cell!r} is in brackets, in accounting that is -{inner}",
        "choose brackets='negative' to take it off its day, or 'positive' to read {inner}",
    ),
    "below_zero": ("{cell!r} is below 0", "write a number of 0 or more"),
    "bad_date": ("{cell!r} is not a date", "write the day as 2024-02-29"),
    "short_year": ("{cell!r} has a year of two digits", "write the day as 2024-02-29"),
    "serial_date": (
        "{cell!r} is a number, not a date",
        "if it is Excel's, it is {serial}: format the column as a date, or write it so",
    ),
    "ambiguous_date": (
        "{cell!r} may start with the day or with the month",
        "choose date_order='dmy' or date_order='mdy', or write the day as 2024-02-29",
    ),
    "old_date": (f"{{cell!r}} is before {FIRST_DAY}", "correct the year"),
    "future_date": ("{cell!r} is in the future", "correct the date, or leave the row out"),
    "bad_time": ("{cell!r} is not a time", "write 2026-01-05T21:58:00Z or 2026-01-05 21:58"),
    "bad_id": (
        "{cell!r} is not an id",
        "use 1 to 64 of the characters A-Z a-z 0-9 . _ - or choose clean_ids",
    ),
    "no_shift": (
        "no shift of that place starts at {cell!r}",
        "write when its shift starts, or choose time_zone='...' if the clock is another one",
    ),
    "long_id": ("{cell!r} makes an id of more than 64 characters", "shorten it"),
    "id_collision": (
        "{cell!r} becomes {value!r}, and so does another id",
        "rename one of them in the file",
    ),
    "unknown_id": ("{cell!r} is not known", "{near}add it to the plant, or correct it"),
    "duplicate": (
        "the row repeats row {earlier}",
        "remove it, or choose duplicates='sum' to count both or duplicates='drop' to count one",
    ),
    "bad_shift": (
        "there is no shift {cell!r} on {value}",
        "write the name that the site's calendar has, or the moment in period_start",
    ),
    "no_period": ("says no period", "fill in period_start, or date and shift"),
    "ragged": (
        "the row has {cell} cells, more than the header",
        "put cells that contain the delimiter in double quotes",
    ),
    "empty_file": ("has no rows", "export it again, with a header and at least one row"),
    "missing_column": ("", ""),
}
"""Kinds of mistakes, the keys of ``Checked.counts``. Columns that are missing say it themselves."""
_OPEN_QUOTE = (
    "{cell!r} goes over several lines",
    "close the double quote that is opened before it, or write it twice inside a cell",
)


def explain(
    kind: str,
    cell: str,
    *,
    value: str = "",
    earlier: int | str | None = None,
    known: Collection[str] | None = None,
) -> tuple[str, str]:
    """The two sentences about one mistake.

    Args:
        kind: Key of ``SAYS``.
        cell: What the cell says.
        value: What an id became.
        earlier: The row that a duplicate repeats.
        known: The ids that there are, for a suggestion.
    """
    open_quote = kind == "bad_id" and "\n" in cell
    cell, value = _short(cell), _short(value)
    near = get_close_matches(cell, known, n=1) if kind == "unknown_id" and known else []
    details = {
        "cell": cell,
        "value": value,
        "earlier": earlier,
        "inner": cell.strip("() "),
        "plain": "".join(c for c in cell if c.isdigit()),
        "serial": _excel_day(cell) if kind == "serial_date" else "",
        "near": f"did you mean {near[0]}? else " if near else "",
    }
    wrong, right = _OPEN_QUOTE if open_quote else SAYS[kind]
    return wrong.format(**details), right.format(**details)


def _short(cell: str) -> str:
    """As much of a cell as a message can hold."""
    return cell if len(cell) <= MOST_CHARACTERS else cell[: MOST_CHARACTERS - 3] + "..."


def _excel_day(cell: str) -> str:
    return str(EXCEL_EPOCH + timedelta(days=int(float(cell))))
