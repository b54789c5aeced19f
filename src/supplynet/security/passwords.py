"""Passwords: argon2id, rules that help, and never more than a few hashes at once."""

from __future__ import annotations

import base64
import os
import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from supplynet.errors import InvalidInput, TooManyRequests

SHORTEST, LONGEST = 12, 128
"""Characters. No rules of composition: they make passwords worse (NIST SP 800-63B, 5.1.1.2)."""
_HASH_BYTES, _SALT_BYTES = 32, 16
_BUSY_SECONDS = 2.0
_WORDS = (
    *("password", "passwort", "passphrase", "kennwort", "motdepasse", "contrasena", "senha"),
    *("letmein", "iloveyou", "welcome", "willkommen", "changeme", "trustno", "secret", "geheim"),
    *("administrator", "admin", "adminadmin", "superuser", "supervisor", "operator", "default"),
    *("qwerty", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm"),
    *("football", "baseball", "princess", "sunshine", "superman", "starwars", "dragon", "monkey"),
    *("supplynet", "warehouse", "production", "logistics", "factory", "summer", "winter", "spring"),
    *("passwordpassword", "correcthorsebatterystaple", "thisismypassword", "opensesame"),
)
_ROWS = (
    *("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "qwertzuiop", "azertyuiop"),
    *("asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv"),
)
_LOOK_ALIKE = str.maketrans("@4031!5$7", "aaoeiisst")
_REPEATED = re.compile(r"(.{1,4})\1+.{0,3}\Z", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one hash costs: 46 MiB twice over, a tenth of a second (RFC 9106; OWASP asks for once).

    Attributes:
        memory_kib: Memory of one hash, KiB, >= 8.
        passes: Times over that memory, >= 1.
    """

    memory_kib: int = 47_104
    passes: int = 2


@dataclass(frozen=True, eq=False, kw_only=True)
class Passwords:
    """Hashes and compares; safe to share between threads.

    Attributes:
        cost: Of a new hash; one with another cost is hashed anew when its owner signs in.
        at_once: Hashes that are computed at the same time.
        waiting: Callers that may wait for their turn; one more is sent away.
    """

    cost: Cost = field(default_factory=Cost)
    at_once: int = 2
    waiting: int = 2
    _hasher: PasswordHasher = field(init=False, repr=False)
    _turns: threading.Semaphore = field(init=False, repr=False)
    _room: threading.Semaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        hasher = PasswordHasher(
            time_cost=self.cost.passes,
            memory_cost=self.cost.memory_kib,
            parallelism=1,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )
        object.__setattr__(self, "_hasher", hasher)
        object.__setattr__(self, "_turns", threading.Semaphore(self.at_once))
        object.__setattr__(self, "_room", threading.Semaphore(self.at_once + self.waiting))

    def hash(self, password: str) -> str:
        """The hash to keep, with its salt and cost in it.

        Raises:
            TooManyRequests: Too many others sign in at this moment.
        """
        with self._turn():
            return self._hasher.hash(_bytes(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether ``password`` is the one that ``kept`` is the hash of.

        Takes as long for None (nobody, or nobody with a password) as for a wrong password.

        Raises:
            TooManyRequests: Too many others sign in at this moment.
        """
        with self._turn():
            try:
                return self._hasher.verify(kept or self._nobody(), _bytes(password))
            except (VerificationError, InvalidHashError):
                return False

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made at another cost."""
        return self._hasher.check_needs_rehash(kept)

    def _nobody(self) -> str:
        """A hash of nothing that anybody could type; made of random bytes, not computed."""
        salt, digest = (_base64(os.urandom(size)) for size in (_SALT_BYTES, _HASH_BYTES))
        cost = f"m={self.cost.memory_kib},t={self.cost.passes},p=1"
        return f"$argon2id$v=19${cost}${salt}${digest}"

    @contextmanager
    def _turn(self) -> Iterator[None]:
        # Guessers must take neither all processors nor all threads that answer requests.
        if not self._room.acquire(blocking=False):
            raise TooManyRequests("too many people sign in at once; try again", _BUSY_SECONDS)
        try:
            with self._turns:
                yield
        finally:
            self._room.release()


def check_password(password: str, *names: str) -> str:
    """Return ``password`` when it may be somebody's.

    Args:
        password: Any characters, spaces too.
        names: Of the person: none may be in the password.

    Raises:
        InvalidInput: Too short, too long, easy to guess, or with a name in it.
    """
    length = len(password)
    if not SHORTEST <= length <= LONGEST:
        raise InvalidInput(
            f"a password has {SHORTEST} to {LONGEST} characters, not {length}; "
            "four words that do not belong together are a good one"
        )
    plain = unicodedata.normalize("NFKC", password).casefold()
    words = {word for name in names for word in (name, *name.split())}
    for word in sorted(words):
        if len(word) >= 3 and word.casefold() in plain:
            raise InvalidInput(f"the password has the name {word!r} in it; choose another")
    if _is_common(plain):
        raise InvalidInput(
            "this password is among the first that are guessed; four words that do not belong "
            "together are a good one"
        )
    return password


def _is_common(plain: str) -> bool:
    """Whether it is a well-known word with trimmings, one piece repeated, or a row of keys."""
    core = re.sub(r"[^a-z]", "", plain.strip("0123456789!?.,;:-_#*+$&% ").translate(_LOOK_ALIKE))
    bare = re.sub(r"[^a-z]", "", plain)
    if {core, bare} & set(_WORDS) or _REPEATED.fullmatch(plain):
        return True
    return any(_is_row(plain, row) for each in _ROWS for row in (each, each[::-1]))


def _is_row(plain: str, row: str) -> bool:
    """Whether it goes along a row of keys, starting again at its end."""
    return plain in row * (LONGEST // len(row) + 2)


def _bytes(password: str) -> bytes:
    """The same for the same characters, however a keyboard composes them (NFC)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode().rstrip("=")
