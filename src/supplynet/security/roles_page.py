"""The page ``docs/roles.md``, made from the table of who may do what.

``python -m supplynet.security.roles_page > docs/roles.md`` writes it; a test compares the two.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

from supplynet.security.access import JOBS, OPERATIONS, PERMISSIONS, Reach, Role
from supplynet.security.principal import BADGE_ROLES

_REACH = {
    Reach.OPEN: "also without signing in",
    Reach.OWN: "one's own account",
    Reach.ANY: "at whatever site",
    Reach.ROWS: "shows what belongs to one's sites",
    Reach.OBJECT: "at one's sites",
    Reach.PLANT: "for the whole plant only",
}
_INTRO = """\
# Who may do what

This page is made from `supplynet/security/access.py`, from which the server refuses and the tests
ask: `python -m supplynet.security.roles_page > docs/roles.md`. What is not in the table nobody may.

A person has one role or several, each at some sites or at all. A site is a warehouse or a showroom
with all stations and lines in it. Who is a picker at WH1 and a line leader at SR1 picks at WH1 and
answers anomalies at SR1, and neither the other way round. A token has its owner's permissions, or
those of them that it was made for, at the owner's sites or at fewer. A badge opens the work of
{badges}, and no other.
"""
_SITES = """\
## What belongs to which site

| what | belongs to | who may act on it |
| --- | --- | --- |
| order, shipment | where it leaves and where it goes: both see it | where it goes decides, \
receives, closes and reverses; where it leaves picks and ships, a purchase where it goes |
| stock, forecast, decision, diary | its place | |
| movement | both its ends: either sees it | who has both may undo it |
| alert, anomaly | its place; without one the whole plant | its site |
| event, report of stock | every place whose stock it moves | who has them all |
| network | places of one's sites, their lanes with both ends, the parts used there, \
all suppliers | |
| plan, control room | lines and stock points of one's sites, their shifts | |

What belongs to no site of the person is not found, in the words of what does not exist; of an order
that is seen but decided elsewhere the answer says where (403). A place in a request is the sender's
own word: one that is not theirs is refused (403), whether it exists or not, and nothing of the
request is taken. Explanations leave out what other sites wanted of the same short part. The change
feed says to everybody what kinds of figures moved. The scoreboard and alerts without a place are of
the whole plant: people of some sites do not see them.
"""


def page() -> str:
    """The whole page."""
    badges = " and ".join(sorted(f"{role.replace('_', ' ')}s" for role in BADGE_ROLES))
    return "\n".join(
        [
            _INTRO.format(badges=badges),
            "## Permissions\n",
            *_table(
                ("permission", "to", *(role.replace("_", " ") for role in Role)), _permissions()
            ),
            "",
            _SITES,
            "## Operations of the API\n",
            *_table(("operation", "permission", "reach"), _operations()),
            "",
            "## Long work\n",
            "A job needs `jobs.read`, and to be submitted or cancelled also:\n",
            *_table(("kind", "permission"), sorted((f"`{k}`", f"`{p}`") for k, p in JOBS.items())),
            "",
        ]
    )


def _permissions() -> Iterator[Sequence[str]]:
    for name, permission in PERMISSIONS.items():
        yield f"`{name}`", permission.says, *("x" if r in permission.roles else "" for r in Role)


def _operations() -> Iterator[Sequence[str]]:
    for name, row in sorted(OPERATIONS.items(), key=lambda item: (item[1].permission, item[0])):
        permission = f"`{row.permission}`" if row.permission else ""
        yield f"`{name}`", permission, _REACH[row.reach]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |".replace("|  |", "| |")


if __name__ == "__main__":
    sys.stdout.write(page())
