from __future__ import annotations

import pytest

from supplynet.core.spelling import nearest


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [("P-O17", "P-017"), ("p-022", "P-022"), ("sr1", "SR1"), ("gearbox", None), ("", None)],
)
def test_the_name_most_alike_is_meant_and_letter_case_comes_first(
    wanted: str, meant: str | None
) -> None:
    assert nearest(wanted, ["P-017", "P-022", "P-023", "SR1"]) == meant
