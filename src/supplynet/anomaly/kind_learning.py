"""Learns the tree that tells kinds, from faults that were put in on purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from supplynet.anomaly.kind_examples import Example, made_examples, made_panel
from supplynet.anomaly.kinds import KindTree, by_rule, kind_of, numbers
from supplynet.errors import InsufficientData

DEPTH = 6
SEEDS = tuple(range(1, 15))
UNSEEN = (101, 102, 103, 104)
MODELS = ("ensemble", "robust_seasonal")
_LEAST_OF_A_LEAF = 0.005  # of all examples
Confusion = Mapping[str, Mapping[str, int]]
"""How often each true kind was told as which kind."""


def learn_default(
    seeds: Sequence[int] = SEEDS,
    unseen: Sequence[int] = UNSEEN,
    models: Sequence[str] = MODELS,
    *,
    recorded: Sequence[Example] = (),
) -> KindTree:
    """The tree that comes with the package: learnt on made-up plants of two and three shifts.

    Args:
        seeds: Of the plants that are learnt from, and of their faults.
        unseen: Of those that tell how well it was learnt; other seeds.
        models: Detectors whose alarms are learnt from.
        recorded: Further examples, such as ``recorded_examples`` of a scenario.
    """
    about = {"seeds": list(seeds), "unseen_seeds": list(unseen), "models": list(models)}
    examples = plant_examples(seeds, models)
    others = plant_examples(unseen, models, live=False)
    return learn([*examples, *recorded], unseen=others, about=about)


def plant_examples(
    seeds: Sequence[int], models: Sequence[str] = MODELS, *, live: bool = True
) -> list[Example]:
    """Examples from one made-up plant a seed: two and three shifts, and detectors, in turn."""
    found = []
    for seed in seeds:
        panel = made_panel(seed, shifts_per_day=3 - seed % 2)
        model = models[seed // 2 % len(models)]
        found += made_examples(panel, seed=seed, model=model, live=live)
    return found


def learn(
    examples: Sequence[Example], *, unseen: Sequence[Example] = (), about: Mapping[str, Any]
) -> KindTree:
    """A tree of at most ``DEPTH`` questions for the examples that no rule tells.

    Kinds count alike however many examples they have.

    Args:
        examples: What is learnt from.
        unseen: Of other seeds; the share of right answers on them is written down.
        about: Seeds and the like, to be written down with the tree.

    Raises:
        InsufficientData: Fewer than two kinds to tell.
    """
    asked = [each for each in examples if by_rule(each.features) is None]
    kinds = np.array([each.kind.value for each in asked])
    if len(set(kinds)) < 2:
        raise InsufficientData(
            f"{len(asked)} incidents of {len(set(kinds))} kinds that no rule tells; put in more "
            "faults, of two kinds at least"
        )
    names = list(numbers(asked[0].features))
    table = np.array([list(numbers(each.features).values()) for each in asked])
    model = DecisionTreeClassifier(
        max_depth=DEPTH,
        min_samples_leaf=max(2, int(_LEAST_OF_A_LEAF * len(asked))),
        class_weight="balanced",
        random_state=0,
    ).fit(table, kinds)
    told = [str(kind) for kind in model.classes_]
    root = _node(model, names, told, table, kinds)
    tree = KindTree(root=root, learnt={})
    counts = Counter(each.kind.value for each in examples)
    learnt = {**about, "examples": dict(sorted(counts.items()))}
    if unseen:
        learnt["right_on_unseen"] = right_by_kind(confusion(unseen, tree))
    return KindTree(root=root, learnt=learnt)


def _node(
    model: DecisionTreeClassifier,
    names: Sequence[str],
    told: Sequence[str],
    table: np.ndarray[Any, Any],
    kinds: np.ndarray[Any, Any],
) -> dict[str, Any]:
    """The tree as nested tables; branches that lead to the same answer are one leaf."""
    tree, reached = model.tree_, model.decision_path(table).tocsc()

    def at(node: int) -> dict[str, Any]:
        mine = kinds[reached.indices[reached.indptr[node] : reached.indptr[node + 1]]]
        counts = dict(sorted(Counter(mine.tolist()).items()))
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if left < 0:
            return {"kind": told[int(tree.value[node][0].argmax())], "counts": counts}
        yes, no = at(left), at(right)
        if "kind" in yes and yes.get("kind") == no.get("kind"):
            return {"kind": yes["kind"], "counts": counts}
        feature, limit = names[int(tree.feature[node])], float(f"{tree.threshold[node]:.6g}")
        return {"feature": feature, "at_most": limit, "yes": yes, "no": no}

    return at(0)


def confusion(examples: Iterable[Example], tree: KindTree | None = None) -> Confusion:
    """How often each true kind is told as which one."""
    found: dict[str, Counter[str]] = {}
    for each in examples:
        found.setdefault(each.kind.value, Counter())[kind_of(each.features, tree).value] += 1
    return {kind: dict(found[kind].most_common()) for kind in sorted(found)}


def right_by_kind(counted: Confusion) -> dict[str, float]:
    """Share of right answers by true kind, and of all as ``overall``."""
    shares = {kind: told.get(kind, 0) / sum(told.values()) for kind, told in counted.items()}
    right = sum(told.get(kind, 0) for kind, told in counted.items())
    every = sum(sum(told.values()) for told in counted.values())
    shares["overall"] = right / every if every else 0.0
    return {kind: round(share, 3) for kind, share in shares.items()}
