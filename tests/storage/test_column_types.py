from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.storage import Store, values
from supplynet.storage.column_types import encode_json, utc_text

MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)


@given(MOMENTS, MOMENTS)
def test_a_moment_as_text_sorts_like_time(one: datetime, other: datetime) -> None:
    assert (utc_text(one) < utc_text(other)) == (one < other)
    assert datetime.fromisoformat(utc_text(one)) == one


def test_the_same_value_has_the_same_text() -> None:
    at = datetime(2026, 1, 5, 22, 58, tzinfo=timezone(timedelta(hours=1)))
    value = {"b": (1, Decimal("1.50")), "a": {at.tzinfo is None, True}, "at": at}
    assert (
        encode_json(value) == '{"a":[false,true],"at":"2026-01-05T21:58:00.000000Z","b":[1,"1.50"]}'
    )
    assert encode_json(np.float64(0.5)) == "0.5"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        encode_json(value)


def test_a_value_is_kept_until_it_is_set_anew(store: Store, now: datetime) -> None:
    with store.write("ann", now) as tx:
        assert values.get_value(tx, "clock", "none") == "none"
        assert values.set_value(tx, "clock", {"speed": 60.0}) is True
        assert values.set_value(tx, "clock", {"speed": 60.0}) is False
        assert values.set_value(tx, "clock", {"speed": 1.0}) is True
        assert values.set_value(tx, "nothing", None) is True
    with store.read() as tx:
        assert values.get_value(tx, "clock") == {"speed": 1.0}
        assert values.get_value(tx, "nothing", "default") is None
