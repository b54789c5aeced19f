"""The workspace's history, and the moment at which the workspace stands."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from supplynet import cycle
from supplynet.errors import InvalidInput
from supplynet.services.books import Books
from supplynet.storage.history import newest_period, read_history


def history_frame(books: Books) -> pl.DataFrame:
    """All history.

    Raises:
        InvalidInput: There is none.
    """
    frame = read_history(books.workspace.history)
    if frame.is_empty():
        raise InvalidInput("no history: run supplynet import FILE or supplynet generate")
    return frame


def as_of(books: Books) -> datetime:
    """The moment at which the workspace stands.

    The plant's clock where one runs; real time when lines report what they use, or when the
    history reaches to within two days of it; else the end of the history: data of long ago is
    planned as of then.
    """
    clock = books.clock()
    newest = None if clock.simulated else newest_period(books.workspace.history)
    if newest is None:
        return clock.now
    end = _end_of_shift(books, newest)
    if clock.now - end <= timedelta(days=2):
        return clock.now
    with books.store.read() as tx:
        return clock.now if cycle.is_connected(tx) else end


def history_end(books: Books, frame: pl.DataFrame) -> datetime:
    """End of the last shift that ``frame`` has."""
    newest = frame["period_start"].max()
    assert isinstance(newest, datetime)
    return _end_of_shift(books, newest)


def _end_of_shift(books: Books, newest: datetime) -> datetime:
    shift = books.plant.calendar_of(books.plant.lines[0].location_id).shift_at(newest)
    return newest if shift is None else shift.end
