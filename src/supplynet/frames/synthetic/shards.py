"""A world in pieces: each is some lines over all days, complete in itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from supplynet.core.network import Plant
from supplynet.frames.synthetic.defects import Raw, with_defects
from supplynet.frames.synthetic.demand import Generated, generate_demand
from supplynet.frames.synthetic.history import SyntheticHistory, history_of
from supplynet.frames.synthetic.machine_events import MachineEvents, machine_events
from supplynet.frames.synthetic.scenario import Defects, Scenario

ROWS_PER_SHARD = 3_000_000
"""Less than a gigabyte while it is made."""
EVENT_DAYS = timedelta(days=28)
"""There are many more events than rows."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Shard:
    """Some lines of a world.

    Attributes:
        made: What they want.
        history: What a careful plant records of it.
        raw: What a sloppy one exports; None where the scenario has no defects.
        events: What machines report of the last ``EVENT_DAYS``; None where the scenario's events
            are neither late nor repeated.
    """

    made: Generated
    history: SyntheticHistory
    raw: Raw | None
    events: MachineEvents | None

    @property
    def effects(self) -> pl.DataFrame:
        """Everything that was put in: of demand, supply and records."""
        mistakes = [each.effects for each in (self.raw, self.events) if each is not None]
        return pl.concat([self.history.effects, *mistakes])


def shard_lines(
    scenario: Scenario, plant: Plant, *, rows: int = ROWS_PER_SHARD
) -> list[tuple[str, ...]]:
    """The plant's lines in order, dealt into shards of about ``rows`` rows or one line each."""
    parts: dict[str, set[str]] = {}
    for need in plant.requirements:
        parts.setdefault(need.line_id, set()).add(need.part_id)
    per_series = scenario.days * scenario.plant.shifts_per_day
    shards: list[tuple[str, ...]] = []
    mine: list[str] = []
    held = 0
    for line in sorted(parts):
        size = len(parts[line]) * per_series
        if mine and held + size > rows:
            shards.append(tuple(mine))
            mine, held = [], 0
        mine.append(line)
        held += size
    return [*shards, tuple(mine)] if mine else shards


def generate_shard(scenario: Scenario, seed: int, plant: Plant, lines: tuple[str, ...]) -> Shard:
    """The shard of those lines; it equals their rows of any other shard that has them.

    Raises:
        InvalidInput: The scenario's lead times cannot be, or there is no shift in its days.
        NotFound: A line has no requirements.
    """
    made = generate_demand(
        plant,
        start=scenario.start,
        days=scenario.days,
        seed=seed,
        shape=scenario.demand,
        plan=scenario.plan,
        lines=lines,
    )
    history = history_of(made, scenario.supply, seed=seed)
    defects = scenario.defects
    raw = events = None
    if defects != Defects():
        raw = with_defects(history, defects, plant=plant, seed=seed)
    if defects.late_events or defects.duplicate_events:
        recent = made.periods[-1].start - EVENT_DAYS
        events = machine_events(history, defects, seed=seed, start=recent)
    return Shard(made=made, history=history, raw=raw, events=events)


def generate_shards(
    scenario: Scenario, seed: int, plant: Plant, *, rows: int = ROWS_PER_SHARD
) -> Iterator[Shard]:
    """The world of a scenario, some lines at a time in order; one after the other is in memory.

    Args:
        scenario: What the world is like.
        seed: Same seed, same world, however it is cut.
        plant: Usually ``scenario_plant(scenario, seed)``.
        rows: About how many consumption rows a shard has.

    Raises:
        InvalidInput: The scenario's lead times cannot be, or there is no shift in its days.
    """
    for lines in shard_lines(scenario, plant, rows=rows):
        yield generate_shard(scenario, seed, plant, lines)
