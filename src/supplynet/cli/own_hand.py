"""Whoever may write the workspace's files is trusted, and is in the audit log by his own name."""

from __future__ import annotations

import getpass
import os
import sys
from typing import TYPE_CHECKING

from supplynet.errors import InvalidInput

if TYPE_CHECKING:
    from supplynet.security.principal import Principal


def at_the_machine() -> Principal:
    """Who types: ``cli:ana``, with every right."""
    from supplynet.security.principal import local_administrator

    return local_administrator(f"cli:{_os_user()}")


def typed_password(*, from_stdin: bool) -> str:
    """A password from standard input, or typed twice at the terminal; never an option's value.

    Raises:
        InvalidInput: Nothing to read it from, or typed differently.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InvalidInput("no terminal to type a password at; use --password-stdin or --generate")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        raise InvalidInput("the two are not the same; nothing was changed")
    return first


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user need not have a name
        return f"uid-{os.getuid()}"
