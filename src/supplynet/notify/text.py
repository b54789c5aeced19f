"""Messages as text for people: short, with clock times and one next action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from supplynet.notify.message import ALERT, ORDER, Outgoing

LONGEST_TITLE, LONGEST_BODY = 100, 600
_HEADS = {
    "raised": "{severity}",
    "worse": "Now {severity}",
    "escalated": "{severity}, nobody has answered",
    "awake": "{severity}, still open",
    "resolved": "Over",
}
_ACTIONS = {
    "proposed": "Next: approve it or say no, in the control room.",
    "approved": "Next: pick it before it leaves.",
    "shipped": "Next: receive it on arrival.",
    "cancelled": "Next: nothing; do not send it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a person reads."""

    title: str
    body: str


def render(message: Outgoing, zone: ZoneInfo) -> Text:
    """The message in words; clock times are those of ``zone``."""
    if message.kind == ALERT:
        title, body = _alert(message.payload, zone)
    elif message.kind == ORDER:
        title, body = _order(message.payload, zone)
    else:
        at = _clock(message.created_at.isoformat(), zone)
        title, body = "SupplyNet test", f"This channel works. Sent {at}. Next: nothing."
    return Text(title=_cut(title, LONGEST_TITLE), body=_cut(body, LONGEST_BODY))


def _alert(alert: Mapping[str, Any], zone: ZoneInfo) -> tuple[str, str]:
    turn = str(alert.get("turn", ""))
    head = _HEADS.get(turn, "{severity}").format(severity=alert.get("severity", ""))
    subject = " ".join(
        str(each) for each in (alert.get("location_id"), alert.get("part_id")) if each
    )
    what = str(alert.get("kind", "")).replace("_", " ")
    title = f"{head[:1].upper()}{head[1:]}: {what}" + (f", {subject}" if subject else "")
    said = [str(alert.get("message", ""))]
    since = _clock(alert.get("raised_at"), zone)
    if turn == "resolved":
        said.append(f"It began {since} and is over since {_clock(alert.get('at'), zone)}.")
    else:
        said.append(f"Since {since}.")
        said.append(_next_action(alert))
    return title, " ".join(each for each in said if each)


def _next_action(alert: Mapping[str, Any]) -> str:
    who = alert.get("acknowledged_by")
    if who:
        return f"Next: ask {who}, who looks after it."
    return f"Next: say that you look after it: supplynet alerts ack {alert.get('alert_id', '')}"


def _order(order: Mapping[str, Any], zone: ZoneInfo) -> tuple[str, str]:
    state = str(order.get("state", ""))
    goods = f"{order.get('quantity')} of {order.get('part_id')}"
    way = f"{order.get('from_location')} to {order.get('to_location')}"
    leaves = _clock(order.get("departure_at"), zone)
    body = f"{goods} from {way}, leaves {leaves}. {_ACTIONS.get(state, '')}"
    return f"Order {state}: {goods}", body.rstrip()


def _clock(moment: Any, zone: ZoneInfo) -> str:
    """``Mon 05 Jan 22:58``; what is no moment stays as it is."""
    try:
        return datetime.fromisoformat(str(moment)).astimezone(zone).strftime("%a %d %b %H:%M")
    except (ValueError, OverflowError):
        return str(moment)


def _cut(text: str, most: int) -> str:
    plain = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"
