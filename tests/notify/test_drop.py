from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from supplynet.errors import ConfigError
from supplynet.notify.drop import FileSender
from supplynet.notify.message import Outgoing, Tools
from supplynet.notify.settings import FileChannel

Make = Callable[..., Outgoing]
CHANNEL = FileChannel(name="files", kind="file", folder="out")


def test_each_message_is_one_whole_file_and_the_same_again_is_the_same_file(
    tools: Tools, order: Make, now: datetime
) -> None:
    (tools.folder / "out").mkdir()
    sender = FileSender(CHANNEL, (), tools)
    for _ in range(2):
        assert sender.send(order(), now).ok
    (file,) = (tools.folder / "out").iterdir()
    assert file.name == "20260105T220000Z-order-m1.json"
    assert json.loads(file.read_text())["data"]["order_id"] == "o1"


def test_a_share_that_is_away_is_waited_for(tools: Tools, order: Make, now: datetime) -> None:
    outcome = FileSender(CHANNEL, (), tools).send(order(), now)
    assert (outcome.ok, outcome.retry) == (False, True)
    assert "out is not there; make it" in outcome.said
    (tools.folder / "out").write_text("a file")
    assert not FileSender(CHANNEL, (), tools).send(order(), now).ok


@pytest.mark.parametrize("message_id", ["../x", "a/b", "", "x" * 65, "a\x00b"])
def test_an_id_never_leads_out_of_the_folder(
    tools: Tools, order: Make, now: datetime, message_id: str
) -> None:
    (tools.folder / "out").mkdir()
    message = replace(order(), message_id=message_id)
    outcome = FileSender(CHANNEL, (), tools).send(message, now)
    assert (outcome.ok, outcome.retry) == (False, False)
    assert list((tools.folder / "out").iterdir()) == []


def test_a_folder_has_no_secret(tools: Tools) -> None:
    with pytest.raises(ConfigError, match="a folder has no secret"):
        FileSender(CHANNEL, ("x",), tools)
