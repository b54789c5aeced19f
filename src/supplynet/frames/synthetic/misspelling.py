"""Names as they look when people type them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray


def misspelt_shifts(names: pl.Series, draw: FloatArray) -> pl.Series:
    """Another spelling of every shift; ``draw`` in (0, 1) says which."""
    known = set(names.unique())
    variants = {name: _other_shifts(name, known) for name in known}
    return _picked(names, draw, variants)


def misspelt_ids(ids: pl.Series, draw: FloatArray, known: Collection[str]) -> pl.Series:
    """An id near to each of ``ids`` that is not ``known``; ``draw`` in (0, 1) says which."""
    variants = {name: _other_ids(name, known) for name in ids.unique()}
    return _picked(ids, draw, variants)


def _picked(names: pl.Series, draw: FloatArray, variants: dict[str, list[str]]) -> pl.Series:
    chosen = [
        variants[name][int(share * len(variants[name]))]
        for name, share in zip(names, np.clip(draw, 0, 1 - 1e-9), strict=True)
    ]
    return pl.Series(chosen, dtype=pl.String)


def _other_shifts(name: str, known: Collection[str]) -> list[str]:
    swapped = name[:1] + name[2:3] + name[1:2] + name[3:]
    made = [name.title(), name.upper(), f"{name} ", name[:1], swapped, f"{name}-shift"]
    return _distinct(made, [name, *known])


def _other_ids(name: str, known: Collection[str]) -> list[str]:
    made = [
        name.lower(),
        name.replace("0", "O", 1),
        name.replace("1", "l", 1),
        name.replace("-", "", 1).replace(".", "", 1),
        f"{name}X",
        f"{name}-OLD",
    ]
    return _distinct(made, [name, *known]) or [f"{name}-UNKNOWN-{len(known)}"]


def _distinct(made: list[str], without: Collection[str]) -> list[str]:
    """In order, each once, and none that means something else."""
    refused = set(without)
    return [each for each in dict.fromkeys(made) if each not in refused]
