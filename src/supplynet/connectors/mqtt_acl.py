"""Who may say what at the MQTT broker: Mosquitto's ``acl`` and ``passwords`` files for a plant.

One user per station, per store of a showroom and per warehouse, which may publish below its own
place and read nothing; one user for SupplyNet, which may read all of it and publish nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from supplynet.connectors.mqtt_topics import ROOT
from supplynet.core.events import EventType
from supplynet.core.network import Location, LocationKind, Plant
from supplynet.errors import ConfigError, InvalidInput
from supplynet.files import write_atomically

ACL_FILE, PASSWORD_FILE = "acl", "passwords"
ROUNDS = 1000
"""Of PBKDF2 with SHA-512. Nobody guesses 192 random bits, and Mosquitto does them while all others
wait; its own tool does 101."""
_SALT_BYTES = 12
"""What Mosquitto 2.0 reads; with another length it lets nobody in."""
_HASH_BYTES, _PASSWORD_BYTES = 64, 24
_SENDERS = frozenset({LocationKind.STATION, LocationKind.SHOWROOM, LocationKind.WAREHOUSE})
_TYPES = frozenset(str(each) for each in EventType)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_KEPT = re.compile(r"[A-Za-z0-9._-]{1,64}:\$[67]\$[A-Za-z0-9+/=$]+\Z")
_HEAD = "# Made by `supplynet mqtt acl`, which overwrites it. Who is not named here may nothing.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttUser:
    """One user of the broker.

    Attributes:
        reads, writes: Filters of topics.
        password: A new one, to be shown once; "" = an old one was kept.
    """

    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    password: str = ""


def users_of(plant: Plant, reader: str) -> list[MqttUser]:
    """The users that a plant needs, without passwords; ``reader`` is SupplyNet's own.

    Raises:
        InvalidInput: The name of the reader cannot be used, or a place has it too.
    """
    if not _NAME.match(reader):
        raise InvalidInput(f"mqtt_username {reader!r}: use 1 to 64 of A-Z a-z 0-9 . _ -")
    found = [MqttUser(name=reader, reads=(f"{ROOT}/#",))]
    for place in plant.locations:
        if place.kind in _SENDERS:
            if place.location_id == reader:
                raise InvalidInput(
                    f"the place {reader} and SupplyNet's own user have one name; choose another "
                    "with mqtt_username"
                )
            found.append(MqttUser(name=place.location_id, writes=tuple(_topics(plant, place))))
    return found


def write_files(folder: Path, users: list[MqttUser], *, rotate: bool = False) -> list[MqttUser]:
    """Write both files; known users keep their passwords unless ``rotate``.

    Users that the plant no longer has are left out, so they can no longer sign in.

    Args:
        folder: Made if it is not there; only its owner and group may read what is written.
        users: All there shall be.
        rotate: Everybody gets a new password.

    Returns:
        The users, with the passwords that are new.

    Raises:
        ConfigError: ``passwords`` is there and is not ours to read.
    """
    known = {} if rotate else _known(folder / PASSWORD_FILE)
    lines, told = [], []
    for user in users:
        kept, password = known.get(user.name), ""
        if kept is None:
            password = secrets.token_urlsafe(_PASSWORD_BYTES)
            kept = f"{user.name}:{hashed(password)}"
        lines.append(kept)
        told.append(
            MqttUser(name=user.name, reads=user.reads, writes=user.writes, password=password)
        )
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / PASSWORD_FILE, "".join(f"{line}\n" for line in lines))
    _write(folder / ACL_FILE, _HEAD + "".join(map(_rules, users)))
    return told


def hashed(password: str, salt: bytes | None = None, rounds: int = ROUNDS) -> str:
    """``$7$rounds$salt$hash``: PBKDF2 with SHA-512, as Mosquitto 2 reads it."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds, _HASH_BYTES)
    return f"$7${rounds}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"


def _topics(plant: Plant, place: Location) -> Iterator[str]:
    """What may be published from a place: filters that reach no place that is not below it.

    ``SR1/ST1/#`` reaches every id that begins with ``SR1.ST1.``; where another place has such an
    id, or an id below the place begins otherwise, places are named one by one.
    """
    own = [place.location_id]
    if place.kind is LocationKind.STATION:
        own += [
            each.location_id
            for each in plant.locations
            if each is not place
            and plant.ancestor(each.location_id, LocationKind.STATION) == place.location_id
        ]
    prefix, last = f"{place.location_id}.", place.location_id.rpartition(".")[2]
    reached = {each.location_id for each in plant.locations if each.location_id.startswith(prefix)}
    # A station named like a type of events would otherwise speak for the place above it.
    whole = place.kind is LocationKind.STATION and reached <= set(own) and last not in _TYPES
    if whole:
        yield f"{ROOT}/{place.location_id.replace('.', '/')}/#"
        if place.location_id.startswith(f"{place.parent_id}."):
            yield f"{ROOT}/{place.parent_id}/{place.location_id}/#"  # each level an id of its own
    for location_id in own:
        cut = location_id.replace(".", "/")
        if cut != location_id and not whole:
            yield f"{ROOT}/{cut}/+"
        yield f"{ROOT}/{location_id}/+"


def _known(path: Path) -> Mapping[str, str]:
    """Lines of a password file by user."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; name another folder") from None
    for number, line in enumerate(lines, start=1):
        if not _KEPT.match(line):
            raise ConfigError(
                f"{path} line {number} is no user with a hashed password; make it with "
                "mosquitto_passwd, or name another folder"
            )
    return {line.partition(":")[0]: line for line in lines}


def _rules(user: MqttUser) -> str:
    rules = [f"topic read {each}" for each in user.reads]
    rules += [f"topic write {each}" for each in user.writes]
    return "\n".join(["", f"user {user.name}", *rules, ""])


def _write(path: Path, content: str) -> None:
    write_atomically(path, content.encode())
    path.chmod(0o640)
