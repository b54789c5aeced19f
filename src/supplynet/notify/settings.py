"""``notify.toml`` as data: channels, rules, and the hosts that may be reached."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic import model_validator as after_all

from supplynet.core.orders import OrderState
from supplynet.core.spelling import nearest
from supplynet.notify.apprise_urls import check_template
from supplynet.notify.quiet import QuietHours
from supplynet.security.keyring import is_sealed_text

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Severity = Literal["critical", "warning", "info"]
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _listed(value: Any) -> Any:
    """``"a"`` is short for ``["a"]``."""
    return (value,) if isinstance(value, str) else value


class _Quiet(_Table):
    """Hours of rest.

    Attributes:
        quiet_hours: ``"22:00-06:00"`` in the file's time zone; empty = none.
        critical_passes: Whether critical alerts are sent in these hours all the same.
    """

    quiet_hours: str = ""
    critical_passes: bool = True

    @field_validator("quiet_hours")
    @classmethod
    def _are_hours(cls, text: str) -> str:
        if text and (not _HOURS.fullmatch(text) or text[:5] == text[6:]):
            raise ValueError(f"{text!r} is no stretch of a day; write it like 22:00-06:00")
        return text

    def quiet(self, zone: ZoneInfo) -> QuietHours | None:
        """The hours, in ``zone``."""
        if not self.quiet_hours:
            return None
        start, end = (time.fromisoformat(each) for each in self.quiet_hours.split("-"))
        return QuietHours(start=start, end=end, zone=zone, critical_passes=self.critical_passes)


class Channel(_Quiet):
    """What every channel has.

    Attributes:
        name: Unique.
        messages: Kinds of messages that it wants.
        severities, alert_kinds: Alerts that it wants; empty = all.
        order_states: Orders that it wants by the state that they reach; empty = all.
        locations: Only what is about these places or places in them; empty = all.
        role: Who reads it; then the rules of that role say which alerts it gets.
        secret_env, secret_file: Environment variables or files with its secrets, the newest first.
        secret_sealed: Secrets themselves, as ``supplynet keys seal`` prints them.
    """

    name: Name
    messages: tuple[Literal["order", "alert"], ...] = ("order", "alert")
    severities: tuple[Severity, ...] = ()
    alert_kinds: tuple[str, ...] = ()
    order_states: tuple[OrderState, ...] = ()
    locations: tuple[str, ...] = ()
    role: Name | None = None
    secret_env: tuple[str, ...] = ()
    secret_file: tuple[str, ...] = ()
    secret_sealed: tuple[str, ...] = Field(default=(), repr=False)

    _lists = field_validator(
        "messages",
        "severities",
        "alert_kinds",
        "order_states",
        "locations",
        "secret_env",
        "secret_file",
        "secret_sealed",
        mode="before",
    )(_listed)

    @field_validator("secret_sealed")
    @classmethod
    def _are_sealed(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        if not all(is_sealed_text(text) for text in texts):
            raise ValueError("a secret stands here only sealed: see supplynet keys seal")
        return texts


class WebhookChannel(Channel):
    """POSTs JSON to ``url``, signed by its secrets (Standard Webhooks)."""

    kind: Literal["webhook"]
    url: str = Field(min_length=1, max_length=2000)

    @after_all(mode="after")
    def _is_signed(self) -> Self:
        if not (self.secret_env or self.secret_file or self.secret_sealed):
            raise ValueError("a webhook is signed: name its secret by secret_env or secret_file")
        return self


class FileChannel(Channel):
    """Writes one JSON file per message into ``folder``; a relative one is in the workspace."""

    kind: Literal["file"]
    folder: str = Field(min_length=1, max_length=2000)

    @field_validator("folder")
    @classmethod
    def _is_path(cls, text: str) -> str:
        if not text.isprintable():
            raise ValueError("a folder's name is printable")
        return text


class AppriseChannel(Channel):
    """Writes to people: mail, chat, push, SMS; ``{secret}`` in ``url`` stands for its secret."""

    kind: Literal["apprise"]
    url: str = Field(min_length=1, max_length=2000)
    messages: tuple[Literal["order", "alert"], ...] = ("alert",)

    @after_all(mode="after")
    def _is_allowed(self) -> Self:
        check_template(self.url)
        named = len(self.secret_env) + len(self.secret_file) + len(self.secret_sealed)
        if ("{secret}" in self.url) != (named == 1):
            raise ValueError(
                "{secret} in the url stands for the one secret that secret_env or secret_file names"
            )
        return self


AnyChannel = WebhookChannel | FileChannel | AppriseChannel
CHANNEL_KINDS: dict[str, type[AnyChannel]] = {
    "webhook": WebhookChannel,
    "file": FileChannel,
    "apprise": AppriseChannel,
}


class Rule(_Quiet):
    """Which alerts a role gets, and who gets them next when nobody answers.

    Attributes:
        role: Of channels.
        locations, kinds, severities: Alerts that it is about; empty = all.
        escalate_after_minutes: So long without acknowledgement, for each step.
        escalate_to: Roles or channels, one after the other.
    """

    role: Name
    locations: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    escalate_after_minutes: int | None = Field(default=None, ge=1, le=7 * 24 * 60)
    escalate_to: tuple[Name, ...] = ()

    _lists = field_validator("locations", "kinds", "severities", "escalate_to", mode="before")(
        _listed
    )

    @after_all(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.escalate_to) != (self.escalate_after_minutes is not None):
            raise ValueError("escalate_after_minutes and escalate_to go together")
        return self


class NotifySettings(_Table):
    """Everything in ``notify.toml``.

    Attributes:
        allow_hosts: ``name`` or ``name:port`` that webhooks and apprise may reach.
        allow_private_hosts: Those that may lie in a private network or on this machine.
        time_zone: Of quiet hours and of clock times in texts; None = the plant's.
        give_up_after_hours: So long a message is tried before it is dead.
        keep_days: How long sent and dead messages are kept.
    """

    allow_hosts: tuple[str, ...] = ()
    allow_private_hosts: tuple[str, ...] = ()
    time_zone: str | None = None
    give_up_after_hours: float = Field(default=48.0, gt=0, le=30 * 24, allow_inf_nan=False)
    keep_days: int = Field(default=30, ge=1, le=3650)
    channels: tuple[AnyChannel, ...] = ()
    rules: tuple[Rule, ...] = ()

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                ZoneInfo(name)
            except (OSError, ValueError, KeyError):
                raise ValueError(f"{name!r} is no time zone; write Europe/Berlin") from None
        return name

    @after_all(mode="after")
    def _names_are_known(self) -> Self:
        names = [channel.name for channel in self.channels]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two channels are named {twice!r}; a name is used once")
        roles = {channel.role for channel in self.channels if channel.role}
        for rule in self.rules:
            _check_known("role", rule.role, roles)
            for target in rule.escalate_to:
                _check_known("role or channel", target, roles | set(names))
        spoken_to = {rule.role for rule in self.rules}
        spoken_to |= {target for rule in self.rules for target in rule.escalate_to}
        for channel in self.channels:
            if channel.role and not {channel.role, channel.name} & spoken_to:
                raise ValueError(
                    f"channel {channel.name!r} would never get an alert: no [[rule]] has role = "
                    f"{channel.role!r} or escalates to it; add one, or leave its role out"
                )
        return self

    def channel(self, name: str) -> AnyChannel | None:
        """The channel of that name."""
        return next((each for each in self.channels if each.name == name), None)


def _check_known(what: str, name: str, known: set[str]) -> None:
    if name in known:
        return
    near = nearest(name, known)
    hint = f"did you mean {near!r}?" if near else "give some [[channel]] that role"
    raise ValueError(f"no channel has the {what} {name!r}; {hint}")
