"""Rows of some places: the same on both databases, for one place and for more than it has bound."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from supplynet.errors import NotFound
from supplynet.storage import Store, alerts
from supplynet.storage.alerts import AlertCause, Severity

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)
MANY = [f"L{number}" for number in range(100_000)]
"""More than either database takes parameters."""


@pytest.mark.parametrize(
    ("within", "seen"),
    [
        (None, [None, "SR1", "it's"]),
        ([], []),
        (["SR1"], ["SR1"]),
        (["it's"], ["it's"]),
        (["') OR 1=1 --"], []),
        (["SR1", *MANY], ["SR1"]),
    ],
)
def test_only_what_concerns_one_of_the_places_is_there(
    store: Store, within: list[str] | None, seen: list[str | None]
) -> None:
    causes = [
        AlertCause(severity=Severity.INFO, kind="k", message="m", location_id=place)
        for place in (None, "SR1", "it's")
    ]
    with store.write("test", NOW) as tx:
        raised = alerts.set_open_alerts(tx, causes).raised
    with store.read() as tx:
        found = [each.location_id for each in alerts.open_alerts(tx, within)]
        assert sorted(found, key=str) == sorted(seen, key=str)
        for alert in raised:
            if alert.location_id in seen:
                assert alerts.get(tx, alert.alert_id, within) == alert
            else:
                with pytest.raises(NotFound, match=alert.alert_id):
                    alerts.get(tx, alert.alert_id, within)
