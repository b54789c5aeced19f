import polars as pl

from supplynet.frames.cleaning import Cleaned, clean
from supplynet.frames.synthetic import tiny_plant

LINE, PART = "SR1.ST1.A", "P-001"


def cleaned(part: str, line: str = LINE, **settings: str) -> Cleaned:
    frame = pl.DataFrame(
        {"location_id": [line], "part_id": [part], "period_start": ["2026-01-05"], "demand": [5]}
    )
    return clean(frame, plant=tiny_plant(), settings={"unknown_ids": settings})


def test_ids_get_the_spelling_of_the_plant() -> None:
    for other in ("p-001", " P-001", "P_001", "p 001"):
        made = cleaned(other)
        assert made.frame["part_id"].to_list() == [PART]
        assert made.log.select("column", "old", "new").rows() == [("part_id", other, PART)]


def test_an_unknown_id_is_dropped_and_the_nearest_is_named_but_not_taken() -> None:
    made = cleaned("P-001-OLD")
    assert made.frame.is_empty()
    assert made.log["why"].to_list() == [
        "the plant does not have 'P-001-OLD'; the nearest is 'P-001'"
    ]
    assert cleaned(PART, "SR9.ST9.Z").frame.is_empty()


def test_an_unknown_id_stays_when_asked() -> None:
    made = cleaned("P-001-OLD", unknown="keep")
    assert (made.frame.height, made.log.height) == (1, 0)


def test_without_a_plant_only_spaces_are_wrong() -> None:
    data = {
        "location_id": ["L ", "l", " "],
        "part_id": ["P", "p", "P"],
        "period_start": ["2026-01-05"] * 3,
        "demand": [1, 2, 3],
    }
    made = clean(data)
    assert made.frame["location_id"].to_list() == ["L", "l"]
    assert made.log["why"].to_list() == ["spaces around the id", "the id is empty"]
