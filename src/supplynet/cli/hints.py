"""What the library says of a choice, as it is typed on the command line."""

from __future__ import annotations

import re
import shlex

CHOICES = (
    *("duplicates", "brackets", "negatives", "fractions", "gaps", "thousands"),
    *("date_order", "on_error", "time_zone"),
)
"""Fields of an import's options that are options of ``supplynet import`` too."""
_CHOSEN = re.compile(rf"\b({'|'.join(CHOICES)})='((?:[^']|'(?='))*)'")

_MAPPED = re.compile(r"\bmap (another )?(?:with )?(\w+)=COLUMN\b")


def as_options(text: str) -> str:
    """``brackets='negative'`` as ``--brackets negative``; all else stays as it is."""

    def option(found: re.Match[str]) -> str:
        return f"--{found[1].replace('_', '-')} {shlex.quote(found[2])}"

    text = _MAPPED.sub(r"name \1with --map \2=COLUMN", text)
    return _CHOSEN.sub(option, text).replace("choose clean_ids", "choose --clean-ids")
