from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.connectors.plant_folder import FILES, read_plant, write_plant
from supplynet.core.network import (
    Duration,
    Lane,
    Location,
    LocationKind,
    Part,
    Plant,
    PurchaseRule,
    Requirement,
    Shortage,
    SupplyRule,
)
from supplynet.core.production_plan import PlanRow
from supplynet.core.shifts import Overtime, ShiftCalendar, ShiftPattern
from supplynet.errors import InvalidInput, NotFound, PlantErrors

GOOD = {
    "plant.toml": """\
plant_id = "small"
name = "Small plant"
time_zone = "Europe/Berlin"

[[calendar]]
calendar_id = "SR1"
holiday_country = "DE-BY"
closed_days = [2026-12-24]

[[calendar.pattern]]
name = "day"
start = 06:00:00
end = "18:00"
weekdays = ["mon", "tue", "wed", "thu", "fri"]

[[calendar.pattern]]
name = "night"
start = 18:00:00
end = 06:00:00

[[calendar.overtime]]
day = 2026-12-24
name = "extra"
start = 06:00:00
end = 12:00:00
""",
    "parts.csv": """\
part_id,description,unit,volume_litres
P-1,"Screw, M8",pcs,0.5
P-2,Glue,,
""",
    "locations.csv": """\
location_id,kind,parent_id,holds_stock,calendar_id
WH1,warehouse,,,
SR1,showroom,,yes,SR1
SR1.ST1,station,SR1,,
SR1.ST1.A,line,SR1.ST1,,
SR1.ST1.B,line,SR1.ST1,,
""",
    "requirements.csv": """\
line_id,part_id,quantity,valid_from,valid_to,alternative_group
SR1.ST1.A,P-1,2,,,
SR1.ST1.A,P-2,0.25,2026-01-01,2026-07-01,glue
SR1.ST1.B,P-1,1,,,
""",
    "lanes.csv": """\
lane_id,from_location,to_location,departures,transit_low_minutes,transit_mode_minutes,transit_high_minutes,weekdays,cutoff_minutes
WH1-SR1,WH1,SR1,04:00 16:00,20,30,45,mon tue,60
""",
    "supply_rules.csv": """\
stock_point_id,part_id,lane_ids,container_size,bin_maximum,reorder_point,order_up_to_level
SR1,P-1,WH1-SR1,50,400,100,300
SR1,P-2,WH1-SR1,,,,
""",
    "purchase_rules.csv": """\
warehouse_id,part_id,supplier_id,lead_time_mode_minutes
WH1,P-1,ACME,2880
""",
    "production_plan.csv": """\
line_id,product,shift_id,units,recorded_at
SR1.ST1.A,default,SR1/2026-01-05/day,300,2026-01-01T12:00:00Z
""",
}


