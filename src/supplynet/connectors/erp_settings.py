"""``erp.toml`` of a workspace: where the ERP is, who we are there, what its places are to us."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from supplynet.core.ids import check_id
from supplynet.errors import ConfigError, InvalidInput, SealError
from supplynet.outbound.hosts import split
from supplynet.security.keyring import keyring_of

ERP_FILE = "erp.toml"
CONTEXT = f"{ERP_FILE} key"
"""What a key is sealed for."""


class ErpSettings(BaseModel):
    """Frozen; an unknown key or a bad value is refused.

    Attributes:
        system: Whose interface it is.
        url: Of the server, without a path; https unless it is on this machine. No other host is
            ever asked.
        private_host: Whether it may lie in a private network or on this machine.
        database, user: As Odoo knows them.
        key_env, key_file: Environment variable, or file (a relative one in the workspace), with
            the password or API key.
        key_sealed: The password or API key itself, as ``supplynet keys seal`` prints it.
        locations: Our stock point to the full name of their location (``WH/Stock``).
        suppliers: Our supplier to the name of their partner.
        parts: Our part to their internal reference, where that is another.
        confirm: Whether orders are confirmed there; else they wait there for a person.
        page_rows: Rows asked for at once.
        timeout_seconds: For one call.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str = Field(pattern="^odoo$")
    url: str
    private_host: bool = False
    database: str = Field(min_length=1)
    user: str = Field(min_length=1)
    key_env: str = ""
    key_file: str = ""
    key_sealed: str = Field(default="", repr=False, pattern="^(sealed:.*)?$")
    locations: dict[str, str] = Field(min_length=1)
    suppliers: dict[str, str] = Field(default_factory=dict)
    parts: dict[str, str] = Field(default_factory=dict)
    confirm: bool = False
    page_rows: int = Field(default=500, ge=1, le=10_000)
    timeout_seconds: float = Field(default=30.0, gt=0, le=600)

    @model_validator(mode="after")
    def _fits(self) -> ErpSettings:
        if sum(map(bool, (self.key_env, self.key_file, self.key_sealed))) != 1:
            raise ValueError("say key_env, key_file or key_sealed, one of them")
        for name in ("locations", "suppliers", "parts"):
            theirs: dict[str, str] = {}
            for ours, their in getattr(self, name).items():
                check_id(ours, f"{name} key")
                if not their or their in theirs:
                    raise ValueError(f"{name}: {their!r} must be there once and not be empty")
                theirs[their] = ours
        return self


def read_erp_settings(folder: Path) -> ErpSettings:
    """The ERP settings of the workspace in ``folder``.

    Raises:
        ConfigError: There are none, or they cannot be used.
    """
    path = folder / ERP_FILE
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no {path}; see docs/erp.md for what it says") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    try:
        settings = ErpSettings(**found)
        split(settings.url)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(step) for step in first["loc"])
        raise ConfigError(f"{path}: {key or 'it'}: {first['msg']}") from None
    except InvalidInput as error:
        raise ConfigError(f"{path}: url: {error}") from error
    return settings


def sealed_values(folder: Path) -> dict[str, str]:
    """The sealed value of the file in ``folder``, if it has one, with its context.

    Raises:
        ConfigError: As for ``read_erp_settings``, where there is a file.
    """
    if not (folder / ERP_FILE).exists():
        return {}
    text = read_erp_settings(folder).key_sealed
    return {text: CONTEXT} if text else {}


def read_key(settings: ErpSettings, folder: Path, environment: Mapping[str, str]) -> str:
    """The password or API key; it stands in no message and no log.

    Raises:
        ConfigError: It is not there.
    """
    if settings.key_env:
        key = environment.get(settings.key_env, "")
        where = f"the environment variable {settings.key_env}"
    elif settings.key_sealed:
        where = f"key_sealed in {ERP_FILE}"
        try:
            key = keyring_of(folder).open_text(settings.key_sealed, CONTEXT)
        except SealError as error:
            raise ConfigError(str(error)) from None
    else:
        path = folder / settings.key_file
        where = str(path)
        try:
            key = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the key of the ERP cannot be read from {where}") from error
    if not key:
        raise ConfigError(f"the key of the ERP is empty; put it into {where}")
    return key
