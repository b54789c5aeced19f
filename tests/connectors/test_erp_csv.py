"""Events that go out as CSV come back as they were, whatever their text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from supplynet.connectors.drop_folder_rows import read_events
from supplynet.connectors.erp_csv import LAYOUTS, as_csv, event_row
from supplynet.core.events import Event, EventType

ODD = st.sampled_from(["=1+1", "'=1", "''@x", "-7", "+a", "@b", "\t=c", " d ", "NA", "null", "1,5"])
TEXT = ODD | st.text(max_size=8).filter(lambda text: "\0" not in text)
NAMES = st.sampled_from(["supplier_id", "order_id", "reason", "short", "damaged", "lot_id"])
VALUES = TEXT | st.integers(min_value=-5, max_value=5) | st.booleans() | st.none()
EVENT_IDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=382, exclude_categories=["C", "Z"]),
    min_size=1,
    max_size=8,
)


@given(data=st.dictionaries(NAMES, VALUES), event_id=EVENT_IDS, quantity=st.integers(0, 2**30))
def test_an_exported_receipt_reads_back_as_the_same_event(
    data: dict[str, object], event_id: str, quantity: int
) -> None:
    event = Event(
        source="-s.1",
        event_id=event_id,
        type=EventType.RECEIVED,
        occurred_at=datetime(2026, 1, 5, 6, 0, 0, 123, tzinfo=UTC),
        location_id="-WH1",
        part_id="bolt",
        quantity=quantity,
        data=data,
    )
    columns = LAYOUTS["receipts"]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "x.csv"
        file.write_bytes(as_csv("receipts", [event_row(event, columns)]))
        (row,) = read_events(file, "0" * 64, time_zone="Europe/Berlin")
    assert (row.problem, row.event) == ("", event)


def test_nothing_that_goes_out_is_a_formula() -> None:
    rows = [
        {"location_id": text, "part_id": "-5", "on_hand": -5} for text in ("=1", "+1x", "@", "-x")
    ]
    lines = as_csv("stock", rows).decode().splitlines()[1:]
    assert [line.split(",")[0] for line in lines] == ["'=1", "'+1x", "'@", "'-x"]
    assert {line.split(",")[2] for line in lines} == {"-5"}  # a number stays one
