from __future__ import annotations

import pytest

from supplynet.frames.quality.spelling import other_spellings


@pytest.mark.parametrize(
    "name", ["p-031", "P 031", "P_031 ", "P-O31", "P-03l", "P031", "P-031-OLD"]
)
def test_a_rare_spelling_means_the_frequent_one(name: str) -> None:
    assert other_spellings({"P-031": 1_000, name: 3}) == {name: "P-031"}


@pytest.mark.parametrize("name", ["P-032", "P-0311", "Q-031", "bolt"])
def test_another_id_is_another_id_however_rare(name: str) -> None:
    assert other_spellings({"P-031": 1_000, name: 3}) == {}


def test_ids_that_only_look_alike_and_are_both_in_use_stay() -> None:
    assert other_spellings({"P-01": 1_000, "P-O1": 900}) == {}
    assert other_spellings({"BOLT": 1_000, "BOLT-M": 900}) == {}


def test_dots_inside_ids_count() -> None:
    assert other_spellings({"SR1.11.A": 1_000, "SR11.1.A": 900}) == {}
