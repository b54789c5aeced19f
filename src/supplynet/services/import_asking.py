"""What somebody says of a file to import, in the words of the command line and of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supplynet.connectors.sales_plant import SupplyTermsGiven
from supplynet.connectors.table_import import parse_mapping
from supplynet.services.import_outcome import ImportRequest


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is said of a file; what is left out is recognised.

    Attributes:
        kind: What it holds; None = as recognised, else demand.
        columns: ``ours=theirs``, one each.
        constants: ``ours=value`` for all rows.
        where: ``theirs=value,value``: only these rows.
        options: Of ``ImportOptions``; None where the profile decides.
        profile: A layout, or ``none``; None = as recognised.
        save_profile: Name to remember under how the file was read.
        lead_time_days: Supply of new locations in days; None = there must be none.
        container_size: Parts per container of new locations.
    """

    kind: str | None = None
    columns: Sequence[str] = ()
    constants: Sequence[str] = ()
    where: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    profile: str | None = None
    save_profile: str | None = None
    lead_time_days: float | None = None
    container_size: int = 1

    def request(self, file: Path, *, dry_run: bool, problems: Path | None = None) -> ImportRequest:
        """The same for ``import_table``.

        Raises:
            InvalidInput: A pair without ``=``, or supply terms that cannot be.
        """
        terms = None
        if self.lead_time_days is not None:
            terms = SupplyTermsGiven(
                lead_time_days=self.lead_time_days, container_size=self.container_size
            )
        rows = parse_mapping(self.where, "choice of rows")
        return ImportRequest(
            file=file,
            kind=self.kind,
            columns=parse_mapping(self.columns),
            constants=parse_mapping(self.constants, "constant"),
            where={
                column: tuple(value.strip() for value in values.split(","))
                for column, values in rows.items()
            },
            options={name: value for name, value in self.options.items() if value is not None},
            profile=self.profile,
            save_profile=self.save_profile,
            problems=problems,
            dry_run=dry_run,
            terms=terms,
        )