def folder_of(path: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        (path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def changed(file: str, old: str, new: str) -> dict[str, str]:
    assert GOOD[file].count(old) >= 1
    return GOOD | {file: GOOD[file].replace(old, new, 1)}


def mistakes_of(path: Path) -> list[tuple[str, int | None, str | None, str]]:
    with pytest.raises(PlantErrors) as caught:
        read_plant(path)
    return [(m.file, m.row, m.column, f"{m.wrong}; {m.right}") for m in caught.value.mistakes]


def test_a_folder_becomes_a_plant_with_defaults_where_cells_are_empty(tmp_path: Path) -> None:
    plant = read_plant(folder_of(tmp_path, GOOD))
    assert (plant.plant_id, plant.default_policy) == ("small", "order_up_to")
    assert plant.parts[0] == Part(part_id="P-1", description="Screw, M8", volume_litres=0.5)
    assert plant.parts[1].unit == "pcs"
    assert [place.holds_stock for place in plant.locations] == [True, True, False, False, False]
    assert plant.requirements[1].quantity == Decimal("0.25")
    assert plant.requirements[1].valid_to == date(2026, 7, 1)
    assert plant.lanes[0] == Lane(
        lane_id="WH1-SR1",
        from_location="WH1",
        to_location="SR1",
        departures=(time(4), time(16)),
        transit=Duration(low=20, mode=30, high=45),
        weekdays=frozenset({0, 1}),
        cutoff_minutes=60,
        time_zone="Europe/Berlin",
    )
    assert plant.supply_rules[1] == SupplyRule(
        stock_point_id="SR1", part_id="P-2", lane_ids=("WH1-SR1",)
    )
    assert plant.purchase_rules[0].lead_time == Duration(low=2880, mode=2880, high=2880)
    assert plant.production_plan[0].recorded_at == datetime(2026, 1, 1, 12, tzinfo=UTC)
    calendar = plant.calendar_of("SR1.ST1.A")
    assert calendar.time_zone == "Europe/Berlin"
    assert calendar.patterns[0].weekdays == frozenset(range(5))
    assert calendar.overtime[0] == Overtime(
        day=date(2026, 12, 24), name="extra", start=time(6), end=time(12)
    )


def test_optional_files_may_be_left_out(tmp_path: Path) -> None:
    needed = GOOD.keys() - {"purchase_rules.csv", "production_plan.csv"}
    plant = read_plant(folder_of(tmp_path, {name: GOOD[name] for name in needed}))
    assert (plant.purchase_rules, plant.production_plan) == ((), ())


def test_what_spreadsheets_do_to_a_file_is_understood(tmp_path: Path) -> None:
    files = dict(GOOD)
    files["parts.csv"] = (
        '\ufeffpart_id;description;;\r\n P-1 ;"Screw, M8";;\r\n;;;\r\nP-2;Glue;;\r\n\r\n'
    )
    files["lanes.csv"] = GOOD["lanes.csv"].replace("04:00 16:00", "16:00:00 4:00")
    plant = read_plant(folder_of(tmp_path, files))
    assert [part.part_id for part in plant.parts] == ["P-1", "P-2"]
    assert plant.lanes[0].departures == (time(4), time(16))


# file, what stands there, what is put there, then row, column and words of the one mistake
Slip = tuple[str, str, str, int | None, str | None, str]
ONE_MISTAKE: list[Slip] = [
    # plant.toml: the file, its keys, calendars
    ("plant.toml", 'name = "S', "name = S", 2, None, "not TOML"),
    ("plant.toml", "[[calendar]]", "[[calendar]", 5, None, "not TOML"),
    ("plant.toml", 'plant_id = "small"', "", None, "plant_id", "the key is missing"),
    ("plant.toml", 'name = "Small', 'nmae = "Small', None, "nmae", "did you mean 'name'?"),
    ("plant.toml", '"small"', '"sm all"', None, "plant_id", "not an id"),
    ("plant.toml", '"small"', "7", None, "plant_id", "not a text"),
    ("plant.toml", "Europe/Berlin", "Europe/Berlim", None, "time_zone", "mean 'Europe/Berlin'?"),
    ("plant.toml", "DE-BY", "DE-XX", None, "calendar[1].holiday_country", "no state 'XX'"),
    ("plant.toml", "DE-BY", "XX", None, "calendar[1].holiday_country", "known holidays"),
    ("plant.toml", "[2026-12-24]", '["24.12."]', None, "calendar[1].closed_days", "not a date"),
    ("plant.toml", "[2026-12-24]", "[0206-12-24]", None, "calendar[1].closed_days", "1900 to 2199"),
    ("plant.toml", "[2026-12-24]", "2026-12-24", None, "calendar[1].closed_days", "not a list"),
    ("plant.toml", '"mon", ', '"mo", ', None, "calendar[1].pattern[1].weekdays", "mean 'mon'?"),
    ("plant.toml", '"18:00"', '"25:00"', None, "calendar[1].pattern[1].end", "clock time"),
    ("plant.toml", '"18:00"', "18:00:30", None, "calendar[1].pattern[1].end", "whole minute"),
    ("plant.toml", '"18:00"', '"18:01"', None, "calendar[1].pattern[2].start", "overlaps"),
    ("plant.toml", "06:00:00\nend = 12", "05:59:00\nend = 12", None,
     "calendar[1].overtime[1].start", "overtime overlaps the shift SR1/2026-12-23/night"),
    ("plant.toml", '"night"', '"day"', None, "calendar[1].pattern[2].name", "already at"),
    ("plant.toml", "[[calendar.overtime]]", "[calendar.overtime]", None, "calendar[1].overtime",
     "write it as [[overtime]]"),
    # the shape of a CSV file
    ("parts.csv", "unit,", "unti,", 1, "unti", "did you mean 'unit'?"),
    ("parts.csv", "unit,", "colour,", 1, "colour", "columns are part_id,"),
    ("parts.csv", "part_id,", "part,", 1, "part", "did you mean 'part_id'?"),
    ("parts.csv", "unit,", "description,", 1, "description", "there twice"),
    ("parts.csv", "Glue,,", "Glue,,,x", 3, None, "the row has 5 cells, the header 4"),
    ("parts.csv", "Glue,,", "Glue,", 3, None, "the row has 3 cells, the header 4"),
    ("parts.csv", '"Screw, M8"', '"Screw, M8', 2, None, "quotation mark"),
    ("requirements.csv", ",quantity", ",", 1, None, "a column has no name"),
    # single cells
    ("parts.csv", "P-2", "P 2", 3, "part_id", "not an id"),
    ("parts.csv", "P-2", "", 3, "part_id", "must be given"),
    ("parts.csv", "0.5", "-0.5", 2, "volume_litres", "0 or more"),
    ("parts.csv", "0.5", "nan", 2, "volume_litres", "not a number"),
    ("parts.csv", "0.5", '"0,5"', 2, "volume_litres", "write 0.5 with a decimal point"),
    ("parts.csv", "Glue", '"Gl\nue"', 3, "description", "line break"),
    ("locations.csv", "showroom", "showrom", 3, "kind", "did you mean 'showroom'?"),
    ("locations.csv", ",yes,", ",ja,", 3, "holds_stock", "write yes or no"),
    ("requirements.csv", "0.25", "0", 3, "quantity", "more than 0"),
    ("requirements.csv", "0.25", "1/4", 3, "quantity", "not a number"),
    ("requirements.csv", "2026-07-01", "01.07.2026", 3, "valid_to", "write it as 2026-01-31"),
    ("requirements.csv", "2026-07-01", "2026-01-01", 3, "valid_to", "not after"),
    ("lanes.csv", "16:00", "24:00", 2, "departures", "'24:00' is not a clock time"),
    ("lanes.csv", "16:00", "04:00", 2, "departures", "04:00 is there twice"),
    ("lanes.csv", "mon tue", "mon Tue", 2, "weekdays", "did you mean 'tue'?"),
    ("lanes.csv", ",20,", ",31,", 2, "transit_low_minutes", "31 is more than the usual 30"),
    ("lanes.csv", ",45,", ",29,", 2, "transit_high_minutes", "29 is less than the usual 30"),
    ("lanes.csv", ",30,", ",half an hour,", 2, "transit_mode_minutes", "digits only"),
    ("lanes.csv", ",30,", ",,", 2, "transit_mode_minutes", "must be given"),
    ("supply_rules.csv", ",50,", ",0,", 2, "container_size", "1 or more"),
    ("supply_rules.csv", ",50,", ",99999999999,", 2, "container_size", "too large"),
    ("supply_rules.csv", ",400,", ",40,", 2, "bin_maximum", "50 or more"),
    ("supply_rules.csv", ",100,", ",301,", 2, "order_up_to_level", "301 or more"),
    ("purchase_rules.csv", "2880", "-1", 2, "lead_time_mode_minutes", "0 or more"),
    ("production_plan.csv", ",300,", ",-3,", 2, "units", "0 or more"),
    ("production_plan.csv", "12:00:00Z", "12:00:00", 2, "recorded_at", "no time zone"),
    ("production_plan.csv", "SR1/2026-01-05/day", "day 5", 2, "shift_id", "calendar/date/name"),
    # duplicates
    ("parts.csv", "P-2,Glue", "P-2,Glue,,\nP-2,Glue", 4, "part_id", "already in row 3"),
    ("locations.csv", "SR1.ST1.B,", "SR1.ST1.B,line,SR1.ST1,,\nSR1.ST1.B,", 7, "location_id",
     "already in row 6"),
    ("supply_rules.csv", "SR1,P-2", "SR1,P-2,WH1-SR1,,,,\nSR1,P-2", 4, None, "already in row 3"),
    ("requirements.csv", "SR1.ST1.B,P-1", "SR1.ST1.A,P-2,1,2026-06-30,,\nSR1.ST1.B,P-1", 4, None,
     "already in row 3 on the same days"),
    # references
    ("requirements.csv", "SR1.ST1.B,P-1", "SR1.ST1.b,P-1", 4, "line_id", "mean 'SR1.ST1.B'?"),
    ("requirements.csv", "SR1.ST1.B,P-1", "SR1.ST1.B,P-l", 4, "part_id", "no part 'P-l'"),
    ("locations.csv", "SR1.ST1.B,line,SR1.ST1", "SR1.ST1.B,line,SR2.ST1", 6, "parent_id",
     "no location 'SR2.ST1'"),
    ("locations.csv", ",yes,SR1", ",yes,SR9", 3, "calendar_id", "no calendar 'SR9'"),
    ("lanes.csv", ",WH1,", ",WH2,", 2, "from_location", "no location 'WH2'; did you mean 'WH1'?"),
    ("supply_rules.csv", "P-2,WH1-SR1", "P-2,WH1-SR2", 3, "lane_ids", "did you mean 'WH1-SR1'?"),
    ("supply_rules.csv", "SR1,P-2", "SR1,P-3", 3, "part_id", "no part 'P-3'"),
    ("purchase_rules.csv", "WH1,P-1", "WH1,P-7", 2, "part_id", "no part 'P-7'"),
    ("production_plan.csv", "SR1/2026", "SR2/2026", 2, "shift_id", "no calendar 'SR2'"),
    ("production_plan.csv", "/day", "/late", 2, "shift_id", "has no shift 'late'"),
    # how places and ways hang together
    ("locations.csv", "SR1.ST1,station,SR1", "SR1.ST1,station,WH1", 4, "parent_id",
     "a station cannot lie in the warehouse 'WH1'; its parent is a showroom"),
    ("locations.csv", "SR1,showroom,,", "SR1,showroom,WH1,", 3, "parent_id", "leave the cell"),
    ("requirements.csv", "SR1.ST1.B,P-1", "SR1.ST1,P-1", 4, "line_id", "name a line"),
    ("purchase_rules.csv", "WH1,P-1", "SR1,P-1", 2, "warehouse_id", "name a warehouse"),
    ("purchase_rules.csv", "ACME", "SR1", 2, "supplier_id", "'SR1' is a showroom"),
    ("locations.csv", "WH1,warehouse,,,", "WH1,warehouse,,no,", 2, "from_location",
     "'WH1' holds no stock"),
    ("lanes.csv", ",WH1,SR1,", ",SR1,SR1,", 2, "to_location", "to itself"),
    ("supply_rules.csv", "SR1,P-2", "WH1,P-2", 3, "lane_ids", "leads to 'SR1', not to 'WH1'"),
    ("supply_rules.csv", "SR1,P-2,WH1-SR1,,,,\n", "", 3, "part_id", "no supply rule for 'P-2'"),
    ("requirements.csv", "SR1.ST1.B,P-1,1,,,", "SR1.ST1.B,P-1,1,,,glue", 4, "alternative_group",
     "already used by line 'SR1.ST1.A'"),
]  # fmt: skip
# Where the cell is right by itself, the mistake shows in another file.
SEEN_IN = {"'WH1' holds no stock": "lanes.csv", "no supply rule for 'P-2'": "requirements.csv"}


@pytest.mark.parametrize("slip", ONE_MISTAKE, ids=lambda slip: f"{slip[0]}: {slip[5]}")
def test_one_slip_is_one_mistake_at_its_place(tmp_path: Path, slip: Slip) -> None:
    file, old, new, row, column, words = slip
    found = mistakes_of(folder_of(tmp_path, changed(file, old, new)))
    assert [mistake[:3] for mistake in found] == [(SEEN_IN.get(words, file), row, column)]
    assert words in found[0][3]


@pytest.mark.parametrize(
    "file", sorted(GOOD.keys() - {"purchase_rules.csv", "production_plan.csv"})
)
def test_a_missing_file_is_one_mistake(tmp_path: Path, file: str) -> None:
    files = {name: content for name, content in GOOD.items() if name != file}
    found = mistakes_of(folder_of(tmp_path, files))
    assert [mistake[:3] for mistake in found] == [(file, None, None)]


def test_a_file_that_is_not_utf_8_is_one_mistake_at_its_line(tmp_path: Path) -> None:
    latin = GOOD["parts.csv"].replace("Glue", "Kleber für").encode("latin-1")
    found = mistakes_of(folder_of(tmp_path, GOOD | {"parts.csv": latin}))
    assert found == [
        ("parts.csv", 3, None, "byte 0xfc is not UTF-8; save the file as CSV UTF-8"),
    ]


def test_an_optional_file_under_a_misspelt_name_is_not_passed_over(tmp_path: Path) -> None:
    files = {name: content for name, content in GOOD.items() if name != "purchase_rules.csv"}
    found = mistakes_of(folder_of(tmp_path, files | {"purchase_rule.csv": "x"}))
    assert found == [
        ("purchase_rule.csv", None, None, "the file is unknown; did you mean 'purchase_rules.csv'?")
    ]


def test_parents_that_go_round_are_told_once_each(tmp_path: Path) -> None:
    loop = changed("locations.csv", "SR1,showroom,,", "SR1,showroom,SR1.ST1,")
    found = mistakes_of(folder_of(tmp_path, loop))
    assert [mistake[:3] for mistake in found] == [
        ("locations.csv", 3, "parent_id"),
        ("locations.csv", 4, "parent_id"),
    ]
    assert all("lies inside itself" in mistake[3] for mistake in found)


def test_lines_that_draw_nowhere_are_told_each(tmp_path: Path) -> None:
    bare = changed("locations.csv", ",yes,SR1", ",no,SR1")
    found = [mistake[:3] for mistake in mistakes_of(folder_of(tmp_path, bare))]
    assert found == [
        ("locations.csv", 5, "holds_stock"),
        ("locations.csv", 6, "holds_stock"),
        ("lanes.csv", 2, "to_location"),
        ("supply_rules.csv", 2, "stock_point_id"),
        ("supply_rules.csv", 3, "stock_point_id"),
    ]


def test_suppliers_are_looked_up_once_the_plant_names_some(tmp_path: Path) -> None:
    named = changed("locations.csv", "WH1,", "ACMA,supplier,,,\nWH1,")
    found = mistakes_of(folder_of(tmp_path, named))
    assert found == [
        ("purchase_rules.csv", 2, "supplier_id", "no supplier 'ACME'; did you mean 'ACMA'?")
    ]


BROKEN: dict[str, str | bytes] = {
    "plant.toml": """\
plant_id = "small plant"
time_zone = "Europe/Berlin"
colour = "blue"
[[calendar]]
calendar_id = "SR1"
time_zone = "Europe/Nowhere"
[[calendar.pattern]]
name = "day"
start = 06:00:00
end = 18:00:00
[[calendar.pattern]]
name = "night"
start = 17:00:00
end = 06:00:00
""",
    "parts.csv": """\
part_id,description,unit,volume_litres
P-1,Screw,pcs,lots
P-2,Glue,pcs
P-1,Screw again,pcs,1
P 4,Nut,pcs,1
""",
    "locations.csv": """\
location_id,kind,parent_id,holds_stock,calendar_id
WH1,warehouse,,,
SR1,showroom,,maybe,SR9
SR1.ST1,station,SR1,,
SR1.ST1.A,line,SR1.ST1,,
SR2,showroom,,no,SR1
SR2.ST1,station,SR2,,
SR2.ST1.A,line,SR2.ST1,,
LOOP.1,station,LOOP.2,,
LOOP.2,station,LOOP.1,,
""",
    "requirements.csv": """\
line_id,part_id,quantity,valid_from,valid_to,alternative_group
SR1.ST1.A,P-1,-2,2026-02-30,,
SR1.ST1.A,P-2,1,2026-07-01,2026-01-01,glue
SR1.ST1.A,P 4,1,,,
SR1.ST1.X,P-9,1,,,glue
""",
    "lanes.csv": """\
lane_id,from_location,to_location,departures,transit_low_minutes,transit_mode_minutes,transit_high_minutes,speed
WH1-SR1,WH1,SR1,6 o'clock,40,30,20,1
WH1-SR2,WH1,SR2,06:00,20,30,40,1
""",
    "supply_rules.csv": """\
stock_point_id,part_id,lane_ids,container_size
SR1,P-1,WH1-SR2,0
SR1,P-1,WH1-SR1,1
SR3,P-2,WH1-SR1,1
""",
    "production_plan.csv": b"line_id,product,shift_id,units,recorded_at\n\xff",
}


def test_a_broken_folder_is_reported_whole_and_in_order(tmp_path: Path) -> None:
    found = mistakes_of(folder_of(tmp_path, BROKEN))
    assert [(*mistake[:3], mistake[3].split("; ")[0]) for mistake in found] == [
        ("plant.toml", None, "colour", "the key is unknown"),
        ("plant.toml", None, "plant_id", "'small plant' is not an id"),
        ("plant.toml", None, "calendar[1].time_zone", "'Europe/Nowhere' is not a time zone"),
        ("plant.toml", None, "calendar[1].pattern[2].start",
         "the shift overlaps calendar[1].pattern[1]"),
        ("parts.csv", 2, "volume_litres", "'lots' is not a number"),
        ("parts.csv", 3, None, "the row has 3 cells, the header 4"),
        ("parts.csv", 4, "part_id", "'P-1' is already in row 2"),
        ("parts.csv", 5, "part_id", "'P 4' is not an id"),
        ("locations.csv", 3, "holds_stock", "'maybe' is neither yes nor no"),
        ("locations.csv", 3, "calendar_id", "no calendar 'SR9'"),
        ("locations.csv", 8, "holds_stock",
         "neither the line 'SR2.ST1.A' nor a location above it holds stock"),
        ("locations.csv", 9, "parent_id", "'LOOP.1' lies inside itself through its parents"),
        ("locations.csv", 10, "parent_id", "'LOOP.2' lies inside itself through its parents"),
        ("requirements.csv", 2, "quantity", "-2 is too small"),
        ("requirements.csv", 2, "valid_from", "'2026-02-30' is not a date"),
        ("requirements.csv", 3, "valid_to", "2026-01-01 is not after valid_from 2026-07-01"),
        ("requirements.csv", 4, "part_id", "'P 4' is not an id"),
        ("requirements.csv", 5, "line_id", "no location 'SR1.ST1.X'"),
        ("requirements.csv", 5, "part_id", "no part 'P-9'"),
        ("requirements.csv", 5, "alternative_group",
         "group 'glue' is already used by line 'SR1.ST1.A'"),
        ("lanes.csv", 1, "speed", "the column is unknown"),
        ("lanes.csv", 2, "departures", "'6' is not a clock time"),
        ("lanes.csv", 2, "transit_low_minutes", "40 is more than the usual 30"),
        ("lanes.csv", 2, "transit_high_minutes", "20 is less than the usual 30"),
        ("lanes.csv", 3, "to_location", "'SR2' holds no stock"),
        ("supply_rules.csv", 2, "container_size", "0 is too small"),
        ("supply_rules.csv", 2, "lane_ids", "the lane 'WH1-SR2' leads to 'SR2', not to 'SR1'"),
        ("supply_rules.csv", 3, None, "'SR1 P-1' is already in row 2"),
        ("supply_rules.csv", 4, "stock_point_id", "no location 'SR3'"),
        ("supply_rules.csv", 4, "lane_ids", "the lane 'WH1-SR1' leads to 'SR1', not to 'SR3'"),
        ("production_plan.csv", 2, None, "byte 0xff is not UTF-8"),
    ]  # fmt: skip


pieces = st.sampled_from(
    [
        "",
        ",",
        ",,",
        "\n",
        '"',
        "\r",
        "\x00",
        "=",
        "[",
        "P-1",
        "SR1",
        "-1",
        "1e999",
        "9" * 30,
        "\xff",
    ]
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_is_done_to_a_file_it_is_read_or_its_mistakes_are_told(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = data.draw(st.sampled_from(sorted(GOOD)))
    content = GOOD[file].encode()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 12))
        piece = data.draw(pieces).encode("latin-1")
        content = content[:start] + piece + content[end:]
    folder = folder_of(tmp_path_factory.mktemp("fuzz"), GOOD | {file: content})
    with suppress(PlantErrors):
        read_plant(folder)


def test_a_folder_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="plant folder"):
        read_plant(tmp_path / "nowhere")


# Round trip

ids = st.from_regex(r"[A-Za-z0-9._-]{1,8}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
counts = st.integers(0, 1_000_000)
sizes = st.floats(0, 1e6)
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
weekdays = st.frozensets(st.integers(0, 6), min_size=1)
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
moments = st.integers(0, 10**15).map(
    lambda us: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
)
zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"])
durations = st.lists(counts, min_size=3, max_size=3).map(
    lambda steps: Duration(**dict(zip(("low", "mode", "high"), sorted(steps), strict=True)))
)


@st.composite
def calendars(draw: st.DrawFn) -> ShiftCalendar:
    start, end = draw(st.lists(clocks, min_size=2, max_size=2, unique=True))
    return ShiftCalendar(
        calendar_id="SR1",
        time_zone=draw(zones),
        patterns=(
            ShiftPattern(name="one", start=start, end=end, weekdays=draw(weekdays)),
            ShiftPattern(name="two", start=end, end=start, weekdays=draw(weekdays)),
        ),
        holiday_country=draw(st.sampled_from([None, "DE", "DE-BY", "JP"])),
        closed_days=draw(st.frozensets(days, max_size=2)),
        overtime=tuple(
            Overtime(day=day, name="one", start=start, end=end)
            for day in draw(st.lists(days, max_size=2, unique=True))
        ),
    )


@st.composite
def plants(draw: st.DrawFn) -> Plant:
    part_ids = draw(st.lists(ids, min_size=1, max_size=4, unique=True))
    levels = sorted(draw(st.tuples(counts, counts)))
    lane = Lane(
        lane_id="L",
        from_location="WH1",
        to_location="SR1",
        departures=tuple(sorted(draw(st.sets(clocks, min_size=1, max_size=4)))),
        transit=draw(durations),
        weekdays=draw(weekdays),
        cutoff_minutes=draw(counts),
        frozen_minutes=draw(counts),
        volume_litres=draw(st.none() | sizes),
        minimum_trip_litres=draw(sizes),
        time_zone=draw(zones),
    )
    return Plant(
        plant_id=draw(ids),
        name=draw(texts),
        time_zone=draw(zones),
        default_policy=draw(ids),
        parts=tuple(
            Part(
                part_id=part_id,
                description=draw(texts),
                unit=draw(texts) or "pcs",
                volume_litres=draw(sizes),
                unit_cost=draw(sizes),
            )
            for part_id in part_ids
        ),
        locations=(
            Location(location_id="ACME", kind=LocationKind.SUPPLIER, name=draw(texts)),
            Location(location_id="WH1", kind=LocationKind.WAREHOUSE, holds_stock=True),
            Location(
                location_id="SR1", kind=LocationKind.SHOWROOM, holds_stock=True, calendar_id="SR1"
            ),
            Location(
                location_id="SR1.A",
                kind=LocationKind.LINE,
                parent_id="SR1",
                priority=draw(counts),
                on_shortage=draw(st.sampled_from(Shortage)),
            ),
        ),
        requirements=tuple(
            Requirement(
                line_id="SR1.A",
                part_id=part_id,
                quantity=draw(st.decimals("0.001", "1000", places=3)),
                valid_from=draw(st.none() | days),
                valid_to=date(2031, 1, 1),
                alternative_group=draw(st.none() | ids),
            )
            for part_id in part_ids
        ),
        lanes=(lane,),
        supply_rules=tuple(
            SupplyRule(
                stock_point_id="SR1",
                part_id=part_id,
                lane_ids=("L",),
                container_size=draw(st.integers(1, 100)),
                minimum_order=draw(counts),
                bin_maximum=draw(st.none() | st.integers(100, 10_000)),
                policy=draw(st.none() | ids),
                reorder_point=draw(st.none() | st.just(levels[0])),
                order_up_to_level=draw(st.none() | st.just(levels[1])),
                criticality=draw(st.sampled_from("ABC")),
            )
            for part_id in part_ids
        ),
        purchase_rules=(
            PurchaseRule(
                warehouse_id="WH1",
                part_id=part_ids[0],
                supplier_id="ACME",
                lead_time=draw(durations),
                minimum_order=draw(counts),
                multiple=draw(st.integers(1, 100)),
            ),
        ),
        calendars=(draw(calendars()),),
        production_plan=tuple(
            PlanRow(
                line_id="SR1.A",
                product="default",
                shift_id="SR1/2026-01-05/one",
                units=draw(counts),
                recorded_at=recorded_at,
            )
            for recorded_at in draw(st.lists(moments, max_size=3, unique=True))
        ),
    )


@settings(max_examples=40, deadline=None)
@given(plant=plants())
def test_a_plant_that_is_written_is_read_back_equal(
    plant: Plant, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("plant")
    write_plant(plant, folder)
    assert read_plant(folder) == plant


def test_the_same_plant_is_the_same_bytes_and_leaves_nothing_else(tmp_path: Path) -> None:
    plant = read_plant(folder_of(tmp_path, GOOD))
    for name in ("one", "two"):
        write_plant(plant, tmp_path / name)
    write_plant(plant, tmp_path / "two")
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two
    assert sorted(one) == sorted(FILES)


def test_rows_of_an_earlier_plant_do_not_stay_behind(tmp_path: Path) -> None:
    plant = read_plant(folder_of(tmp_path, GOOD))
    write_plant(replace(plant, purchase_rules=(), production_plan=()), tmp_path)
    assert read_plant(tmp_path).purchase_rules == ()


def test_a_plant_with_mistakes_is_not_written(tmp_path: Path) -> None:
    plant = read_plant(folder_of(tmp_path, GOOD))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(PlantErrors, match="no supply rule for 'P-1'"):
        write_plant(replace(plant, supply_rules=plant.supply_rules[1:]), tmp_path)
    lane = replace(plant.lanes[0], departures=(time(16), time(4)))
    with pytest.raises(InvalidInput, match="cannot hold"):
        write_plant(replace(plant, lanes=(lane,)), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_line_may_hold_its_own_stock_and_be_supplied_from_outside(tmp_path: Path) -> None:
    plant = Plant(
        plant_id="sales",
        parts=(Part(part_id="P-1"),),
        locations=(
            Location(location_id="ACME", kind=LocationKind.SUPPLIER),
            Location(location_id="W1", kind=LocationKind.LINE, holds_stock=True),
        ),
        requirements=(Requirement(line_id="W1", part_id="P-1", quantity=Decimal(1)),),
        lanes=(
            Lane(
                lane_id="in",
                from_location="ACME",
                to_location="W1",
                departures=(time(0),),
                transit=Duration(low=2880, mode=2880, high=2880),
            ),
        ),
        supply_rules=(SupplyRule(stock_point_id="W1", part_id="P-1", lane_ids=("in",)),),
    )
    write_plant(plant, tmp_path)
    assert read_plant(tmp_path) == plant
