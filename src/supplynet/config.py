"""Settings: ``supplynet.toml`` in the workspace, then ``SUPPLYNET_*`` variables, which win.

A secret may also lie in a file of its own: ``SUPPLYNET_MQTT_PASSWORD_FILE=/run/secrets/mqtt``.

They are read once, at the top of a command or server, and handed down; nothing here reads
anything at import.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterable, Set
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError

from supplynet.errors import ConfigError

SETTINGS_FILE = "supplynet.toml"
ENV_PREFIX = "SUPPLYNET_"
_NOT_SETTINGS = frozenset({"WORKSPACE", "KEYS", "PAGES"})
"""``SUPPLYNET_`` variables that say where settings, keys and pages are, and so are no settings."""
_SQLITE = "sqlite:///"
SECRETS = ("database_url", "mqtt_password")
"""Settings that may lie in a file, which ``SUPPLYNET_<NAME>_FILE`` names."""
_LONGEST_SECRET = 10_000


class Settings(BaseSettings):
    """Everything that can be set. Frozen; an unknown key or a bad value is refused.

    Attributes:
        database_url: SQLAlchemy URL; ``sqlite:///file`` is relative to the workspace.
        host, port: Where ``serve`` listens.
        tls_certfile, tls_keyfile: Of the server, PEM, relative to the workspace; empty = no TLS.
        insecure: Serve other machines without TLS: passwords can then be read on the way.
        allowed_hosts: Names that a request may call this server by; empty = the address that it
            listens on, this machine's names and those of the loopback.
        trusted_proxies: Addresses or networks of reverse proxies that are believed when they say
            who asks.
        proxy_header: The header in which they say it; they must set it, whatever a client sent.
        rate_per_minute: Requests of one user or token in a minute.
        address_rate_per_minute: Requests from one address in a minute, signed in or not.
        dear_rate_per_minute: Requests of one user for what takes seconds, in a minute.
        sign_in_rate_per_minute: Attempts to sign in from one address in a minute.
        largest_import_mb: Most that one file to import may have, in mebibytes.
        stop_delay_seconds: How long a server that was told to stop still answers, not ready.
        log_format: ``text`` for people, ``json`` for programs; one line each, on stderr.
        log_level: The least that is logged.
        automation_mode: ``suggest`` waits for a person, ``auto_below`` approves its own proposals
            up to the limits below, ``auto`` all of them. A supply rule may name its own.
        auto_limit_containers: Most containers of one order that ``auto_below`` approves.
        auto_limit_cost: Most that one order may be worth, by ``unit_cost``; None = no such limit.
        auto_spend_per_day: Most that the orders which automation releases within 24 hours may be
            worth; what goes beyond waits for a person. None = no cap.
        four_eyes_cost: What is worth more is released by two people, never by automation; None =
            one is always enough. A part of unknown cost counts as worth more, here and above.
        audit_anchor_file: A second file that the signed heads of the audit log go to, best on
            another disk or share; empty = only the one in the workspace.
        policy: Name in the registry of policies.
        model: Name in the registry of forecasting models.
        paths: Sample paths per decision.
        keep_decisions_days: How long decision records are kept; nobody can delete them earlier.
        target_halts_per_line_month: What the policy is tuned to: halts per line in 30 days.
        lost_minute_cost: What a lost minute of a line costs, in the currency of ``unit_cost``; it
            sets how sure each part has to be, in place of the target. None = the target does.
        holding_rate_per_year: Cost of holding a part for a year, as a share of its unit cost.
        purchase_alpha: Warehouses buy up to this quantile of the forecast of all that they supply;
            0 = by the levels of the purchase rules.
        anomaly_alarms_per_week: False alarms about odd consumption that are put up with in a week,
            over the whole plant; 0 = nothing is watched.
        anomaly_hold: Automation holds back what an unanswered anomaly has made up for certain.
        anomaly_unseen: Forecasts leave out odd values that nobody has answered, for three days at
            most.
        seed: Start of every random generator.
        worker_threads: Threads that answer HTTP requests.
        worker_processes: Processes that train, forecast and simulate side by side.
        signal_hosts: Hosts that may be asked for outside signals; ``shipped`` stands for those of
            the definitions that come with SupplyNet.
        signal_private_hosts: Those of them that may lie in a private network or on this machine.
        market_providers: Providers of prices that are tried in turn after the workspace's files.
        clock_skew_minutes: How far ahead of the books' clock a sender's clock may go.
        drop_folder: Files of events that are put here are taken in; empty = none.
        backup_folder: Where scheduled backups go; empty = ``backups`` in the workspace.
        backup_every_hours: How often ``serve`` backs up; 0 = never.
        backup_keep: How many backups are kept, beside one a week for eight weeks.
        mqtt_url: ``mqtt://host:1883`` or ``mqtts://host:8883``; empty = no broker.
        mqtt_username, mqtt_password: For the broker; empty = none.
        mqtt_ca_file: Certificates that a broker with TLS is checked against; empty = the system's.
        mqtt_client_id: Keeps the broker's queue for us while we are away; one per installation.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=ENV_PREFIX)

    database_url: str = Field(default="sqlite:///supplynet.db", min_length=1, repr=False)
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8321, ge=1, le=65535)
    tls_certfile: str = ""
    tls_keyfile: str = ""
    insecure: bool = False
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    proxy_header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"
    rate_per_minute: int = Field(default=1200, ge=1, le=1_000_000)
    address_rate_per_minute: int = Field(default=3000, ge=1, le=1_000_000)
    dear_rate_per_minute: int = Field(default=30, ge=1, le=1_000_000)
    sign_in_rate_per_minute: int = Field(default=20, ge=1, le=1_000_000)
    largest_import_mb: int = Field(default=64, ge=1, le=4096)
    stop_delay_seconds: float = Field(default=0.0, ge=0, le=300, allow_inf_nan=False)
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    automation_mode: Literal["suggest", "auto_below", "auto"] = "suggest"
    auto_limit_containers: int = Field(default=10, ge=0)
    auto_limit_cost: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    auto_spend_per_day: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    four_eyes_cost: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    audit_anchor_file: str = ""
    policy: str = Field(default="no_stockout", min_length=1)
    model: str = Field(default="lightgbm", min_length=1)
    paths: int = Field(default=500, ge=1, le=100_000)
    keep_decisions_days: int = Field(default=90, ge=1, le=36_500)
    target_halts_per_line_month: float = Field(default=0.02, gt=0, allow_inf_nan=False)
    lost_minute_cost: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    holding_rate_per_year: float = Field(default=0.25, gt=0, allow_inf_nan=False)
    purchase_alpha: float = Field(default=0.0, ge=0, lt=1)
    anomaly_alarms_per_week: float = Field(default=35.0, ge=0, allow_inf_nan=False)
    anomaly_hold: bool = True
    anomaly_unseen: bool = True
    seed: int = Field(default=1, ge=0)
    worker_threads: int = Field(default=8, ge=1, le=1000)
    worker_processes: int = Field(default=2, ge=1, le=1000)
    signal_hosts: tuple[str, ...] = ("shipped",)
    signal_private_hosts: tuple[str, ...] = ()
    market_providers: tuple[str, ...] = ("stooq", "alpha_vantage")
    clock_skew_minutes: int = Field(default=10, ge=0, le=24 * 60)
    drop_folder: str = ""
    backup_folder: str = ""
    backup_every_hours: int = Field(default=24, ge=0, le=24 * 31)
    backup_keep: int = Field(default=14, ge=1, le=1000)
    mqtt_url: str = ""
    mqtt_username: str = ""
    mqtt_password: str = Field(default="", repr=False)
    mqtt_ca_file: str = ""
    mqtt_client_id: str = Field(default="supplynet", pattern=r"^[A-Za-z0-9._-]{1,64}$")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class names it
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: ``Settings(seed=2)`` means 2, whatever the environment says."""
        return (init_settings,)


def load_settings(folder: Path) -> Settings:
    """The settings of the workspace in ``folder``; the file may be missing.

    Raises:
        ConfigError: A file that is not TOML, an unknown key, or a value that cannot be used.
    """
    path = folder / SETTINGS_FILE
    from_file = _read_toml(path)
    _refuse_unknown(from_file, str(path), prefix="")
    names = (name.upper() for name in os.environ)
    in_environment = {
        name.removeprefix(ENV_PREFIX) for name in names if name.startswith(ENV_PREFIX)
    }
    in_environment -= _NOT_SETTINGS | {f"{name.upper()}_FILE" for name in SECRETS}
    _refuse_unknown((n.lower() for n in in_environment), "the environment", prefix=ENV_PREFIX)
    secrets = _secrets_in_files(in_environment)
    try:
        settings = Settings(**{**from_file, **EnvSettingsSource(Settings)(), **secrets})
    except ValidationError as error:
        raise ConfigError(_first_line(error)) from None
    except SettingsError as error:
        # A list in the environment is written as JSON: SUPPLYNET_SIGNAL_HOSTS='["a.org"]'.
        raise ConfigError(f"{error}; write lists as JSON") from error
    return settings.model_copy(update={"database_url": _absolute(settings.database_url, folder)})


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def _secrets_in_files(in_environment: Set[str]) -> dict[str, str]:
    found = {}
    for name in SECRETS:
        variable = f"{ENV_PREFIX}{name.upper()}_FILE"
        path = os.environ.get(variable)
        if path is None:
            continue
        if name.upper() in in_environment:
            raise ConfigError(f"{variable} and {ENV_PREFIX}{name.upper()} are both set; keep one")
        found[name] = _secret(variable, Path(path))
    return found


def _secret(variable: str, path: Path) -> str:
    """The content of a file that only its owner and group may read, without its last newline."""
    try:
        mode = path.stat().st_mode
        if mode & stat.S_IROTH:
            raise ConfigError(f"{variable}: everybody may read {path}; run: chmod 640 {path}")
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ConfigError(f"{variable}: {path} cannot be read: {why}") from None
    if not content.strip() or len(content) > _LONGEST_SECRET:
        raise ConfigError(f"{variable}: {path} holds no secret of 1 to {_LONGEST_SECRET} bytes")
    return content.removesuffix("\n").removesuffix("\r")


def _refuse_unknown(keys: Iterable[str], where: str, *, prefix: str) -> None:
    known = list(Settings.model_fields)
    for key in sorted(keys):
        if key in known:
            continue
        near = get_close_matches(key, known, n=1, cutoff=0.0)[0]
        name, right = (key, near) if not prefix else (prefix + key.upper(), prefix + near.upper())
        raise ConfigError(f"unknown setting {name!r} in {where}; did you mean {right!r}?")


def _first_line(error: ValidationError) -> str:
    """The first mistake, without the value: it may hold a password."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(step) for step in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"setting {key!r}: {first['msg']}{more}"


def _absolute(url: str, folder: Path) -> str:
    """``sqlite:///supplynet.db`` is a file in the workspace, wherever the program was started."""
    if not url.startswith(_SQLITE):
        return url
    file = url.removeprefix(_SQLITE)
    if not file or file == ":memory:":
        raise ConfigError(
            "setting 'database_url': an SQLite database in memory is lost at the end and cannot be "
            "shared; name a file, such as sqlite:///supplynet.db"
        )
    return _SQLITE + str((folder / file).resolve())
