"""Reading ids, of one column or of several joined by ``.``; two that become one are refused."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from supplynet.connectors.table_cells import Cells, read_cells
from supplynet.connectors.table_options import ImportOptions

LEGAL_ID = r"^[A-Za-z0-9._-]{1,64}$"
_ILLEGAL = r"[^A-Za-z0-9._-]"
_GAP = "\x1f"  # between the pieces of an id while they are compared; no id can contain it
_PAIRS = pl.Schema({"raw": pl.String(), "whole": pl.String()})


class IdReader:
    """Reads ids and remembers from what each was made.

    Whether two of them became one, only the whole table can tell: ``again`` then asks for another
    reading.

    Args:
        options: ``clean_ids``.
        known: When given, other ids are problems.
        optional: Empty cells are no problem.
    """

    def __init__(
        self, options: ImportOptions, known: Collection[str] | None, *, optional: bool = False
    ) -> None:
        self._clean, self._optional = options.clean_ids, optional
        self._known = None if known is None else pl.Series(list(known), dtype=pl.String)
        self._pairs = pl.DataFrame(schema=_PAIRS)
        self._recent: list[pl.DataFrame] = []
        self._pieces = 1
        self._collide = pl.Series(dtype=pl.String)

    def read(self, columns: list[pl.Series]) -> list[Cells]:
        """Ids of one column or of several; the last ``Cells`` hold the whole ids."""
        pieces = [read_cells(column, self._piece, optional=self._optional) for column in columns]
        self._pieces = len(pieces)
        if len(pieces) == 1 and self._known is None and not self._clean:
            return pieces
        whole = _joined([each.value for each in pieces], ".")
        raw = _joined([each.text for each in pieces], _GAP)
        if self._clean or len(pieces) > 1:
            pairs = pl.DataFrame({"raw": raw, "whole": whole}).unique().drop_nulls()
            self._recent.append(pairs)
        name = "+".join(each.column for each in pieces)
        text = raw.str.replace_all(_GAP, "+", literal=True)
        problem = self._problem(raw, whole)
        return [*pieces, Cells(column=name, text=text, value=whole, problem=problem)]

    def again(self) -> bool:
        """Whether what was read has to be read again, with what is known now."""
        self._pairs = pl.concat([self._pairs, *self._recent]).unique()
        self._recent = []
        twice = self._pairs.filter(pl.col("whole").is_duplicated())
        if self._pieces == 1:
            # An id that needed no cleaning keeps its rows; composed ids are all refused.
            twice = twice.filter(pl.col("raw") != pl.col("whole"))
        news = len(twice) > len(self._collide)
        self._collide = twice["raw"]
        return news

    def _piece(self, text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        value = text.str.replace_all(_ILLEGAL, "-") if self._clean else text
        return value, pl.when(~value.str.contains(LEGAL_ID)).then(pl.lit("bad_id"))

    def _problem(self, raw: pl.Series, whole: pl.Series) -> pl.Series:
        problem = pl.Series([None], dtype=pl.String).new_from_index(0, len(whole))
        if self._known is not None:
            problem = problem.set(~whole.is_in(self._known.implode()), "unknown_id")
        if len(self._collide):
            collides = raw.is_in(self._collide.implode()).fill_null(False)
            problem = problem.set(collides, "id_collision")
        problem = problem.set((whole.str.len_chars() > 64).fill_null(False), "long_id")
        return problem.set(whole.is_null(), None)  # its pieces say what is wrong


def _joined(pieces: list[pl.Series], separator: str) -> pl.Series:
    if len(pieces) == 1:
        return pieces[0]
    return pl.select(pl.concat_str([pl.lit(p) for p in pieces], separator=separator)).to_series()
