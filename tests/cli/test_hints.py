from __future__ import annotations

import re
from typing import Any

import pytest
from typer.main import get_command

from supplynet.cli.app import app
from supplynet.cli.hints import CHOICES, as_options
from supplynet.connectors.table_messages import SAYS

GROUP: Any = get_command(app)
IMPORT = {option for each in GROUP.commands["import"].params for option in each.opts}


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("choose brackets='negative' to", "choose --brackets negative to"),
        ("thousands=',' or thousands='.'", "--thousands , or --thousands ."),
        ("choose thousands=''' here", "choose --thousands ''\"'\"'' here"),
        ("- or choose clean_ids", "- or choose --clean-ids"),
        ("map another with date=COLUMN", "name another with --map date=COLUMN"),
        ("map location_id=COLUMN", "name with --map location_id=COLUMN"),
        ("cell 'x=1' is wrong", "cell 'x=1' is wrong"),
    ],
)
def test_a_choice_is_said_as_it_is_typed(said: str, typed: str) -> None:
    assert as_options(said) == typed


@pytest.mark.parametrize("hint", [right for _, right in SAYS.values()])
def test_every_hint_of_an_import_names_options_that_there_are(hint: str) -> None:
    shown = as_options(hint)
    assert "='" not in shown
    assert set(re.findall(r"--[a-z-]+", shown)) <= IMPORT


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_is_an_option(choice: str) -> None:
    assert f"--{choice.replace('_', '-')}" in IMPORT
