"""Ids that are other ids in other spelling, told from the rows alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

RARE = 0.02
"""An id with at most this share of another's rows may be a mistake for it."""
_DASHES = re.compile(r"[\s\-_.]+")
_ALIKE = str.maketrans({"o": "0", "l": "1", "i": "1", "|": "1"})
_LONGEST_SUFFIX = 5


def other_spellings(rows: Mapping[str, int]) -> dict[str, str]:
    """Id to the more frequent one that was meant.

    Two ids are one where they differ only by letter case, spaces around, or the kind of dash. A
    rare id is also another one where they look alike (O and 0, l and 1, dashes left out), or where
    it is the other with letters at its end (``P-031-OLD``).

    Args:
        rows: Ids and how many rows have them, the most frequent first.
    """
    same: dict[str, str] = {}
    alike: dict[str, str] = {}
    found: dict[str, str] = {}
    for name, count in rows.items():
        usual = same.setdefault(_plain(name), name)
        if usual != name:
            found[name] = usual
            continue
        for meant in (alike.setdefault(_looks(name), name), *_without_suffix(name)):
            if meant != name and meant not in found and 0 < count <= RARE * rows.get(meant, 0):
                found[name] = meant
                break
    return found


def _plain(name: str) -> str:
    return _DASHES.sub("-", name.strip().casefold())


def _looks(name: str) -> str:
    return _DASHES.sub("", name.casefold()).translate(_ALIKE)


def _without_suffix(name: str) -> list[str]:
    """The id without one to five letters at its end."""
    shorter = []
    for cut in range(1, min(_LONGEST_SUFFIX, len(name) - 1) + 1):
        if not name[-cut].isalpha():
            break
        shorter += [name[:-cut], name[:-cut].rstrip(" -_.")]
    return shorter
