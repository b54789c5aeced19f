"""What an HTTP service looks like, as data; the files are read by ``definition_files.py``."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from supplynet.errors import InvalidInput
from supplynet.outbound.hosts import authority, split

Column = str | tuple[str, ...]
"""Where a cell lies in a record: a dotted path, or its steps where a name contains a dot."""
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
Length = Literal["point", "hour", "day", "week", "month", "quarter", "year"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SymbolRule(_Table):
    """How a symbol is written.

    Attributes:
        means: What a symbol of this service is, for people, with an example.
        case: Letters are changed to this case.
        suffix: Added where the symbol has neither ``.`` nor ``^``; a market, such as ``.us``.
        parts: Names of the pieces that ``separator`` divides the symbol into; each is a
            placeholder. Without it the whole is ``{symbol}``.
    """

    means: str = Field(min_length=1)
    case: Literal["kept", "lower", "upper"] = "kept"
    suffix: str = ""
    parts: tuple[Word, ...] = ()
    separator: str = Field(default="/", min_length=1, max_length=3)


class Dates(_Table):
    """How ``{start}`` and ``{end}`` are written, and whether the service keeps to them.

    Attributes:
        format: ``strftime`` pattern; ``{end}`` is the last day wanted.
        end_format: Of ``{end}``, where it is written in another way.
        ranged: False where the service answers with whatever it has.
        future: True for forecasts; else ``{end}`` is never later than today.
    """

    format: str = "%Y-%m-%d"
    end_format: str | None = None
    ranged: bool = True
    future: bool = False


class Key(_Table):
    """A key that the service wants: the name of a variable, never the key itself.

    Attributes:
        variable: Environment variable that holds the key.
        parameter, header: Where the key goes; exactly one of them.
        required: False where the service also answers without.
    """

    variable: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,63}$")
    parameter: str | None = None
    header: Header | None = None
    required: bool = True

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.parameter is None) == (self.header is None):
            raise ValueError("name either a parameter or a header for the key")
        if self.variable.startswith("SUPPLYNET_"):
            raise ValueError("SUPPLYNET_ variables are settings; name the key's variable otherwise")
        return self


class Rows(_Table):
    """Where the rows lie in an answer.

    Attributes:
        path: Dotted path to the rows in JSON; "" is the whole.
        layout: ``records`` (a list of records or lists), ``columns`` (lists side by side) or
            ``keyed`` (a record per time, which is its key).
        time: Column of the time; ``@key`` for the key.
        time_format: ``iso``, ``period`` (2024, 2024-Q1, 2024-M01, 2024-01), ``unix``, ``unix_ms``
            or a ``strptime`` pattern.
        zone: Of times that name none.
        period: What one value covers; default: the day for a date, else the moment.
        where: Column to template; other rows are left out.
        missing: Cells that mean "no value".
        delimiter: Of CSV.
    """

    path: Column = ""
    layout: Literal["records", "columns", "keyed"] = "records"
    time: Column
    time_format: str = "iso"
    zone: str = "UTC"
    period: Length | None = None
    where: dict[str, str] = {}
    missing: tuple[str, ...] = ("", ".", "NA", "N/A", "null")
    delimiter: Literal[",", ";", "\t", "|"] = ","

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ValueError, KeyError, OSError) as error:
            raise ValueError(f"{zone!r} is no time zone, such as Europe/Berlin") from error
        return zone


class Value(_Table):
    """One value of a row.

    Attributes:
        column: Where it lies.
        unit: For people.
        lowest, highest: What lies outside is an error of the service and left out.
    """

    column: Column
    unit: str = ""
    lowest: float = Field(default=-1e15, allow_inf_nan=False)
    highest: float = Field(default=1e15, allow_inf_nan=False)


class Publication(_Table):
    """When a value could first be known.

    Attributes:
        known: ``lag``: at the end of the period that the value covers, plus ``lag_hours``;
            ``column``: as the service says in ``column``, plus ``lag_hours``; ``fetched``: when we
            asked, as for a forecast.
    """

    known: Literal["lag", "column", "fetched"]
    column: Column | None = None
    lag_hours: float = Field(default=0.0, ge=0, le=100_000, allow_inf_nan=False)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.known == "column") != (self.column is not None):
            raise ValueError("column belongs to known = 'column', and to that only")
        return self


class Paging(_Table):
    """Answers in several pages.

    Attributes:
        parameter: Query parameter with the number of the page, or of the first row.
        counts: What it counts.
        size: Rows of a full page; a page with fewer is the last.
        pages: Path to the number of pages in JSON, instead of ``size``.
    """

    parameter: str = Field(min_length=1)
    counts: Literal["pages", "rows"] = "pages"
    first: int = Field(default=1, ge=0, le=1)
    size: int | None = Field(default=None, ge=1)
    pages: Column | None = None

    @model_validator(mode="after")
    def _end(self) -> Self:
        if (self.size is None) == (self.pages is None):
            raise ValueError("name either size or pages, so that the last page is known")
        if self.counts == "rows" and self.size is None:
            raise ValueError("counting rows needs the size of a page")
        return self


class Definition(_Table):
    """One service. The fields are the keys of the TOML file; see ``docs/signals.md``."""

    name: str
    title: str = Field(min_length=1)
    kind: Literal["market", "weather", "economy", "sentiment", "other"]
    homepage: str = ""
    url: str
    format: Literal["json", "csv"]
    parameters: dict[str, str] = {}
    defaults: dict[Word, str] = {}
    symbol: SymbolRule
    dates: Dates = Dates()
    key: Key | None = None
    rows: Rows
    values: dict[Word, Value] = Field(min_length=1)
    publication: Publication
    paging: Paging | None = None
    requests_per_minute: float = Field(default=60.0, gt=0, le=6000)
    cache_hours: float = Field(default=12.0, ge=0, le=8760)

    @field_validator("url")
    @classmethod
    def _fixed_host(cls, url: str) -> str:
        try:
            parts = split(url)
        except InvalidInput as error:
            raise ValueError(str(error)) from error
        if not url.isascii() or " " in url:
            raise ValueError("a URL has neither spaces nor letters beyond ASCII")
        if "{" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("the host must be fixed, and what follows '?' goes into [parameters]")
        return url

    @model_validator(mode="after")
    def _pages_are_whole(self) -> Self:
        if self.paging and self.paging.size is not None and self.rows.where:
            raise ValueError("where leaves rows out, so that paging by size would end too early")
        return self

    @property
    def host(self) -> str:
        """As it must stand in ``signal_hosts``."""
        return authority(split(self.url))

    @property
    def digest(self) -> str:
        """Changes with everything that may change an answer."""
        return sha256(self.model_dump_json().encode()).hexdigest()
