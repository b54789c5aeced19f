"""Profiles are data: read strictly, recognised without doubt, written as they were used."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from supplynet.connectors.table_import import Wanted, check_source, open_table
from supplynet.connectors.table_kinds import KINDS
from supplynet.connectors.table_layout import Said
from supplynet.connectors.table_profile import (
    Profile,
    Recognise,
    read_profile,
    saved_profiles,
    shipped_profiles,
)
from supplynet.connectors.table_recognise import choose_profile
from supplynet.connectors.table_saving import profile_of, write_profile
from supplynet.connectors.table_source import Table, TableSource
from supplynet.connectors.table_templates import template, write_template
from supplynet.errors import InvalidInput, NotFound


def source(*columns: str) -> TableSource:
    return TableSource(Table(name="t.csv", frame=pl.DataFrame({name: ["1"] for name in columns})))


@pytest.mark.parametrize("profile", shipped_profiles(), ids=lambda profile: profile.name)
def test_a_shipped_profile_survives_being_written(profile: Profile, tmp_path: Path) -> None:
    path = write_profile(profile, tmp_path)
    assert replace(read_profile(path), own=False) == profile
    assert saved_profiles(tmp_path) == (replace(profile, own=True),)


@pytest.mark.parametrize("kind", KINDS)
def test_every_template_is_recognised_and_its_examples_left_out(kind: str, tmp_path: Path) -> None:
    path = write_template(kind, tmp_path / "t.csv")
    opened = open_table(path)
    profile = choose_profile(opened, None, None, None)
    assert profile is not None
    assert profile.kind == kind
    checked = check_source(opened, Wanted(kind=kind, profile=profile))
    assert (checked.rows, checked.accepted, checked.total) == (2, 0, 0)
    assert checked.decisions == ((2, "example rows of the template were left out"),)


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_of_a_template_are_right(kind: str) -> None:
    made = template(kind)
    six = datetime(2024, 1, 31, 6, tzinfo=UTC)
    starts = {"day": six, "night": six + timedelta(hours=12)}
    wanted = Wanted(kind=kind, shift_start=lambda _place, _day, shift: starts.get(shift or ""))
    checked = check_source(TableSource(Table(name="t", frame=made)), wanted)
    assert checked.or_raise().accepted == 2


def test_an_excel_template_explains_itself(tmp_path: Path) -> None:
    pytest.importorskip("fastexcel")
    pytest.importorskip("xlsxwriter")
    path = write_template("plan", tmp_path / "plan.xlsx")
    sheets = pl.read_excel(path, sheet_id=0)
    assert list(sheets) == ["plan", "instructions"]
    assert sheets["instructions"]["column"].to_list() == sheets["plan"].columns
    assert choose_profile(open_table(path), None, None, None) is not None
    with pytest.raises(InvalidInput, match="is there already"):
        write_template("plan", path)
    with pytest.raises(InvalidInput, match=r"as csv or xlsx, not as plan.doc"):
        write_template("plan", tmp_path / "plan.doc")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "is no profile"),
        ('name = "a"', "is no profile"),
        ('name = "a"\ntitle = "A"\ncolour = "red"', "is no profile.*colour"),
        ('name = "a"\ntitle = "A"\nkind = "weather"', "kind 'weather' is not one of demand"),
        ('name = "a"\ntitle = "A"\n[columns]\nsku = "b"', "demand has no column 'sku'"),
        ('name = "a"\ntitle = "A"\n[options]\ngaps = "fill"', "gaps='fill' is not a choice"),
        ('name = "a"\ntitle = "A"\n[options]\nspeed = 3', "'speed' is not an option"),
        (
            'name = "a"\ntitle = "A"\n[[leave_out]]\ncolumn = "b"\nmatches = "("\nsays = "c"',
            "a pattern that is none",
        ),
        (
            'name = "a"\ntitle = "A"\n[days]\npattern = "d_[0-9]"\nday_one = 2011-01-29',
            "needs one group",
        ),
    ],
)
def test_a_file_that_is_no_profile_says_why(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=rf"mine.toml.*{says}"):
        read_profile(path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_profile(tmp_path / "absent.toml")


def test_two_profiles_that_fit_are_an_error_that_names_both(tmp_path: Path) -> None:
    for name in ("one", "two"):
        required = (("alpha",), ("beta",))
        write_profile(
            Profile(name=name, title=name.title(), recognise=Recognise(required=required)), tmp_path
        )
    with pytest.raises(InvalidInput, match=r"may be One \(one\) and Two \(two\): say which"):
        choose_profile(source("Alpha", "beta", "gamma"), None, None, tmp_path)
    chosen = choose_profile(source("alpha", "beta"), "two", None, tmp_path)
    assert chosen is not None
    assert chosen.title == "Two"


def test_a_saved_profile_comes_before_a_shipped_one(tmp_path: Path) -> None:
    columns = ("date", "product", "flow", "measure", "value")
    shipped = choose_profile(source(*columns), None, None, tmp_path)
    assert shipped is not None
    write_profile(replace(shipped, name="mine", title="Mine"), tmp_path)
    mine = choose_profile(source(*columns), None, None, tmp_path)
    assert mine is not None
    assert mine.title == "Mine"


def test_a_profile_can_be_named_or_refused(tmp_path: Path) -> None:
    columns = ("date", "product", "flow", "measure", "value")
    assert choose_profile(source(*columns), "none", None, None) is None
    assert choose_profile(source(*columns), None, "stock", None) is None
    with pytest.raises(NotFound, match=r"no profile 'm6'; there are customer-orders"):
        choose_profile(source(*columns), "m6", None, None)
    with pytest.raises(InvalidInput, match=r"'\.\./x' cannot name a profile"):
        write_profile(Profile(name="../x", title="x"), tmp_path)


def test_what_was_said_is_remembered(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "Art": ["b 1", "b 1", "n"],
            "Tag": ["01/02/2024", "03/02/2024", "03/02/2024"],
            "Anzahl": ["1.000", "2", "3"],
            "Typ": ["out", "out", "in"],
        }
    )
    said = Said(
        columns={"part_id": "Art", "date": "Tag", "quantity": "Anzahl"},
        constants={"location_id": "W1"},
        where={"Typ": ["out"]},
        options={"date_order": "dmy", "thousands": ".", "clean_ids": True},
    )
    table = TableSource(Table(name="t.csv", frame=frame))
    first = check_source(table, Wanted(said=said)).or_raise()
    write_profile(profile_of("mine", frame.columns, first, None, said), tmp_path)
    found = choose_profile(table, None, None, tmp_path)
    again = check_source(table, Wanted(profile=found)).or_raise()
    assert again.frame.equals(first.frame)
    assert again.frame["consumed"].to_list() == [1000, 0, 2]


def test_a_saved_wide_profile_fits_files_with_more_days(tmp_path: Path) -> None:
    head = ("item_id", "dept_id", "cat_id", "store_id", "state_id")
    table = source(*head, "d_1", "d_2")
    shipped = choose_profile(table, None, None, None)
    said = Said(constants={"location_id": "ALL"})
    checked = check_source(table, Wanted(profile=shipped, said=said)).or_raise()
    write_profile(profile_of("mine", table.columns, checked, shipped, said), tmp_path)
    longer = choose_profile(source(*head, "d_1", "d_2", "d_3"), None, None, tmp_path)
    assert longer is not None
    assert (longer.name, longer.constants) == ("mine", {"location_id": "ALL"})
