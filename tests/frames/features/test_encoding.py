from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from supplynet.errors import ConfigError, InvalidInput
from supplynet.frames.features import Encoding, FeatureInputs, Features, FeatureSet, live_table
from supplynet.frames.features.history import Lag
from supplynet.frames.features.static import Static

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
SPEC = FeatureSet((Static(column="colour"), Lag()))


def rows(*colours: str | None) -> Features:
    """One row per colour, each of a part of its own."""
    parts = [f"p{i}" for i in range(len(colours))]
    demand = pl.DataFrame({"part_id": parts, "demand": 3}).with_columns(
        location_id=pl.lit("A"), period_start=pl.lit(MONDAY)
    )
    facts = pl.DataFrame(
        {"part_id": parts, "colour": colours}, schema_overrides={"colour": pl.String}
    )
    return live_table(SPEC, demand, MONDAY + timedelta(days=1), inputs=FeatureInputs(statics=facts))


def test_codes_follow_the_names_and_what_is_new_gets_its_own() -> None:
    encoding = Encoding.fit(rows("red", "blue", "red", None))
    assert encoding.categories == {"static_colour": ("blue", "red")}
    later = encoding.encode(rows("blue", "green", None, "red"))
    assert later["static_colour"].to_list() == [0, 2, None, 1]


def test_one_hot_has_a_column_per_name_and_one_for_unknown() -> None:
    encoding = Encoding.fit(rows("red", "blue"), "one_hot")
    encoded = encoding.encode(rows("red", "green", None))
    names = ["static_colour=blue", "static_colour=red", "static_colour_unknown"]
    assert encoded.select(names).rows() == [(0, 1, 0), (0, 0, 1), (0, 0, 0)]
    assert encoding.columns(rows("red")) == [*names, "lag_1"]


def test_the_matrix_is_the_feature_columns_as_numbers() -> None:
    matrix = Encoding.fit(rows("red", "blue")).matrix(rows("red", None))
    np.testing.assert_array_equal(matrix, np.array([[1, 3], [np.nan, 3]], dtype=np.float32))


def test_shards_are_fitted_together() -> None:
    assert Encoding.fit([rows("red"), rows("blue")]) == Encoding.fit(rows("red", "blue"))


@pytest.mark.parametrize("form", ["native", "one_hot"])
def test_it_comes_back_from_json_as_it_was(form: str) -> None:
    encoding = Encoding.fit(rows("red", "blå"), form)  # type: ignore[arg-type]  # one of its two
    assert Encoding.from_dict(json.loads(json.dumps(encoding.to_dict()))) == encoding


def test_rows_of_another_set_are_refused() -> None:
    encoding = Encoding.fit(rows("red"))
    other = Features(spec=FeatureSet((Lag(),)), frame=rows("red").frame)
    with pytest.raises(InvalidInput, match="train again"):
        encoding.encode(other)
    with pytest.raises(InvalidInput, match="these are of 2"):
        Encoding.fit([rows("red"), other])
    with pytest.raises(InvalidInput, match="these are of 0"):
        Encoding.fit([])


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {"version": "x", "form": "native", "categories": {"a": ["b", "a"]}},
        {"version": "x", "form": "native", "categories": {"a": [1]}},
        {"version": "x", "form": "other", "categories": {}},
        {"version": 1, "form": "native", "categories": {}},
        {"version": "x", "form": "native", "categories": [], "more": 1},
    ],
)
def test_damaged_content_is_refused(content: object) -> None:
    with pytest.raises(ConfigError, match="encoding"):
        Encoding.from_dict(content)
