"""One line of the checklist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_MARKS = {"ready": "ok  ", "todo": "todo", "broken": "FAIL"}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the getting-started checklist.

    Attributes:
        state: ``ready``, ``todo`` (not done yet) or ``broken`` (done, and wrong).
        found: What was found, in a sentence.
        next_step: What to do about it; empty when ready.
    """

    name: str
    state: Literal["ready", "todo", "broken"]
    found: str
    next_step: str = ""

    @property
    def line(self) -> str:
        """For people."""
        hint = f"  -> {self.next_step}" if self.next_step else ""
        return f"{_MARKS[self.state]}  {self.name}: {self.found}{hint}"
