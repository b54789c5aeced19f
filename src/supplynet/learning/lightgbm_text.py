"""LightGBM's text models as plain trees: the format is its documented, stable way to be saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from supplynet.errors import ModelError
from supplynet.learning.onnx_trees import Array, Tree

_CATEGORICAL, _DEFAULT_LEFT = 1, 2  # bits of a decision type; the two above say what is missing
_ZERO_MISSING, _NAN_MISSING = 1, 2
_EXPONENTIAL = ("poisson", "tweedie")  # objectives that learn the logarithm


@dataclass(frozen=True, kw_only=True)
class Booster:
    """What a text model says.

    Attributes:
        trees: Their values add up.
        features: Columns of the input.
        exponential: Whether the sum is a logarithm of what is forecast.
    """

    trees: tuple[Tree, ...]
    features: int
    exponential: bool


def read_booster(text: str) -> Booster:
    """The trees of a model that ``Booster.model_to_string`` gave.

    Raises:
        ModelError: It has something that is not known here: linear leaves, or zeros as missing.
    """
    head, *blocks = text.partition("end of trees")[0].split("\nTree=")
    facts = _facts(head)
    objective = facts.get("objective", "").partition(" ")[0]
    try:
        return Booster(
            trees=tuple(_tree(_facts(block)) for block in blocks),
            features=int(facts["max_feature_idx"]) + 1,
            exponential=objective in _EXPONENTIAL,
        )
    except (KeyError, ValueError, IndexError) as error:
        raise ModelError(f"the booster's text cannot be read: {error!r}; train again") from error


def _facts(block: str) -> dict[str, str]:
    lines = (line.partition("=") for line in block.splitlines())
    return {name: value for name, _, value in lines}


def _tree(facts: Mapping[str, str]) -> Tree:
    if facts.get("is_linear", "0") != "0":
        raise ModelError("boosters with linear leaves have no graph in ONNX")
    leaves = _numbers(facts["leaf_value"])
    inner = len(leaves) - 1
    if not inner:
        return _stump(leaves)
    kinds = _numbers(facts["decision_type"]).astype(np.int64)
    missing = kinds >> 2 & 3
    if (missing == _ZERO_MISSING).any():
        raise ModelError("boosters that take 0 as missing have no graph in ONNX")
    threshold = _numbers(facts["threshold"])
    # Without a notion of missing LightGBM takes 0 instead.
    missing_left = np.where(missing == _NAN_MISSING, (kinds & _DEFAULT_LEFT) > 0, threshold >= 0)
    is_set = (kinds & _CATEGORICAL) > 0
    none = np.zeros(len(leaves))
    return Tree(
        feature=_joined(_numbers(facts["split_feature"]), none).astype(np.int64),
        threshold=_joined(threshold, none),
        left=_joined(_places(facts["left_child"], inner), none).astype(np.int64),
        right=_joined(_places(facts["right_child"], inner), none).astype(np.int64),
        missing_left=_joined(missing_left & ~is_set, none).astype(bool),
        leaf=np.arange(inner + len(leaves)) >= inner,
        value=_joined(np.zeros(inner), leaves),
        sets={int(node): _set(facts, int(threshold[node])) for node in np.flatnonzero(is_set)},
    )


def _stump(leaves: Array) -> Tree:
    none = np.zeros(1, dtype=np.int64)
    return Tree(
        feature=none,
        threshold=np.zeros(1),
        left=none,
        right=none,
        missing_left=none,
        leaf=np.ones(1, dtype=bool),
        value=leaves,
    )


def _places(children: str, inner: int) -> Array:
    """Inner nodes come first; a leaf is told as the complement of its number."""
    numbers = _numbers(children).astype(np.int64)
    return np.where(numbers < 0, inner + ~numbers, numbers)


def _set(facts: Mapping[str, str], number: int) -> frozenset[int]:
    """Categories of a set, which are bits of 32-bit words."""
    bounds = _numbers(facts["cat_boundaries"]).astype(np.int64)
    words = [int(word) for word in facts["cat_threshold"].split()]
    own = words[bounds[number] : bounds[number + 1]]
    return frozenset(
        32 * place + bit for place, word in enumerate(own) for bit in range(32) if word >> bit & 1
    )


def _numbers(text: str) -> Array:
    return np.array([float(word) for word in text.split()])


def _joined(inner: Array, leaves: Array) -> Array:
    return np.concatenate([inner, leaves])
