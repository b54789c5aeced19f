from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from supplynet.anomaly.incident import Kind
from supplynet.services.books import open_books
from supplynet.storage import anomalies, init_workspace
from supplynet.storage.anomalies import Anomaly

if TYPE_CHECKING:
    from tests.cli.conftest import Call

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with one anomaly that waits for an answer."""
    init_workspace(tmp_path)
    books = open_books(tmp_path)
    row = Anomaly(
        anomaly_id="a1",
        location_id="SR1.A",
        parts=("bolt",),
        start=NOW,
        end=NOW + timedelta(hours=12),
        periods=1,
        kind=Kind.SPIKE,
        size=60.0,
        sizes={"bolt": 60.0},
        expected=100.0,
        observed=160.0,
        p_value=1e-9,
        score=1.0,
        sentence="160 used where 100 was expected.",
        ongoing=True,
        detector_version="anomaly-test",
        seen_at=NOW,
    )
    with books.store.write("test", NOW) as tx:
        anomalies.add(tx, row)
    books.store.close()
    return tmp_path


def test_what_is_odd_is_listed_and_answered(call: Call, workspace: Path) -> None:
    (row,) = call("anomalies", "list", "-w", workspace, "--json").json
    assert (row["anomaly_id"], row["state"], row["kind"]) == ("a1", "open", "spike")
    assert "160 used where 100 was expected." in call("anomalies", "list", "-w", workspace).out
    done = call("anomalies", "answer", "a1", "wrong_record", "--note", "twice", "-w", workspace)
    assert done.lines[0] == "wrong_record: 160 used where 100 was expected."
    assert "supplynet stock undo MOVEMENT" in done.lines[1]
    assert call("anomalies", "list", "-w", workspace).lines == ["nothing odd waits for an answer"]
    (all_of_them,) = call("anomalies", "list", "--all", "-w", workspace, "--json").json
    assert (all_of_them["state"], all_of_them["note"]) == ("wrong_record", "twice")


@pytest.mark.parametrize(
    ("arguments", "says"), [(("a2", "real"), "anomalies list"), (("a1", "maybe"), "wrong_record")]
)
def test_what_cannot_be_answered_is_refused_in_one_line(
    call: Call, workspace: Path, arguments: tuple[str, ...], says: str
) -> None:
    answer = call("anomalies", "answer", *arguments, "-w", workspace)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert says in answer.err
