from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.ids import check_id, id_of, model_key, series_id, uuid7
from supplynet.errors import InvalidId

NOW = datetime(2026, 1, 5, 21, 58, tzinfo=UTC)


@pytest.mark.parametrize("text", ["SR1.ST2.A", "P-0017", "x", "a" * 64, "_"])
def test_an_id_is_1_to_64_of_the_allowed_characters(text: str) -> None:
    assert check_id(text) == text


@pytest.mark.parametrize("text", ["", "a" * 65, "a b", "a/b", "ä", "a\n", "P#1"])
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidId, match="part_id"):
        check_id(text, "part_id")


def test_a_uuid_is_of_version_7_and_starts_with_its_milliseconds() -> None:
    made = uuid.UUID(uuid7(NOW, random.Random(1)))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == int(NOW.timestamp()) * 1000


@given(st.integers(0, 4_000_000_000_000), st.integers(1, 10_000_000), st.integers(0, 99))
def test_uuids_sort_by_the_time_they_were_made(start: int, later: int, seed: int) -> None:
    epoch, rng = datetime(1970, 1, 1, tzinfo=UTC), random.Random(seed)
    first = uuid7(epoch + timedelta(milliseconds=start), rng)
    assert first < uuid7(epoch + timedelta(milliseconds=start + later), rng)


def test_the_same_seed_makes_the_same_uuid() -> None:
    assert uuid7(NOW, random.Random(7)) == uuid7(NOW, random.Random(7))


def test_names_of_series_and_models() -> None:
    assert series_id("SR1.ST1.A", "P-1") == "SR1.ST1.A/P-1"
    assert model_key("WH1", "SKU9") == "WH1_SKU9"


def test_an_id_is_made_of_any_text_and_two_texts_never_share_one() -> None:
    assert id_of("plc-7") == "plc-7"
    made = id_of("ana/plc-7")
    assert check_id(made) == made
    assert made != id_of("ana:plc-7")
    assert check_id(id_of("x" * 500))
