"""The checklist's part on who may come in, and what others could read."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

from supplynet.config import ENV_PREFIX, SECRETS
from supplynet.errors import NotFound
from supplynet.security.keyring import keyring_of
from supplynet.services.books import Books
from supplynet.services.checks import Check
from supplynet.services.front_door import exposed, is_loopback, tls_of
from supplynet.storage import users as user_store

SOON = timedelta(days=30)
_OTHERS = stat.S_IROTH | stat.S_IWOTH


def users(books: Books) -> Check:
    """Somebody can administrate."""
    with books.store.read() as tx:
        active = [user for user in user_store.list_users(tx) if user.is_active]
    whole = [user for user in active if user.administers_all]
    if not whole:
        step = "supplynet user add NAME --role administrator; or serve --local on this machine"
        found = f"{len(active)} active, none of them administrator of all sites"
        return Check(name="users", state="todo", found=found, next_step=step)
    found = f"{len(active)} active, {len(whole)} of them administrators"
    return Check(name="users", state="ready", found=found)


def keys(books: Books) -> Check:
    """The key file is there, whole, and only its owner's."""
    ring = keyring_of(books.workspace.folder)
    found = f"{ring.signing_id} signs"
    if ring.can_seal:
        return Check(name="keys", state="ready", found=f"{found}, {ring.sealing_id} seals")
    step = "supplynet keys new, to seal credentials, contacts and backups"
    return Check(name="keys", state="todo", found=f"{found}, none seals", next_step=step)


def tls(books: Books) -> Check:
    """The certificate can be used, and for a while yet."""
    settings, found = books.settings, tls_of(books)
    if found is None:
        if is_loopback(settings.host):
            said = "none; only this machine is served"
            return Check(name="TLS", state="ready", found=said)
        step = "set tls_certfile and tls_keyfile, or host = 127.0.0.1 behind a proxy with TLS"
        return Check(name="TLS", state="broken", found=exposed(settings), next_step=step)
    left = found.valid_until - books.wall_clock()
    said = f"{', '.join(found.names) or 'no name'}, until {found.valid_until:%Y-%m-%d}"
    mode = found.keyfile.stat().st_mode
    if mode & _OTHERS:
        step = f"chmod 600 {found.keyfile}"
        said = f"everybody may read the key {found.keyfile}"
        return Check(name="TLS", state="broken", found=said, next_step=step)
    if left < SOON:
        step = "renew the certificate and restart the server"
        said += f": {left.days} days"
        return Check(name="TLS", state="todo", found=said, next_step=step)
    return Check(name="TLS", state="ready", found=said)


def secrets(books: Books) -> Check:
    """No file with a secret can be read by everybody."""
    folder = books.workspace.folder
    open_files = [path for path in _secret_files(books) if path.stat().st_mode & _OTHERS]
    if open_files:
        names = " ".join(str(path) for path in open_files)
        return Check(
            name="secrets",
            state="broken",
            found=f"everybody may read or change {names}",
            next_step=f"chmod 640 {names}",
        )
    if folder.stat().st_mode & stat.S_IWOTH:
        found, step = f"everybody may write into {folder}", f"chmod o-w {folder}"
        return Check(name="secrets", state="broken", found=found, next_step=step)
    if books.store.is_sqlite and folder.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH):
        found = f"everybody on this machine may read the books in {folder}"
        return Check(name="secrets", state="todo", found=found, next_step=f"chmod 750 {folder}")
    return Check(name="secrets", state="ready", found="no file with a secret is open to everybody")


def dangerous_settings(books: Books) -> Check:
    """Nothing is set that gives protection away."""
    settings, found = books.settings, []
    if settings.insecure:
        found.append("insecure = true serves other machines without TLS")
    if settings.mqtt_url.startswith("mqtt://") and settings.mqtt_password:
        found.append("mqtt_url sends its password unencrypted: use mqtts://")
    if any(each in {"0.0.0.0/0", "::/0"} for each in settings.trusted_proxies):
        found.append("trusted_proxies believes everybody who says who asks")
    if settings.signal_private_hosts:
        hosts = ", ".join(settings.signal_private_hosts)
        found.append(f"signal_private_hosts lets signals reach into the plant's network: {hosts}")
    if found:
        step = "change them in supplynet.toml, unless the network around makes up for it"
        return Check(name="settings", state="todo", found="; ".join(found), next_step=step)
    return Check(name="settings", state="ready", found="nothing gives protection away")


def _secret_files(books: Books) -> list[Path]:
    """Files of this workspace that hold a secret."""
    folder = books.workspace.folder
    found = [folder / "supplynet.toml"] if _has_secret(books.workspace.settings_file) else []
    for name in SECRETS:
        named = os.environ.get(f"{ENV_PREFIX}{name.upper()}_FILE")
        if named:
            found.append(Path(named))
    return [path for path in found if path.is_file()]


def _has_secret(settings_file: Path) -> bool:
    """Whether ``supplynet.toml`` itself holds a password."""
    try:
        lines = settings_file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise NotFound("settings", str(settings_file)) from error
    said = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
    values = {name.strip(): value.strip().strip("\"'") for name, value in said}
    password = bool(values.get("mqtt_password"))
    return password or "@" in values.get("database_url", "")
