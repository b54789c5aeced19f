"""Any HTTP service that a definition describes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from urllib.parse import quote, quote_plus, urlencode

import polars as pl

from supplynet.connectors.signals.body import Page, excerpt, read_page
from supplynet.connectors.signals.cache import Entry, cache_file, read_entry, write_entry
from supplynet.connectors.signals.definition import Definition, Paging
from supplynet.connectors.signals.http_get import Getter
from supplynet.connectors.signals.provider import SignalRequest, SignalSetup, driver_name
from supplynet.connectors.signals.retries import AskedToWait, with_retries
from supplynet.connectors.signals.rows import Row, RowReader, drivers_frame, sorted_drivers
from supplynet.connectors.signals.templates import fill, placeholders, url_of
from supplynet.errors import ConnectorError, InvalidInput, NotFound
from supplynet.outbound.deadline import Deadline
from supplynet.outbound.hosts import HostGuard
from supplynet.outbound.http import Reply, retry_after_seconds

BUSY = frozenset({408, 425, 429})
_KEY = re.compile(r"[!-~]{1,512}\Z")


class HttpService:
    """A provider made from a definition; see ``Definition`` and ``docs/signals.md``.

    A service that could not be reached is not asked again for as long as this object lives: the
    next symbols are answered from the cache or not at all, without waiting for each.
    """

    def __init__(self, definition: Definition, setup: SignalSetup) -> None:
        self.definition, self._setup = definition, setup
        guard = HostGuard(setup.hosts, setup.private_hosts, setup.resolve)
        self._getter = Getter(guard=guard, limits=setup.limits)
        self._down: ConnectorError | None = None
        self._reached = True
        self._next_ask = float("-inf")

    def fetch(self, request: SignalRequest) -> pl.DataFrame:
        """The rows asked for; see ``Provider``."""
        unknown = set(request.fields) - self.definition.values.keys()
        if unknown:
            raise InvalidInput(
                f"provider {self.definition.name} has no {min(unknown)!r}; "
                f"it has {', '.join(self.definition.values)}"
            )
        frames = [self._one(symbol, request) for symbol in request.symbols]
        frame = sorted_drivers(pl.concat(frames))
        if not request.fields:
            return frame
        name, only = self.definition.name, len(self.definition.values) == 1
        wanted = [
            driver_name(name, symbol, each, only=only)
            for symbol in request.symbols
            for each in request.fields
        ]
        return frame.filter(pl.col("driver").is_in(wanted))

    def _one(self, symbol: str, request: SignalRequest) -> pl.DataFrame:
        """One symbol: from the cache when that is young, else asked for, else from the cache."""
        path = cache_file(self._setup.cache, self.definition, symbol, request)
        now, kept = self._setup.now(), read_entry(path)
        if kept and kept.is_younger(self.definition.cache_hours, now) and kept.covers(request, now):
            return kept.rows_of(request)
        try:
            if self._down is not None:
                raise self._down
            rows = self._ask(symbol, request, now)
        except ConnectorError as error:
            self._down = None if self._reached else error
            return self._stale(symbol, request, kept, error)
        try:
            write_entry(path, Entry(now, request.start, request.end, rows))
        except OSError as error:
            self._setup.warn(f"the cache {path.parent} cannot be written: {error.strerror}")
        return rows

    def _stale(
        self, symbol: str, request: SignalRequest, kept: Entry | None, error: ConnectorError
    ) -> pl.DataFrame:
        days = self._setup.limits.stale_days
        if kept is None or not kept.is_younger(24 * days, self._setup.now()):
            raise error
        rows = kept.rows_of(request)
        if rows.is_empty():
            raise error
        self._setup.warn(
            f"{self.definition.name} {symbol}: the service is down ({error}); the cached values "
            f"are used, stale since {kept.fetched_at:%Y-%m-%d %H:%MZ}"
        )
        return rows

    def _ask(self, symbol: str, request: SignalRequest, now: datetime) -> pl.DataFrame:
        key = self._key()
        try:
            rows = self._rows(symbol, request, now, key)
        except (ConnectorError, InvalidInput) as error:
            # A service may repeat the key in what it says of it.
            text = f"{self.definition.host}: {error}"
            clean = _without(text, key) if key else text
            kind = ConnectorError if isinstance(error, ConnectorError) else InvalidInput
            raise kind(clean) from None
        if not rows:
            raise NotFound(
                "data",
                f"{self.definition.name} {symbol}",
                f"the service has nothing from {request.start:%Y-%m-%d} to "
                f"{request.end:%Y-%m-%d}; a symbol is {self.definition.symbol.means}",
            )
        return drivers_frame(rows, request.location_id, request.part_id)

    def _rows(
        self, symbol: str, request: SignalRequest, now: datetime, key: str | None
    ) -> list[Row]:
        filled = placeholders(self.definition, symbol, request, now)
        where = {
            column: fill(self.definition, text, filled)
            for column, text in self.definition.rows.where.items()
        }
        reader = RowReader(
            definition=self.definition, symbol=symbol, request=request, fetched_at=now
        )
        url, rows = url_of(self.definition, filled), list[Row]()
        for page in self._pages(url, where, key):
            rows += reader.read(page.rows)
        reader.check(self._setup.warn)
        return rows

    def _pages(self, url: str, where: dict[str, str], key: str | None) -> Iterator[Page]:
        setup, paging = self._setup, self.definition.paging
        deadline = Deadline(setup.limits.total_seconds, setup.monotonic)
        for number in range(setup.limits.maximum_pages):
            extra = {} if paging is None else {paging.parameter: _count(paging, number)}
            page = with_retries(
                partial(self._page, url, extra, where, key, deadline),
                setup.limits.attempts,
                deadline,
                setup.sleep,
                setup.rng,
            )
            yield page
            if paging is None or _is_last(paging, page, number):
                return
        raise ConnectorError(f"has more than {setup.limits.maximum_pages} pages; ask for less")

    def _page(
        self,
        url: str,
        extra: Mapping[str, str],
        where: dict[str, str],
        key: str | None,
        deadline: Deadline,
    ) -> Page:
        rule, headers, extra = self.definition.key, {}, dict(extra)
        if key and rule and rule.header:
            headers[rule.header] = key
        elif key and rule and rule.parameter:
            extra[rule.parameter] = key
        joint = "&" if "?" in url else "?"
        self._pace()
        self._reached = False
        reply = self._getter.get(
            url + (joint + urlencode(extra) if extra else ""), headers, deadline
        )
        self._reached = True
        self._check_status(reply)
        return read_page(reply.body, self.definition, where)

    def _pace(self) -> None:
        """Wait until the service's rate allows the next question."""
        wait = self._next_ask - self._setup.monotonic()
        if wait > 0:
            self._setup.sleep(wait)
        self._next_ask = self._setup.monotonic() + 60.0 / self.definition.requests_per_minute

    def _check_status(self, reply: Reply) -> None:
        status, said = reply.status, excerpt(reply.body)
        if status == 200:
            return
        if status in BUSY or status >= 500:
            wait = retry_after_seconds(reply.headers.get("retry-after", ""), self._setup.now())
            asked = f", wants to be asked again in {wait:.0f} s" if wait else ""
            raise AskedToWait(f"answered {status}{asked}: {said}", wait)
        if status in {401, 403}:
            key = self.definition.key
            hint = f"; check the key in {key.variable}" if key else ""
            raise InvalidInput(f"refuses to answer ({status}){hint}: {said}")
        if status in {400, 404, 422}:
            means = self.definition.symbol.means
            raise InvalidInput(f"does not know this ({status}); a symbol is {means}: {said}")
        if 400 <= status < 500:
            raise InvalidInput(f"refuses the request ({status}): {said}")
        raise ConnectorError(f"answered {status}, which is no answer: {said}")

    def _key(self) -> str | None:
        rule = self.definition.key
        if rule is None:
            return None
        key = self._setup.environment.get(rule.variable, "").strip()
        if not key and rule.required:
            where = f" (free, from {self.definition.homepage})" if self.definition.homepage else ""
            raise InvalidInput(
                f"a key is needed{where}: set the environment variable {rule.variable}"
            )
        if key and not _KEY.match(key):
            raise InvalidInput(f"the key in {rule.variable} has spaces or other odd characters")
        return key or None


def _without(text: str, secret: str) -> str:
    """``text`` without the secret, as it is and as it stands in a URL."""
    for form in (secret, quote(secret, safe=""), quote_plus(secret)):
        text = text.replace(form, "***")
    return text


def _count(paging: Paging, number: int) -> str:
    step = paging.size if paging.counts == "rows" and paging.size else 1
    return str(paging.first + number * step)


def _is_last(paging: Paging, page: Page, number: int) -> bool:
    if paging.size is not None:
        return len(page.rows) < paging.size
    return page.pages is None or number + 1 >= page.pages
