"""Who hears of a message, from when on, and who is asked next when nobody answers.

A channel without a role hears what it wants. One with a role hears of alerts what the rules of
that role say, and what is escalated to the role or to the channel by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from supplynet.notify.message import ALERT, Outgoing
from supplynet.notify.settings import AnyChannel, NotifySettings, Rule

Around = Callable[[str], Collection[str]]
"""A location and every location around it."""
LATER_TURNS = frozenset({"worse", "awake", "resolved"})
"""Turns of an alert that also those hear to whom it was escalated before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """The next step of an unanswered alert: to whom, a role or channel, and when."""

    to: str
    due_at: datetime


class Router:
    """Decides by the settings; a function of message and time.

    Args:
        settings: Channels and rules.
        around: A location and every location around it.
        zone: Of quiet hours, where the settings name none.
    """

    def __init__(self, settings: NotifySettings, around: Around, zone: ZoneInfo) -> None:
        self._settings, self._around = settings, around
        self.zone = ZoneInfo(settings.time_zone) if settings.time_zone else zone

    @property
    def escalates(self) -> bool:
        """Whether any rule does."""
        return any(rule.escalate_to for rule in self._settings.rules)

    def channels(
        self, message: Outgoing, now: datetime, *, told: Collection[str] = ()
    ) -> dict[str, datetime]:
        """Names of the channels that get ``message``, each with the moment from which on.

        Channels that were ``told`` that something began get what is said of its end as well.
        """
        found = {}
        for channel in self._settings.channels:
            starts = self._starts(channel, message, now, told=channel.name in told)
            if starts is not None:
                found[channel.name] = starts
        return found

    def escalation(self, alert: Mapping[str, Any]) -> Escalation | None:
        """The next step of an open alert that nobody has acknowledged; None when there is none.

        The first rule in the file that is about the alert and escalates decides.
        """
        rule = self._deciding(alert)
        if rule is None or alert["escalations"] >= len(rule.escalate_to):
            return None
        assert rule.escalate_after_minutes is not None
        # While it was quiet nobody was asked, so nobody failed to answer.
        since = self._after_quiet(rule, alert, alert["escalated_at"] or alert["raised_at"])
        due_at = since + timedelta(minutes=rule.escalate_after_minutes)
        return Escalation(
            to=rule.escalate_to[alert["escalations"]],
            due_at=self._after_quiet(rule, alert, due_at),
        )

    def _starts(
        self, channel: AnyChannel, message: Outgoing, now: datetime, *, told: bool
    ) -> datetime | None:
        """From when on the channel gets the message; None when it does not."""
        if message.kind not in channel.messages:
            return None
        starts = now
        asked = message.payload.get("to") if message.kind == ALERT else ""
        if asked and channel.role:
            if asked not in {channel.role, channel.name}:
                return None
        elif not (told or self._wants(channel, message)):
            return None
        elif channel.role and message.kind == ALERT and not self._was_asked(channel, message):
            spoken = self._by_rules(channel.role, message, now)
            if spoken is None and not told:
                return None
            starts = spoken or now
        quiet = channel.quiet(self.zone)
        return (quiet and quiet.until(starts, message.severity)) or starts

    def _wants(self, channel: AnyChannel, message: Outgoing) -> bool:
        if not self._lies_in(message.places, channel.locations):
            return False
        if message.kind != ALERT:
            return _fits(str(message.payload.get("state")), channel.order_states)
        return _fits(message.severity, channel.severities) and _fits(
            str(message.payload.get("kind")), channel.alert_kinds
        )

    def _by_rules(self, role: str, message: Outgoing, now: datetime) -> datetime | None:
        """The earliest moment at which a rule of the role lets the alert through."""
        starts = [
            self._after_quiet(rule, message.payload, now)
            for rule in self._settings.rules
            if rule.role == role and self._is_about(rule, message.payload)
        ]
        return min(starts, default=None)

    def _was_asked(self, channel: AnyChannel, message: Outgoing) -> bool:
        """Whether the alert was escalated to this channel before."""
        rule = self._deciding(message.payload)
        if rule is None or message.payload.get("turn") not in LATER_TURNS:
            return False
        asked = rule.escalate_to[: message.payload.get("escalations", 0)]
        return bool({channel.role, channel.name} & set(asked))

    def _deciding(self, alert: Mapping[str, Any]) -> Rule | None:
        rules = (rule for rule in self._settings.rules if rule.escalate_to)
        return next((rule for rule in rules if self._is_about(rule, alert)), None)

    def _is_about(self, rule: Rule, alert: Mapping[str, Any]) -> bool:
        place = alert.get("location_id")
        return (
            self._lies_in((place,) if place else (), rule.locations)
            and _fits(str(alert.get("kind")), rule.kinds)
            and _fits(str(alert.get("severity")), rule.severities)
        )

    def _lies_in(self, places: Iterable[str], wanted: Collection[str]) -> bool:
        """Whether one of the places is wanted; what is about no place concerns everybody."""
        named = [{place, *self._around(place)} for place in places]
        return not wanted or not named or any(around & set(wanted) for around in named)

    def _after_quiet(self, rule: Rule, alert: Mapping[str, Any], at: datetime) -> datetime:
        quiet = rule.quiet(self.zone)
        return (quiet and quiet.until(at, str(alert.get("severity")))) or at


def _fits(value: str, wanted: Collection[str]) -> bool:
    return not wanted or value in wanted
