"""The one sentence that matters on the first screen."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

SAFE_RISK = 0.05
"""A line below this risk of a halt, though the policy goes on, counts as safe."""
SHIFTS = 2
"""The running shift and the next: what the people who read it can still change."""

Row = dict[str, Any]


def headline(
    lines: list[Row],
    shifts: list[Row],
    actions: list[Row],
    zone: ZoneInfo,
    *,
    has_plan: bool,
    here: bool = False,
) -> str:
    """What stands still, how many are safe to the end of the next shift, what the worst needs.

    Args:
        lines: Of the grid (``monitor.grid``), with ``halted``.
        shifts: Of the grid, without those that are over.
        actions: Orders that have not left.
        zone: Of the clock times.
        has_plan: Whether any plan was made.
        here: Whether it is told to people of some sites, where no line need be.
    """
    if not has_plan:
        return "No plan yet: train a model, then plan."
    if here and shifts and not lines:
        return _without_lines(actions)
    if not lines or not shifts:
        return "The last plan is over: plan again."
    halted = [line["line_id"] for line in lines if line["halted"]]
    endangered = [line for line in lines if not line["halted"] and _risk(line) >= SAFE_RISK]
    said = []
    if halted:
        said.append(f"{_names(halted)} {'stands' if len(halted) == 1 else 'stand'} still")
    if len(halted) < len(lines):
        safe = _safe(len(lines) - len(halted) - len(endangered), len(lines))
        said.append(f"{safe} to the end of the {shifts[:SHIFTS][-1]['name']} shift")
    if endangered:
        said.append(_need(max(endangered, key=_risk), actions, zone))
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}." if not halted else f"{text}."


def _without_lines(actions: list[Row]) -> str:
    count = len(actions)
    orders = "1 order waits" if count == 1 else f"{count or 'no'} orders wait"
    return f"No line stands at your sites; {orders} for a departure."


def _safe(safe: int, of: int) -> str:
    if of == 1:
        return "the line is safe" if safe else "the line is not safe"
    return f"all {of} lines are safe" if safe == of else f"{safe} of {of} lines are safe"


def _risk(line: Row) -> float:
    return max((cell["risk"] for cell in line["cells"][:SHIFTS]), default=0.0)


def _need(line: Row, actions: list[Row], zone: ZoneInfo) -> str:
    cell = max(line["cells"][:SHIFTS], key=lambda each: each["risk"])
    text, part = f"{line['line_id']} may halt ({cell['risk']:.0%})", cell["part_id"]
    if part is None:
        return text
    when = ""
    if cell["runs_out_at"]:
        at = datetime.fromisoformat(cell["runs_out_at"]).astimezone(zone)
        when = f" by {at:%a %H:%M}"
    waiting = [
        order["quantity"]
        for order in actions
        if order["part_id"] == part
        and line["line_id"] in order["lines"]
        and order["state"] == "proposed"
    ]
    if waiting:
        return f"{text} and needs {sum(waiting)} of {part}{when}"
    return f"{text} for want of {part}{when}"


def _names(lines: list[str]) -> str:
    return ", ".join(lines[:3]) + (f" and {len(lines) - 3} more" if len(lines) > 3 else "")
