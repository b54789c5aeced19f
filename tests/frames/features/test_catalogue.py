from pathlib import Path

from supplynet.frames.features import KINDS
from supplynet.frames.features.catalogue import kinds_table

PAGE = Path(__file__).parents[3] / "docs" / "features.md"


def test_the_page_lists_every_kind_as_the_registry_has_it() -> None:
    assert kinds_table() in PAGE.read_text(encoding="utf-8")


def test_every_kind_says_in_one_sentence_what_it_is() -> None:
    rows = kinds_table().splitlines()[2:]
    assert len(rows) == len(KINDS)
    assert all(len(row.split(" | ")[1]) > 10 for row in rows)
