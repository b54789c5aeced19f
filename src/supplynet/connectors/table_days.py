"""Reading days and moments, whose order (``01/02/2024``) only the whole column can tell."""

from __future__ import annotations

from datetime import date

import polars as pl

from supplynet.connectors.table_cells import Cells, read_cells
from supplynet.connectors.table_options import ImportOptions

FIRST_DAY = date(1970, 1, 1)
EXCEL_EPOCH = date(1899, 12, 30)
_SLASHED = r"^([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})"
_BEHIND = r"(?:[T ][0-9].*)?$"
_NO_SECONDS = r"([T ][0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:?[0-9]{2})$"
_CLOCK = (
    r"[T ](?<h>[0-9]{1,2}):(?<m>[0-9]{2})(?::(?<s>[0-9]{2})(?:\.(?<f>[0-9]{1,9}))?)?"
    r"(?: ?(?<half>[AaPp])[Mm])?$"
)


class DayReader:
    """Reads calendar days; a clock time behind one is left off.

    Read are ``2024-02-01``, ``20240201``, ``1.2.2024``, and ``1/2/2024`` where its order is told
    or beyond doubt. A column that has ``13/1/2024`` and ``1/13/2024`` is doubtful throughout, and
    that may show in its last batch only: ``again`` then asks for another reading.

    Args:
        options: ``date_order`` and, for moments, ``time_zone``.
        today: Later days are problems; None leaves that out.
    """

    def __init__(self, options: ImportOptions, today: date | None, *, optional: bool) -> None:
        self._options, self._today, self._optional = options, today, optional
        self._day_first = self._month_first = self._mixed = False

    def read(self, columns: list[pl.Series]) -> list[Cells]:
        """One column of days."""
        cells = read_cells(columns[0], self._rule, optional=self._optional)
        self._learn(columns[0], cells)
        return [cells]

    def again(self) -> bool:
        """Whether what was read has to be read again, with what is known now."""
        if self._mixed or not (self._day_first and self._month_first):
            return False
        self._mixed = True
        return True

    def _rule(self, text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        return days(text, self._options.date_order, self._today, mixed=self._mixed)

    def _learn(self, column: pl.Series, cells: Cells) -> None:
        if self._options.date_order is not None or column.dtype.is_temporal():
            return
        texts = cells.text.unique()
        first, second = (
            texts.str.extract(_SLASHED, group).cast(pl.Int8).fill_null(0) for group in (1, 2)
        )
        self._day_first |= bool(((first > 12) & (second <= 12)).any())
        self._month_first |= bool(((second > 12) & (first <= 12)).any())


class MomentReader(DayReader):
    """Reads moments in UTC: ISO 8601, or a day as above with or without a clock time.

    Without a zone they are in ``options.time_zone``.
    """

    def read(self, columns: list[pl.Series]) -> list[Cells]:
        """One column of moments."""
        column = columns[0]
        if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None:
            column = column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        return super().read([column])

    def _rule(self, text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        whole = text.str.replace(_NO_SECONDS, "${1}:00${2}")
        aware = whole.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
        day, doubt = days(text, self._options.date_order, None, mixed=self._mixed)
        local = (day.cast(pl.Datetime("us")) + _clock(text)).dt.replace_time_zone(
            self._options.time_zone, ambiguous="earliest", non_existent="null"
        )
        read = pl.coalesce(aware, local.dt.convert_time_zone("UTC"))
        value = pl.when((doubt == "ambiguous_date").fill_null(False)).then(aware).otherwise(read)
        doubt = pl.when(doubt == "bad_date").then(pl.lit("bad_time")).otherwise(doubt)
        before = read < pl.lit(FIRST_DAY).cast(pl.Datetime("us", "UTC"))
        problem = (
            pl.when(value.is_null())
            .then(pl.coalesce(doubt, pl.lit("bad_time")))
            .when(before)
            .then(pl.lit("old_date"))
        )
        return value, problem


def days(
    text: pl.Expr, order: str | None, today: date | None, *, mixed: bool
) -> tuple[pl.Expr, pl.Expr]:
    """The day that a text says, and what is wrong with it; ``mixed``: both orders were seen."""
    iso = _day(text, r"^(?<y>[0-9]{4})[-/.](?<m>[0-9]{1,2})[-/.](?<d>[0-9]{1,2})" + _BEHIND)
    compact = _day(text, r"^(?<y>[0-9]{4})(?<m>[0-9]{2})(?<d>[0-9]{2})$")
    dotted = _day(text, r"^(?<d>[0-9]{1,2})\.(?<m>[0-9]{1,2})\.(?<y>[0-9]{4})" + _BEHIND)
    first, second = (text.str.extract(_SLASHED, group).cast(pl.Int8) for group in (1, 2))
    dmy = _day(text, r"^(?<d>[0-9]{1,2})[/-](?<m>[0-9]{1,2})[/-](?<y>[0-9]{4})" + _BEHIND)
    mdy = _day(text, r"^(?<m>[0-9]{1,2})[/-](?<d>[0-9]{1,2})[/-](?<y>[0-9]{4})" + _BEHIND)
    if order is None:
        doubtful = first.is_not_null() & pl.lit(mixed)
        doubtful |= (first <= 12) & (second <= 12) & (first != second)
        spoken = pl.when((first > 12) & (second <= 12)).then(dmy).otherwise(mdy)
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


def _clock(text: pl.Expr) -> pl.Expr:
    """Time since midnight; none without a clock time, null where it is none."""
    groups = text.str.extract_groups(_CLOCK).struct
    hour, minute, second = (groups.field(name).cast(pl.Int64) for name in "hms")
    half = groups.field("half").str.to_lowercase()
    hour = pl.when(half.is_null()).then(hour).otherwise(hour % 12 + 12 * (half == "p"))
    micros = groups.field("f").str.pad_end(9, "0").cast(pl.Int64) // 1000
    right = (hour < 24) & (minute < 60) & (second.fill_null(0) < 60)
    clock = pl.duration(
        hours=hour,
        minutes=minute,
        seconds=second.fill_null(0),
        microseconds=micros.fill_null(0),
        time_unit="us",
    )
    none = pl.lit(0).cast(pl.Duration("us"))
    bare = ~text.str.contains(r"[T ][0-9]")
    return pl.when(bare).then(none).when(right).then(clock)
