from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.errors import InvalidInput, NotFound, StoreError
from supplynet.frames.synthetic.plant import scenario_plant
from supplynet.frames.synthetic.scenario import DemandShape, PlantShape, Scenario, SupplyShape
from supplynet.frames.synthetic.scenario_file import (
    SCENARIOS,
    read_scenario,
    scenario_toml,
    write_scenario,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_shipped_scenario_loads_and_is_written_back_the_same(name: str, file: Path) -> None:
    scenario = read_scenario(name)
    assert scenario.name == name
    write_scenario(scenario, file)
    assert read_scenario(file) == scenario == read_scenario(str(file))


def test_shipped_scenarios_are_as_large_as_they_say() -> None:
    lines = {}
    for name in SCENARIOS:
        shape = read_scenario(name).plant
        lines[name] = shape.showrooms * shape.stations * shape.lines
    assert lines == {"small": 2, "medium": 27, "large": 1000, "nasty": 27}
    small = scenario_plant(read_scenario("small"))
    assert (len(small.lines), len(small.parts)) == (2, 6)


def test_the_nasty_scenario_has_everything() -> None:
    """Every effect and every defect is on: no share, rate or spread is 0."""
    nasty = read_scenario("nasty")
    for table in (nasty.demand, nasty.plan, nasty.supply, nasty.defects):
        for each in fields(table):
            assert getattr(table, each.name), each.name
    assert nasty.demand.day_before_holiday != 1


def test_what_is_left_out_keeps_its_default(file: Path) -> None:
    file.write_text('name = "mine"\n[demand]\nshock_sd = 1\n')
    made = read_scenario(file)
    assert made == Scenario(name="mine", demand=DemandShape(shock_sd=1.0))
    assert isinstance(made.demand.shock_sd, float)
    file.write_text("")
    assert read_scenario(file) == Scenario()


@given(
    st.builds(
        Scenario,
        name=st.text(max_size=20),
        days=st.integers(1, 36500),
        demand=st.builds(DemandShape, shock_sd=st.floats(0, 2), lump=st.floats(1, 10_000)),
    )
)
def test_writing_and_reading_changes_nothing(scenario: Scenario) -> None:
    import tomllib

    content = tomllib.loads(scenario_toml(scenario))
    assert content["name"] == scenario.name
    assert content["demand"]["shock_sd"] == scenario.demand.shock_sd
    assert content["start"] == scenario.start


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[demnd]\nshock_sd = 1", "unknown table 'demnd'; did you mean 'demand'?"),
        ("[demand]\nshok_sd = 1", "unknown key 'demand.shok_sd'; did you mean 'demand.shock_sd'?"),
        ("zzzz = 1", "unknown key 'zzzz'; there are name, start, days"),
        ("[demand]\nshock_sd = 9", "demand.shock_sd is 9; it goes from 0 to 2"),
        ("[demand]\nshock_sd = nan", "demand.shock_sd is nan; it goes from 0 to 2"),
        ("[supply]\nlate_share = -inf", "supply.late_share is -inf; it goes from 0 to 1"),
        ('[demand]\nshock_sd = "much"', "demand.shock_sd is 'much'; it is a number"),
        ("[demand]\nshock_sd = true", "demand.shock_sd is 'True'; it is a number"),
        (f"[demand]\nshock_sd = {'9' * 400}", "demand.shock_sd is far too large"),
        ("demand = 1", r"demand is a table: write \[demand\]"),
        ("[[demand]]\nshock_sd = 1", "demand is a table"),
        ("[plant]\nlines = 2.5", "plant.lines is '2.5'; it is a whole number"),
        ("[plant]\nlines = 27", "plant.lines is 27; it goes from 1 to 26"),
        ("[plant.lines]\nx = 1", "plant.lines is .* it is a whole number"),
        ("[supply]\nplays = 1", "supply.plays is '1'; it is true or false"),
        ("days = true", "days is 'True'; it is a whole number"),
        ("days = 0", "days is 0; it goes from 1 to 36500"),
        ("start = 2025-01-01T00:00:00", "start is .* it is a day such as 2025-01-01"),
        ("start = 1800-01-01", "start is 1800-01-01; it goes from 1990-01-01"),
        ('time_zone = "Mars/Crater"', "time_zone 'Mars/Crater' is not known"),
        ('time_zone = "../../etc/passwd"', "time_zone .* is not known"),
        ('[plant]\nholiday_country = "XX"', "plant.holiday_country 'XX' has no holidays"),
        ('[plant]\nholiday_country = "DE-XX"', "plant.holiday_country 'DE-XX' has no holidays"),
        ("days = ", "is no TOML"),
        (f"days = {'9' * 5000}", "is no TOML"),
        ("a = " + "[" * 5000, "is no TOML"),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(
    content: str, said: str, file: Path
) -> None:
    file.write_text(content)
    with pytest.raises(InvalidInput, match=said) as caught:
        read_scenario(file)
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_that_is_none_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="did you mean 'nasty'"):
        read_scenario("nasti")
    with pytest.raises(NotFound, match="choose from small, medium, large, nasty"):
        read_scenario(tmp_path / "none.toml")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path, tmp_path / "binary.toml", Path("a\0b")):
        with pytest.raises(InvalidInput, match="cannot be read"):
            read_scenario(path)
    with pytest.raises(StoreError, match="cannot be written"):
        write_scenario(Scenario(), tmp_path / "none" / "x.toml")


def test_values_out_of_range_are_refused_in_python_as_well() -> None:
    with pytest.raises(InvalidInput, match="shifts_per_day is 4; it goes from 2 to 3"):
        PlantShape(shifts_per_day=4)
    with pytest.raises(InvalidInput, match="late_share is nan"):
        SupplyShape(late_share=float("nan"))
    with pytest.raises(InvalidInput, match="start is 2200-01-01"):
        replace(Scenario(), start=date(2200, 1, 1))
