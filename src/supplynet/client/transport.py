"""The connection: who asks, trying again, and answers as rows, files, events or errors."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar, cast
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
from pydantic import BaseModel, TypeAdapter, ValidationError

from supplynet.client.feed import SILENT_SECONDS, StreamEvent, events_of
from supplynet.client.files import File, file_of
from supplynet.client.patience import Patience
from supplynet.client.refusals import Refused, Unreachable, refusal
from supplynet.client.request import ROOT, Request
from supplynet.client.tags import Tags
from supplynet.errors import ConfigError, ConnectorError

T = TypeVar("T")
R = TypeVar("R")
CONNECT_SECONDS = 5.0
_WAITED_FOR = frozenset({429, 502, 503, 504})
_SAFE = frozenset({"GET", "HEAD"})
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})
_TOKEN = re.compile(r"[!-~]+")


class Transport:
    """One server and whoever asks it; threads may share it."""

    def __init__(
        self,
        server: str,
        *,
        token: str | None = None,
        ca_file: Path | None = None,
        timeout_seconds: float = 60.0,
        patience: Patience | None = None,
        insecure: bool = False,
        connection: httpx2.BaseTransport | None = None,
    ) -> None:
        """See ``Client``; ``connection`` takes the place of the network."""
        self.server = _checked(server, insecure=insecure)
        if token is not None and not _TOKEN.fullmatch(token):
            raise ConfigError("the token is not one: it has spaces or other characters in it")
        self._patience, self._tags = patience or Patience(), Tags()
        self._token, self._csrf = token, ""
        verify = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        self._http = httpx2.Client(
            verify=verify,
            # A proxy of the environment would be told the token, and so would a redirect.
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(timeout_seconds, connect=CONNECT_SECONDS),
            transport=connection,
        )

    def __repr__(self) -> str:
        """Without what opens anything."""
        return f"{type(self).__name__}({self.server!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; a session stays open on the server until it is signed out."""
        self._http.close()

    def _ask(self, answer: type[T], method: str, path: str, **asked: Any) -> T:
        """The answer as a model; see ``_request`` for what may be asked."""
        request = self._request(method, path, **asked)
        return self._sent(request, lambda response: self._row(answer, request, response))

    def _either(
        self, answers: Mapping[int, type[BaseModel]], method: str, path: str, **asked: Any
    ) -> Any:
        """The answer as the model of its status."""
        request = self._request(method, path, **asked)

        def read(response: httpx2.Response) -> BaseModel:
            status = response.status_code
            return self._row(answers.get(status, answers[min(answers)]), request, response)

        return self._sent(request, read)

    def _file(self, method: str, path: str, **asked: Any) -> File:
        """The answer as a file."""
        return self._sent(self._request(method, path, **asked), file_of)

    def _events(self, method: str, path: str, **asked: Any) -> Iterator[StreamEvent]:
        """The answer as events, until the connection ends."""
        request = self._request(method, path, **asked)
        with self._opened(request, timeout=httpx2.Timeout(SILENT_SECONDS)) as response:
            yield from events_of(response)

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | BaseModel | None = None,
        nulls: Collection[str] = (),
        file: Path | bytes | None = None,
        content_type: str | None = "application/json",
        headers: Mapping[str, Any] | None = None,
        if_match: BaseModel | str | None = None,
        keyed: bool = False,
        key: str | None = None,
    ) -> Request:
        """A request; one that is ``keyed`` gets a key of its own where none is given.

        Of a body what is None is left out, but for the ``nulls``: there it says something.
        """
        if isinstance(body, Mapping):
            body = {k: each for k, each in body.items() if each is not None or k in nulls}
        if keyed and key is None:
            key = str(uuid4())
        return Request(
            method=method,
            path=path,
            query=query or {},
            body=body,
            file=file,
            again=keyed or method in _SAFE,
            headers={
                **(headers or {}),
                "content-type": None if body is None and file is None else content_type,
                "idempotency-key": key,
                "if-match": self._tags.of(if_match),
            },
        )

    def _sent(self, request: Request, read: Callable[[httpx2.Response], R]) -> R:
        """Send a request, and once more where that is safe, and read its answer."""
        tried = 0
        while True:
            tried, wanted = tried + 1, 0.0
            try:
                with self._opened(request) as response:
                    return read(response)
            except Refused as refused:
                wanted = getattr(refused, "retry_after_seconds", 0.0)
                if refused.status not in _WAITED_FOR or not request.again:
                    raise
                if not self._patience.wait(tried, wanted):
                    raise
            except Unreachable:
                if not request.again or not self._patience.wait(tried, 0.0):
                    raise

    @contextmanager
    def _opened(
        self, request: Request, timeout: httpx2.Timeout | None = None
    ) -> Iterator[httpx2.Response]:
        """The answer before it is read."""
        more: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
        with request.content() as content:
            made = self._http.build_request(
                request.method,
                f"{self.server}{ROOT}{request.path}",
                params=request.parameters(),
                headers=self._headers(request),
                content=content,
                **more,
            )
            try:
                response = self._http.send(made, stream=True)
                try:
                    if response.status_code >= 300:
                        raise _refused(request, response)
                    yield response
                finally:
                    response.close()
            except httpx2.TransportError as error:
                said = str(error) or type(error).__name__
                raise Unreachable(f"no answer to {request.asked}: {said}") from error

    def _headers(self, request: Request) -> dict[str, str]:
        found = {name: str(value) for name, value in request.headers.items() if value is not None}
        if self._token is not None:
            found["authorization"] = f"Bearer {self._token}"
        elif self._csrf and request.method not in _SAFE:
            found["x-csrf-token"] = self._csrf
        return found

    def _row(self, kind: type[T], request: Request, response: httpx2.Response) -> T:
        content, wanted = response.read(), cast("Any", kind)
        try:
            row: T = _adapter(wanted).validate_json(content)
        except ValidationError as error:
            wrong = f"{error.error_count()} fields are not as expected"
            raise ConnectorError(
                f"the answer to {request.asked} is no {kind.__name__}: {wrong}; is this "
                "SupplyNet, and of this version or later?"
            ) from None
        tag = response.headers.get("etag")
        if tag is not None:
            self._tags.keep(row, tag)
        told = getattr(row, "csrf_token", None)
        if isinstance(told, str):
            self._csrf = told
        return row


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _refused(request: Request, response: httpx2.Response) -> Refused:
    said = response.headers.get("retry-after", "")
    wanted = float(said) if said.isascii() and said.isdigit() else 0.0
    return refusal(request.asked, response.status_code, response.read(), wanted)


def _checked(server: str, *, insecure: bool) -> str:
    """The address of a server, without a slash at its end.

    Raises:
        ConfigError: No address, one with a password in it, or one without TLS.
    """
    try:
        parts = urlsplit(server)
        name, password = parts.hostname, parts.password or parts.username
        _ = parts.port
    except ValueError:
        name = password = None
    if not name or parts.scheme not in {"https", "http"} or parts.query or parts.fragment:
        raise ConfigError("the server is an address such as https://plant:8321")
    if password is not None:
        raise ConfigError("the server's address has a name or password in it; use a token")
    if parts.scheme == "http" and name not in _HERE and not insecure:
        raise ConfigError(
            f"{name} would be asked without TLS, and whoever listens could read the token; use "
            "https://, or say insecure=True"
        )
    return server.rstrip("/")
