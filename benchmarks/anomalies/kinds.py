"""Kinds: how often an incident is told as what it is, on plants that the tree was not learnt on.

``--learn FILE`` learns the tree again, from faults put into made plants and from the truth of the
scenario ``nasty``, and writes it: to ``src/supplynet/anomaly/kind_tree.json`` when it is better.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.anomalies.plant import recorded_plant
from benchmarks.anomalies.rows import Row

from supplynet.anomaly.kind_examples import Example, recorded_examples
from supplynet.anomaly.kind_learning import (
    UNSEEN,
    confusion,
    learn_default,
    plant_examples,
    right_by_kind,
)
from supplynet.cli.benchmarking import Setup

NASTY, NASTY_UNSEEN = (1, 2), (11,)
MODEL = "robust_seasonal"


def rows(setup: Setup) -> list[Row]:
    """What each kind was told as, and the share that was right."""
    tree = None
    written = setup.options.get("learn")
    if written:
        tree = learn_default(recorded=_recorded(NASTY))
        Path(str(written)).write_text(tree.as_json(), encoding="utf-8")
    unseen = UNSEEN[:1] if setup.quick else UNSEEN
    sets = {"faults put in": plant_examples(unseen, live=False)}
    if not setup.quick:
        sets["nasty"] = _recorded(NASTY_UNSEEN)
    found = []
    for name, examples in sets.items():
        counted = confusion(examples, tree)
        right = right_by_kind(counted)
        for kind, told in sorted(counted.items()):
            others = {other: count for other, count in told.items() if other != kind}
            found.append(
                {
                    "table": f"Kinds of incidents, {name}, unseen seeds",
                    "kind": kind,
                    "incidents": sum(told.values()),
                    "right": right[kind],
                    "told_as": others,
                }
            )
    return found


def _recorded(seeds: tuple[int, ...]) -> list[Example]:
    found: list[Example] = []
    for seed in seeds:
        panel, faults = recorded_plant(seed)
        found += recorded_examples(panel, faults, model=MODEL)
    return found
