"""Routes that nobody reaches unadmitted: who asks is known before a body is read."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from operator import attrgetter
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from supplynet.api.admission import admit
from supplynet.api.answers import Answers
from supplynet.api.door import Door
from supplynet.api.refusing import refusals_noted
from supplynet.api.strict_json import StrictRequest, is_json
from supplynet.security.access import OPERATIONS

PREFIX = "/api/v1"


class AdmittedRoute(APIRoute):
    """A route with a row in ``security.access.OPERATIONS``; without one it cannot be made."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the admission."""
        handler, operation = super().get_route_handler(), OPERATIONS[self.name]

        async def admitted(request: Request) -> Response:
            door: Door = request.app.state.door
            door.knock(self.name, request)
            with refusals_noted(request, operation):
                access = request.state.access = await admit(request, operation)
                self._check_type(request)
                async with door.room(self.name, access.who, request):
                    strict = StrictRequest(request.scope, request.receive)
                    answers: Answers = request.app.state.answers
                    return await answers.answer(
                        request, self.name, access.sites, lambda: handler(strict)
                    )

        return admitted

    def _check_type(self, request: Request) -> None:
        """Refuse a body in another language than JSON, where JSON is meant."""
        if self.body_field is None:
            return
        said, length = request.headers.get("content-type"), request.headers.get("content-length")
        empty = length in {None, "0"} and "transfer-encoding" not in request.headers
        if not is_json(said) and not (said is None and empty):
            detail = "send the body as application/json"
            raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)


class Router(APIRouter):
    """A router whose routes are all admitted ones, under ``PREFIX``."""

    def __init__(self, *, prefix: str = "", **options: Any) -> None:
        super().__init__(
            **options,
            prefix=PREFIX + prefix,
            route_class=AdmittedRoute,
            generate_unique_id_function=attrgetter("name"),
        )


class ReadAtOnce(BaseRoute):
    """Stands before all routes and finds the reads whose address has no variable part at a look.

    Of a hundred requests ninety are such reads, and a route is otherwise found by trying one after
    the other.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._found = {
            route.path: route
            for route in routes
            if isinstance(route, AdmittedRoute) and route.methods == {"GET"}
            if not route.param_convertors
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As the route itself says."""
        route = self._found.get(scope["path"]) if scope["type"] == "http" else None
        if route is None or scope["method"] != "GET":
            return Match.NONE, {}
        return route.matches(scope)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The routes themselves know their addresses."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on to the route."""
        await self._found[scope["path"]].handle(scope, receive, send)
