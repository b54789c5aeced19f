"""Which reads are worth a line in the audit log: what shows much at once, models and people."""

from __future__ import annotations

from supplynet.security.access import Operation

PERMISSIONS = frozenset(
    {"audit.read", "backups.run", "data.read", "letters.handle", "models.read", "users.manage"}
)
"""Whatever needs one of these."""
OPERATIONS = frozenset({"get_decision", "list_decisions", "list_forecasts"})
"""What a model has said, which everybody may see.

What pages ask for all the time (risk, stock, orders, alerts) is not noted: a page open on a wall
would bury the rest.
"""


def is_noted(name: str, operation: Operation) -> bool:
    """Whether reading by this operation is noted."""
    return name in OPERATIONS or operation.permission in PERMISSIONS
