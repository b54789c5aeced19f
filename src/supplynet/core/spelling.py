"""What somebody who misspelt a name probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(wanted: str, known: Iterable[str]) -> str | None:
    """The name in ``known`` most like ``wanted``, other letter case first; None when none is.

    It compares with every name: tens of milliseconds for thousands of them.
    """
    names = list(known)
    folded = wanted.casefold()
    same = [name for name in names if name.casefold() == folded]
    matches = same or get_close_matches(wanted, names, n=1)
    return matches[0] if matches else None
