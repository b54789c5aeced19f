from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from supplynet.connectors.signals.definition_files import (
    SHIPPED,
    read_definition,
    shipped_definitions,
    shipped_hosts,
)
from supplynet.errors import ConfigError

if TYPE_CHECKING:
    from tests.connectors.signals.conftest import Define

GOOD = """\
title = "Prices"
kind = "market"
url = "https://prices.example/v1/{symbol}"
format = "json"
symbol = { means = "a material" }
rows = { path = "data", time = "day" }
values = { price = { column = "price" } }
publication = { known = "lag", lag_hours = 24 }
"""


def write(folder: Path, text: str, name: str = "prices") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def test_a_definition_is_named_like_its_file(tmp_path: Path) -> None:
    made = read_definition(write(tmp_path, GOOD))
    assert (made.name, made.host) == ("prices", "prices.example")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('kind = "market"', 'kind = "stocks"', "kind"),
        ("title", "titel", "titel"),
        ("https://prices.example", "ftp://prices.example", "must begin with https"),
        ("https://prices.example", "https://{symbol}.example", "the host must be fixed"),
        ("{symbol}", "{symbol}?key=1", r"\[parameters\]"),
        ("{symbol}", "{symbol} x", "neither spaces"),
        ("prices.example", "ann:pw@prices.example", "user or password"),
        ("lag_hours = 24", "lag_hours = -1", "lag_hours"),
        ("lag_hours = 24", "lag_hours = nan", "lag_hours"),
        ('known = "lag"', 'known = "column"', "column belongs"),
        ('{ price = { column = "price" } }', "{}", "values"),
        ('{ price = { column = "price" } }', '{ "Big Price" = { column = "p" } }', "values"),
        ('time = "day"', 'time = "day", zone = "Mars/Base"', "no time zone"),
        ('time = "day"', 'time = "day", zone = "../etc"', "no time zone"),
        ('format = "json"', 'format = "xml"', "format"),
        ("symbol =", "key = 5\nsymbol =", "key"),
        ("symbol =", 'key = { variable = "K_1" }\nsymbol =', "parameter or a header"),
        ("symbol =", 'key = { variable = "SUPPLYNET_K", parameter = "k" }\nsymbol =', "settings"),
        ("symbol =", 'key = { variable = "K_1", header = "A: b" }\nsymbol =', "header"),
        ("symbol =", 'paging = { parameter = "p" }\nsymbol =', "size or pages"),
        ("symbol =", "symbol =\nsymbol =", "cannot be read"),
    ],
)
def test_a_wrong_key_is_a_config_error_that_names_it(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        read_definition(write(tmp_path, GOOD.replace(old, new, 1)))


@pytest.mark.parametrize("name", ["csv", "synthetic", "http", "Big", "a-b", "1a", "x" * 41])
def test_a_name_that_means_something_else_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="a provider's name"):
        read_definition(write(tmp_path, GOOD, name))


def test_a_file_that_is_not_there_or_not_text_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_definition(tmp_path / "gone.toml")
    (tmp_path / "prices.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_definition(tmp_path / "prices.toml")


def test_a_secret_in_a_definition_is_not_repeated_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_definition(write(tmp_path, GOOD + 'api_key = "s3cret"\n'))
    assert "s3cret" not in str(caught.value)
    assert "api_key" in str(caught.value)


def test_the_example_of_the_manual_is_a_definition(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[3] / "docs" / "signals.md").read_text(encoding="utf-8")
    example = next(block for block in manual.split("```toml\n")[1:] if "[publication]" in block)
    made = read_definition(write(tmp_path, example.split("```")[0], "steel_index"))
    assert (made.host, made.symbol.parts) == ("prices.example.com", ("region", "symbol"))


def test_paging_by_size_and_leaving_rows_out_do_not_go_together(define: Define) -> None:
    rows = {"path": "rows", "time": "day", "where": {"kind": "a"}}
    with pytest.raises(ValueError, match="end too early"):
        define(rows=rows, paging={"parameter": "page", "size": 10})


def test_what_may_change_an_answer_changes_the_digest(define: Define) -> None:
    assert define().digest == define().digest
    assert define().digest != define(parameters={"s": "{symbol}", "x": "1"}).digest


def test_the_shipped_definitions_can_be_read_and_ask_by_https_only() -> None:
    made = shipped_definitions()
    assert {"stooq", "frankfurter", "open_meteo_archive", "fred", "world_bank"} <= made.keys()
    assert all(each.url.startswith("https://") for each in made.values())
    assert shipped_hosts() == {each.host for each in made.values()}


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_definition_says_what_was_checked_and_holds_no_secret(path: Path) -> None:
    text = path.read_text()
    head = " ".join(line for line in text.splitlines() if line.startswith("#"))
    assert "Checked" in head
    assert "Not checked" in head
    assert set(tomllib.loads(text).get("key", {})) <= {
        "variable",
        "parameter",
        "header",
        "required",
    }
