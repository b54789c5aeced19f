"""What policies keep for pairs and criticality classes: one way to look it up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from supplynet.core.protocols import SupplyTerms
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import NotFound

T = TypeVar("T")


def settings_of(terms: SupplyTerms, kept: Mapping[tuple[str, str], T], what: str) -> list[T]:
    """The settings of each pair, in the order of the terms.

    Args:
        terms: Names the pairs.
        kept: By (stock point, part).
        what: How a message calls them, such as ``kanban cards``.

    Raises:
        NotFound: There is nothing for one of the pairs.
    """
    try:
        return [kept[pair] for pair in terms.pairs]
    except KeyError as error:
        place, part = error.args[0]
        raise NotFound(f"{what} of", f"{place}/{part}", "tune the policy first") from None


def by_class(terms: SupplyTerms, usual: float, others: Mapping[str, float]) -> FloatArray:
    """A parameter of each pair: that of its criticality class, else the usual one; (pair,)."""
    if not others or not terms.criticality:
        return np.full(len(terms.pairs), others.get("B", usual))
    return np.array([others.get(each, usual) for each in terms.criticality])
