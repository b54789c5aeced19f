from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from supplynet.anomaly import kind_examples
from supplynet.anomaly.incident import Kind
from supplynet.anomaly.kind_examples import Example, made_examples, made_panel, recorded_examples
from supplynet.anomaly.kind_learning import DEPTH, confusion, learn, plant_examples, right_by_kind
from supplynet.anomaly.kinds import (
    Features,
    KindTree,
    Track,
    by_rule,
    default_tree,
    features_of,
    kind_of,
)
from supplynet.anomaly.runs import STUCK, Run
from supplynet.errors import InsufficientData
from supplynet.frames.synthetic.fault_shapes import STRENGTHS
from supplynet.frames.synthetic.faults import inject

MODEL = ("robust_seasonal",)


def track(values: list[float], expected: float = 100.0) -> Track:
    """Ten usual values, then these, then ten usual ones."""
    usual = [expected] * 5 + [expected * 1.02] * 5
    observed = np.array([*usual, *values, *usual])
    same = np.full(len(observed), expected)
    return Track(
        observed=observed,
        expected=same,
        low=same * 0.9,
        high=same * 1.1,
        slots=np.arange(len(observed)) % 2,
    )


def features(values: list[float], expected: float = 100.0, side: int = 1) -> Features:
    run = Run(row=0, side=side, columns=np.arange(10, 10 + len(values)), repeats=0.0)
    return features_of(track(values, expected), run)


def test_features_do_not_depend_on_how_much_is_used() -> None:
    small, large = features([300.0, 290.0]), features([30_000.0, 29_000.0], 10_000.0)
    for name in ("side", "periods", "density", "far", "zeros", "one_shift", "goes_on"):
        assert getattr(small, name) == getattr(large, name)
    for name in ("ratio", "spread", "to_two", "to_half", "to_pack", "slope", "after"):
        assert getattr(small, name) == pytest.approx(getattr(large, name), abs=0.01)


def test_features_say_what_a_reader_sees() -> None:
    one = features([200.0])
    assert (one.side, one.periods, one.density, one.zeros) == (1, 1, 1, 0)
    assert one.ratio == pytest.approx(math.log(2), abs=0.01)
    assert one.to_two < 0.01
    assert one.half_far == 0
    assert one.goes_on == 0


def test_the_next_value_may_make_up_for_it() -> None:
    swapped = track([150.0, 50.0])
    run = Run(row=0, side=1, columns=np.array([10]), repeats=0.0)
    assert features_of(swapped, run).compensates == 1


def test_what_the_rest_of_the_line_does_is_taken_out() -> None:
    run = Run(row=0, side=1, columns=np.array([10]), repeats=0.0)
    busy = features_of(track([240.0]), run, others=math.log(1.2))
    assert busy.to_two == pytest.approx(0, abs=0.01)


def test_a_drift_is_in_one_shift_only() -> None:
    values = np.array([100.0, 160.0] * 10)
    run = Run(row=0, side=1, columns=np.arange(11, 30, 2), repeats=0.0)
    some = features_of(track(values.tolist()), run)
    assert some.one_shift == 1
    assert some.density == pytest.approx(10 / 19)
    assert some.after_shift > 0.3
    assert abs(some.after_others) < 0.05


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.0] * 3, Kind.DEAD_SENSOR),
        ([0.0], None),
        ([1_200.0, 1_190.0, 1_215.0], Kind.UNIT_JUMP),
        ([10.0, 10.0, 11.0, 10.0], Kind.UNIT_JUMP),
        ([160.0, 150.0, 170.0, 165.0], None),
        ([700.0, 720.0, 690.0], None),
    ],
)
def test_certain_kinds_go_by_rule(values: list[float], kind: Kind | None) -> None:
    side = 1 if values[0] > 100 else -1
    assert by_rule(features(values, side=side)) is kind


def test_two_zeros_are_certain_while_they_go_on() -> None:
    two = features([0.0, 0.0], side=-1)
    assert by_rule(two) is None
    assert by_rule(replace(two, goes_on=1.0)) is Kind.DEAD_SENSOR


def test_zeros_of_a_quiet_series_are_no_dead_sensor() -> None:
    quiet = replace(features([0.0] * 4, side=-1), usual_zeros=0.6)
    assert by_rule(quiet) is not Kind.DEAD_SENSOR


