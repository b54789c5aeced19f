"""Odoo's JSON-RPC: one POST to ``/jsonrpc`` per call, and what its errors mean to us."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from supplynet.connectors.erp_settings import ERP_FILE, ErpSettings
from supplynet.connectors.signals.retries import with_retries
from supplynet.errors import ConnectorError, InvalidInput
from supplynet.outbound.deadline import Deadline
from supplynet.outbound.hosts import HostGuard, authority, resolve, split
from supplynet.outbound.http import HttpLimits, Reply, Request, exchange

Domain = Sequence[Any]
Record = dict[str, Any]
_ATTEMPTS = 3
_DENIED = ("AccessError", "AccessDenied")
_REFUSED = ("UserError", "ValidationError", "MissingError", "RedirectWarning", "ValueError")
_LONGEST = 300


@dataclass(eq=False)
class OdooRpc:
    """Calls of one Odoo database. Only calls that change nothing are tried again.

    Args:
        settings: Where it is.
        key: Password or API key.
        monotonic, sleep, rng: Clock, pause and jitter of retries.
        resolver: Looks up the host's addresses.
    """

    settings: ErpSettings
    key: str = field(repr=False)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    rng: random.Random = field(default_factory=random.Random, repr=False)
    resolver: Callable[[str, int], list[str]] = resolve
    _uid: int | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1), repr=False)

    def version(self) -> str:
        """The server's version, such as ``17.0``."""
        found = self._safely("common", "version", [])
        if not isinstance(found, dict):
            raise self._strange("version", found)
        return str(found.get("server_version", "of unknown version"))

    def read(self, model: str, domain: Domain, fields: Sequence[str], **said: Any) -> list[Record]:
        """All records that fit, page by page, in the order of their ids.

        A page begins after the last id of the one before, so that records made or removed
        meanwhile shift nothing.
        """
        records: list[Record] = []
        size = self.settings.page_rows
        while True:
            after = [("id", ">", records[-1]["id"])] if records else []
            page = self._safe_call(
                model,
                "search_read",
                [[*domain, *after]],
                {"fields": ["id", *fields], "limit": size, "order": "id", **said},
            )
            self._check_page(model, page, fields, records)
            records += page
            if len(page) < size:
                return records

    def fields_of(self, model: str, names: Sequence[str]) -> set[str]:
        """Which of these fields the model has; they differ between versions."""
        found = self._safe_call(model, "fields_get", [list(names)], {"attributes": ["type"]})
        if not isinstance(found, dict):
            raise self._strange(f"{model}.fields_get", found)
        return set(found) & set(names)

    def change(self, model: str, method: str, arguments: Sequence[Any]) -> Any:
        """A call that changes something: tried once, for nobody knows whether it was done."""
        uid = self.sign_in()
        return self._call("object", "execute_kw", self._with_key(uid, model, method, arguments, {}))

    def sign_in(self) -> int:
        """Our user's number.

        Raises:
            InvalidInput: User or key are wrong.
        """
        if self._uid is None:
            said = self.settings
            found = self._safely("common", "authenticate", [said.database, said.user, self.key, {}])
            if not found:
                raise InvalidInput(
                    f"Odoo knows no user {said.user!r} with this key in database "
                    f"{said.database!r}; correct erp.toml or the key"
                )
            if isinstance(found, bool) or not isinstance(found, int):
                raise self._strange("authenticate", found)
            self._uid = found
        return self._uid

    def _safe_call(
        self, model: str, method: str, arguments: Sequence[Any], said: dict[str, Any]
    ) -> Any:
        uid = self.sign_in()
        return self._safely(
            "object", "execute_kw", self._with_key(uid, model, method, arguments, said)
        )

    def _with_key(
        self, uid: int, model: str, method: str, arguments: Sequence[Any], said: dict[str, Any]
    ) -> list[Any]:
        return [self.settings.database, uid, self.key, model, method, list(arguments), said]

    def _safely(self, service: str, method: str, arguments: Sequence[Any]) -> Any:
        """A call that may be repeated without harm."""
        deadline = Deadline(self.settings.timeout_seconds * _ATTEMPTS, self.monotonic)
        return with_retries(
            lambda: self._call(service, method, arguments),
            _ATTEMPTS,
            deadline,
            self.sleep,
            self.rng,
        )

    def _call(self, service: str, method: str, arguments: Sequence[Any]) -> Any:
        number = next(self._numbers)
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "params": {"service": service, "method": method, "args": list(arguments)},
            "id": number,
        }
        seconds = self.settings.timeout_seconds
        guard = self._guard()
        request = Request(
            parts=guard.check(self.settings.url.rstrip("/") + "/jsonrpc"),
            method="POST",
            headers={"Content-Type": "application/json"},
            body=json.dumps(body).encode(),
        )
        try:
            reply = exchange(
                request,
                guard,
                HttpLimits(read_seconds=seconds),
                Deadline(seconds, self.monotonic),
            )
        except ConnectorError as error:
            raise ConnectorError(f"{self._name}: {error}") from error
        return self._result(reply, number)

    def _guard(self) -> HostGuard:
        """Lets nothing through but the host of ``erp.toml``."""
        name = frozenset({authority(split(self.settings.url))})
        private = name if self.settings.private_host else frozenset[str]()
        return HostGuard(
            name, private, self.resolver, hosts_key="url", private_key="private_host", file=ERP_FILE
        )

    def _result(self, reply: Reply, number: int) -> Any:
        """What an answer says.

        Raises:
            InvalidInput: Odoo refuses; asking again would not help.
            ConnectorError: It is no answer of Odoo's, or Odoo has trouble of its own.
        """
        try:
            answer = json.loads(reply.body)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or not {"result", "error"} & set(answer):
            start = reply.body[:60].decode("utf-8", "replace")
            raise ConnectorError(
                f"{self._name} answers {reply.status} with what is no JSON-RPC: {start!r}; "
                "is the url that of Odoo itself?"
            )
        if answer.get("error"):
            raise self._error(answer["error"])
        if answer.get("id") != number:
            raise ConnectorError(f"{self._name} answers another question than the one asked")
        return answer["result"]

    def _error(self, error: Any) -> ConnectorError | InvalidInput:
        data = error.get("data") if isinstance(error, dict) else None
        data = data if isinstance(data, dict) else {}
        kind = str(data.get("name", "")).rpartition(".")[2]
        said = str(data.get("message") or (error.get("message") if data else error))
        said = " ".join(said.replace(self.key, "***").split())[:_LONGEST]
        if kind in _DENIED:
            return InvalidInput(f"Odoo does not allow {self.settings.user!r}: {said}")
        if kind == "OperationalError" and "does not exist" in said:
            return InvalidInput(f"Odoo has no database {self.settings.database!r}: {said}")
        if kind in _REFUSED:
            return InvalidInput(f"Odoo refuses: {said}")
        return ConnectorError(f"{self._name} has trouble ({kind or 'an error'}): {said}")

    def _check_page(
        self, model: str, page: Any, fields: Sequence[str], before: Sequence[Record]
    ) -> None:
        """A page that is cut short or repeats itself would lose or double rows without a word."""
        wanted = {"id", *fields}
        if not isinstance(page, list) or not all(
            isinstance(row, dict) and wanted <= set(row) for row in page
        ):
            raise self._strange(f"{model}.search_read", page)
        ids = [*(row["id"] for row in before[-1:]), *(row["id"] for row in page)]
        if ids != sorted(set(ids)):
            raise ConnectorError(f"{self._name} gives records of {model} twice or out of order")

    def _strange(self, what: str, found: object) -> ConnectorError:
        shown = repr(found)[:60]
        return ConnectorError(f"{self._name} answers {what} with {shown}, which cannot be")

    @property
    def _name(self) -> str:
        return f"Odoo at {authority(split(self.settings.url))}"
