"""Rows of some places only: one parameter of the query, however many thousand places."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ColumnElement, Text, bindparam, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from supplynet.storage.column_types import encode_json

Within = Collection[str] | None
"""Ids of locations; None = all places, also what belongs to none."""


class _Texts(FunctionElement[str]):
    """The texts of a JSON list as a set of rows."""

    inherit_cache = True


# An IN with a parameter for each id ends at 32,766 of them in SQLite and 65,535 in PostgreSQL, and
# is compiled anew for every length of the list.
@compiles(_Texts, "sqlite")
def _in_sqlite(element: _Texts, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"(SELECT value FROM json_each({text}))"  # noqa: S608 - a parameter's name


@compiles(_Texts, "postgresql")
def _in_postgresql(element: _Texts, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"(SELECT jsonb_array_elements_text(CAST({text} AS jsonb)))"


def lies_in(within: Collection[str], *columns: Column[Any]) -> ColumnElement[bool]:
    """Whether one of the columns names one of the places; a column that is null names none."""
    ids = _Texts(bindparam(None, encode_json(sorted(within)), type_=Text, unique=True))
    return or_(*(column.op("IN", is_comparison=True)(ids) for column in columns))