def test_one_value_again_and_again_is_a_stuck_sensor() -> None:
    run = Run(row=0, side=STUCK, columns=np.arange(10, 18), repeats=9.0)
    assert by_rule(features_of(track([97.0] * 8), run)) is Kind.STUCK_SENSOR


def leaf(kind: Kind) -> KindTree:
    return KindTree(root={"kind": kind.value, "counts": {}}, learnt={})


def test_whatever_the_tree_says_too_little_is_no_spike() -> None:
    low, high = features([40.0], side=-1), features([500.0])
    assert kind_of(low, leaf(Kind.SPIKE)) is Kind.DROP
    assert kind_of(low, leaf(Kind.DOUBLE_BOOKING)) is Kind.DROP
    assert kind_of(high, leaf(Kind.DROP)) is Kind.SPIKE
    assert kind_of(features([0.0], side=-1), leaf(Kind.UNIT_JUMP)) is Kind.DROP


def test_a_tree_asks_its_questions_in_turn_and_survives_json() -> None:
    tree = KindTree(
        root={
            "feature": "periods",
            "at_most": 2.0,
            "yes": {"kind": "spike", "counts": {"spike": 3}},
            "no": {"kind": "level_shift", "counts": {"level_shift": 4}},
        },
        learnt={"seeds": [1]},
    )
    again = KindTree.of_json(tree.as_json())
    assert again.learnt == {"seeds": [1]}
    assert again.kind(features([150.0] * 2)) is Kind.SPIKE
    assert again.kind(features([150.0] * 3)) is Kind.LEVEL_SHIFT


def depth(node: dict[str, object]) -> int:
    if "kind" in node:
        return 0
    return 1 + max(depth(node[branch]) for branch in ("yes", "no"))  # type: ignore[arg-type]


def test_the_tree_of_the_package_can_be_read_and_says_how_it_was_learnt() -> None:
    tree = default_tree()
    told = json.loads(tree.as_json())
    assert 2 <= depth(told["tree"]) <= DEPTH
    assert not set(tree.learnt["seeds"]) & set(tree.learnt["unseen_seeds"])
    assert tree.learnt["right_on_unseen"]["overall"] >= 0.8
    assert set(tree.learnt["examples"]) == set(STRENGTHS)


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return plant_examples((1, 2, 3), MODEL)


@pytest.fixture(scope="module")
def unseen() -> list[Example]:
    return plant_examples((21, 22), MODEL, live=False)


def test_four_of_five_incidents_of_unseen_plants_are_told_rightly(
    examples: list[Example], unseen: list[Example]
) -> None:
    tree = learn(examples, unseen=unseen, about={"seeds": [1, 2, 3]})
    right = right_by_kind(confusion(unseen, tree))
    assert len(unseen) >= 60
    assert right["overall"] >= 0.8
    assert min(right[kind] for kind in ("dead_sensor", "unit_jump", "level_shift")) >= 0.8
    assert tree.learnt["right_on_unseen"] == right
    assert tree.learnt["seeds"] == [1, 2, 3]


def test_the_tree_of_the_package_tells_unseen_plants_too(unseen: list[Example]) -> None:
    assert right_by_kind(confusion(unseen))["overall"] >= 0.8


def test_learning_again_gives_the_same_tree(examples: list[Example]) -> None:
    assert learn(examples, about={}).root == learn(examples, about={}).root


def test_one_kind_cannot_be_learnt(examples: list[Example]) -> None:
    spikes = [each for each in examples if each.kind is Kind.SPIKE]
    with pytest.raises(InsufficientData, match="1 kinds"):
        learn(spikes, about={})


def test_live_examples_are_of_what_has_just_begun() -> None:
    panel = made_panel(1, days=120)
    whole = made_examples(panel, seed=1, model=MODEL[0], live=False)
    both = made_examples(panel, seed=1, model=MODEL[0])
    added = both[len(whole) :]
    assert added
    assert max(each.features.periods for each in added) <= kind_examples.LIVE_RECENT + 1


def test_recorded_faults_give_examples_of_their_kinds() -> None:
    odd, faults = inject(made_panel(1, days=120), seed=1, kinds=["dead_sensor"], only=(120, 240))
    found = recorded_examples(odd, faults, model=MODEL[0])
    assert {each.kind for each in found} == {Kind.DEAD_SENSOR}
