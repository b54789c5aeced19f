"""Who sits at the command line, for the audit log."""

from __future__ import annotations

import getpass
import os
from functools import cache

_LONGEST = 100


@cache
def person() -> str:
    """``cli:ana`` for the machine's user ``ana``, by its account and not by a variable it sets."""
    return f"cli:{_account().replace('/', '-')[:_LONGEST]}"


def _account() -> str:
    try:
        import pwd
    except ImportError:  # not on this kind of system
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name
        return str(os.getuid())
