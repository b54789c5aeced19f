"""Categories as numbers: learned from training rows only, saved as data, the same when live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.errors import ConfigError, InvalidInput
from supplynet.frames.features.table import Features

Form: TypeAlias = Literal["native", "one_hot"]
_FORMS = ("native", "one_hot")


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """Codes of every category that the training rows had.

    A name that comes up only later gets a code of its own, "unknown"; a missing one stays missing.

    Attributes:
        version: Of the feature set that it was fitted on.
        form: ``native`` = one column of codes 0, 1, ... in order of name, and their number for
            unknown (what LightGBM takes as categorical); ``one_hot`` = a column of 0 and 1 per
            name, ``column=name``, and ``column_unknown``.
        categories: Names by column, sorted.
    """

    version: str
    form: Form
    categories: Mapping[str, tuple[str, ...]]

    @classmethod
    def fit(cls, training: Features | Iterable[Features], form: Form = "native") -> Encoding:
        """Learn the names from training rows, whole or in shards.

        Raises:
            InvalidInput: There are no rows, they are of different sets, or no such form.
        """
        shards = [training] if isinstance(training, Features) else training
        names: dict[str, set[str]] = {}
        versions = set()
        for shard in shards:
            versions.add(shard.spec.version)
            for column in shard.spec.categories:
                seen = shard.frame[column].cast(pl.String).drop_nulls().unique()
                names.setdefault(column, set()).update(seen)
        if len(versions) != 1:
            raise InvalidInput(
                f"an encoding is fitted on rows of one feature set; these are of {len(versions)}"
            )
        if form not in _FORMS:
            raise InvalidInput(f"form is {form!r}; choose one of {', '.join(_FORMS)}")
        sorted_names = {column: tuple(sorted(found)) for column, found in names.items()}
        return cls(version=versions.pop(), form=form, categories=sorted_names)

    def encode(self, features: Features) -> pl.DataFrame:
        """The frame with numbers in place of names; keys and order of rows stay.

        Raises:
            InvalidInput: The rows are of another feature set.
        """
        if features.spec.version != self.version:
            raise InvalidInput(
                f"the encoding was fitted on feature set {self.version[:12]}, the rows are of "
                f"{features.spec.version[:12]}; train again or use the set of the model"
            )
        frame = features.frame
        columns: list[pl.Series] = []
        for name in frame.columns:
            known = self.categories.get(name)
            columns += [frame[name]] if known is None else self._encoded(frame[name], known)
        return pl.DataFrame(columns)

    def matrix(self, features: Features) -> npt.NDArray[np.float32]:
        """The feature columns alone, shape (row, column), NaN = not known.

        Raises:
            InvalidInput: The rows are of another feature set.
        """
        columns = self.columns(features)
        return self.encode(features).select(pl.col(columns).cast(pl.Float32)).to_numpy()

    def columns(self, features: Features) -> list[str]:
        """Names of the columns of ``matrix``, in order."""
        return [
            made
            for name in features.columns
            for made in (self._names(name, self.categories.get(name)))
        ]

    def _names(self, column: str, known: tuple[str, ...] | None) -> list[str]:
        if known is None or self.form == "native":
            return [column]
        return [*(f"{column}={name}" for name in known), f"{column}_unknown"]

    def _encoded(self, column: pl.Series, known: tuple[str, ...]) -> list[pl.Series]:
        place = dict(zip(known, range(len(known)), strict=True))
        text = column.cast(pl.String)
        codes = text.replace_strict(place, default=len(known), return_dtype=pl.Int32)
        codes = codes.set(text.is_null(), None).alias(column.name)
        if self.form == "native":
            return [codes]
        names = self._names(column.name, known)
        return [
            (codes == code).fill_null(value=False).cast(pl.Int8).alias(name)
            for code, name in enumerate(names)
        ]

    def to_dict(self) -> dict[str, Any]:
        """As plain data, see ``from_dict``."""
        names = {column: list(known) for column, known in self.categories.items()}
        return {"version": self.version, "form": self.form, "categories": names}

    @classmethod
    def from_dict(cls, content: object) -> Encoding:
        """Read ``to_dict``.

        Raises:
            ConfigError: It is something else.
        """
        if not isinstance(content, Mapping) or set(content) != {"version", "form", "categories"}:
            raise ConfigError("this is no encoding; it has version, form and categories")
        names, form = content["categories"], content["form"]
        listed = isinstance(names, Mapping) and all(
            isinstance(column, str)
            and isinstance(known, list)
            and all(isinstance(name, str) for name in known)
            and known == sorted(set(known))
            for column, known in names.items()
        )
        if not listed or form not in _FORMS or not isinstance(content["version"], str):
            raise ConfigError("the encoding is damaged; its names must be sorted lists of text")
        categories = {column: tuple(known) for column, known in names.items()}
        return cls(version=content["version"], form=form, categories=categories)
