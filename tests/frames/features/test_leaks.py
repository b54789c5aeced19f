"""No feature sees past its cutoff, and live rows are training rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.features import (
    KINDS,
    Feature,
    FeatureSet,
    Role,
    Rows,
    live_table,
    training_table,
)
from supplynet.frames.features.leaks import leaking_columns

if TYPE_CHECKING:
    from tests.frames.features.conftest import SmallPlant

STEPS = (0, 1, 2, 5)
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""A smaller seed is no simpler world, and looking for one takes minutes."""
SEEDS, PLACES, HOURS = st.integers(0, 30), st.integers(0, 99), st.sampled_from([0, 0, 4])


@settings(max_examples=12, phases=UNSHRUNK)
@given(seed=SEEDS, place=PLACES, hours=HOURS)
def test_no_kind_sees_past_its_cutoff(
    small_plant: SmallPlant, seed: int, place: int, hours: int
) -> None:
    world, cutoff = small_plant.make_world(seed), small_plant.cutoff(place, hours)
    for spec in small_plant.sets_of(*KINDS):
        leaks = leaking_columns(
            spec,
            world.demand,
            cutoff,
            periods=small_plant.periods,
            steps=STEPS,
            inputs=world.inputs,
            rng=np.random.default_rng(seed),
        )
        assert leaks == ()


@settings(max_examples=8, phases=UNSHRUNK)
@given(seed=SEEDS, place=PLACES, hours=HOURS)
def test_live_rows_are_the_training_rows_bit_for_bit(
    small_plant: SmallPlant, seed: int, place: int, hours: int
) -> None:
    periods = small_plant.periods
    world, cutoff = small_plant.make_world(seed), small_plant.cutoff(place, hours)
    others = [periods[4].end, cutoff, periods[30].end + timedelta(hours=1)]
    known = world.demand.filter(pl.col("period_start") < cutoff)
    key = ["location_id", "part_id", "period_start", "cutoff"]
    for spec in small_plant.sets_of(*KINDS):
        training = training_table(
            spec, world.demand, periods=periods, steps=STEPS, cutoffs=others, inputs=world.inputs
        )
        trained = training.frame.filter(pl.col("cutoff") == cutoff)
        live = live_table(spec, known, cutoff, periods=periods, steps=STEPS, inputs=world.inputs)
        matched = trained.select(key).join(live.frame, on=key, how="left", maintain_order="left")
        # A part that starts after the cutoff has training rows, and nothing live.
        started = trained.join(known, on=key[:2], how="semi", maintain_order="left")
        live_rows = matched.join(known, on=key[:2], how="semi", maintain_order="left")
        for column in spec.columns:
            assert live_rows[column].equals(started[column]), column


@dataclass(frozen=True, kw_only=True)
class Peeking(Feature):
    """Demand of the target itself: what no feature may see."""

    kind: ClassVar[str] = "peeking"
    role: ClassVar[Role] = "past_only"

    def values(self, rows: Rows) -> list[FloatArray]:
        return [rows.demand[:, rows.pairs.targets]]


class PeekingABit(Peeking):
    """A mean that takes in the period which runs at the cutoff."""

    kind: ClassVar[str] = "peeking_a_bit"

    def values(self, rows: Rows) -> list[FloatArray]:
        last = np.minimum(rows.pairs.origins, len(rows.pairs.periods) - 1)
        return [(rows.demand[:, last - 1] + rows.demand[:, last]) / 2]


@pytest.mark.parametrize("peeking", [Peeking(), PeekingABit()])
def test_the_check_catches_a_feature_that_leaks(small_plant: SmallPlant, peeking: Feature) -> None:
    world, honest = small_plant.make_world(1), KINDS["lag"]()
    leaks = leaking_columns(
        FeatureSet((honest, peeking)),
        world.demand,
        small_plant.periods[30].end,
        periods=small_plant.periods,
        inputs=world.inputs,
        rng=np.random.default_rng(1),
    )
    assert leaks == (peeking.name,)
