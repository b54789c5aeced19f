"""Operations of the OpenAPI document with their arguments as those of a method."""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from supplynet.client.signatures import Types

Json = dict[str, Any]
KEY = "idempotency_key"


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a method.

    Attributes:
        name, wire: In Python and on the wire.
        place: ``path``, ``query``, ``header``, ``body``, ``whole`` (the body itself), ``file``.
        kind: Its type.
        says: What it is; "" = its name says it.
        default: What the server takes when it is left out.
        fixed: The only value there is, so that nobody is asked for it.
    """

    name: str
    wire: str
    place: str
    kind: str
    required: bool
    says: str = ""
    default: Any = None
    fixed: Any = None

    @property
    def null_counts(self) -> bool:
        """Whether null says something else than leaving it out does."""
        return self.default is not None and self.kind.endswith("| None")

    @property
    def declared(self) -> str:
        """As a signature has it."""
        if self.required:
            return f"{self.name}: {self.kind}"
        if self.null_counts:
            return f"{self.name}: {self.kind} = {self.default!r}"
        kind = self.kind if self.kind.endswith("| None") else f"{self.kind} | None"
        return f"{self.name}: {kind} = None"

    @property
    def explained(self) -> str:
        """A line for the docstring; "" where there is nothing to say."""
        default = "" if self.default in (None, "", [], {}) else f"By default {self.default}."
        said = " ".join(each for each in (self.says, default) if each)
        return f"`{self.name}`: {said}" if said else ""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation, with its arguments in the order of the method's."""

    name: str
    method: str
    path: str
    says: str
    arguments: tuple[Argument, ...]
    answers: dict[int, str]
    keyed: bool
    matched: bool

    def at(self, place: str) -> list[Argument]:
        """Arguments of one place."""
        return [each for each in self.arguments if each.place == place]

    @property
    def walked(self) -> bool:
        """Whether it is a list in pages."""
        return any(each.wire == "cursor" for each in self.at("query"))


def operations_of(document: Json, types: Types) -> Iterator[Operation]:
    """Every operation, in the order of the document."""
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            headers = {each["name"].lower() for each in _parameters(described, "header")}
            yield Operation(
                name=described["operationId"],
                method=method.upper(),
                path=path.removeprefix("/api/v1"),
                says=described["description"],
                arguments=tuple(_arguments(described, types)),
                answers=dict(_answers(described, types)),
                keyed="idempotency-key" in headers,
                matched="if-match" in headers,
            )


def _arguments(described: Json, types: Types) -> Iterator[Argument]:
    seen = set[str]()
    for each in (*_of_parameters(described, types), *_of_body(described, types)):
        if each.name in seen:
            raise ValueError(f"{described['operationId']}: two arguments are {each.name}")
        seen.add(each.name)
        yield each


def _of_parameters(described: Json, types: Types) -> Iterator[Argument]:
    for place in ("path", "query", "header"):
        for each in _parameters(described, place):
            if each["name"].lower() not in {"idempotency-key", "if-match"}:
                required, schema = each.get("required", False), each["schema"]
                yield _argument(each["name"], place, schema, required, types)


def _of_body(described: Json, types: Types) -> Iterator[Argument]:
    content = described.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    if schema is None:
        if content:
            says = "The file, sent a piece at a time; or its bytes."
            kind = "Path | bytes"
            yield Argument(name="file", wire="", place="file", kind=kind, required=True, says=says)
        return
    named = [each for each in (schema, *schema.get("anyOf", ())) if "$ref" in each]
    if len(named) != 1:
        kind = types.of(schema)
        yield Argument(name="body", wire="", place="whole", kind=kind, required=True)
        return
    body = types.schemas[named[0]["$ref"].rpartition("/")[2]]
    for name, field in body.get("properties", {}).items():
        yield _argument(name, "body", field, name in body.get("required", ()), types)


def _argument(name: str, place: str, schema: Json, required: bool, types: Types) -> Argument:
    plain = name.replace("-", "_").lower()
    return Argument(
        name=f"{plain}_" if keyword.iskeyword(plain) else plain,
        wire=name,
        place=place,
        kind=types.of(schema),
        required=required,
        says=schema.get("description", ""),
        default=schema.get("default"),
        fixed=schema.get("const") if required else None,
    )


def _parameters(described: Json, place: str) -> list[Json]:
    return [each for each in described.get("parameters", ()) if each["in"] == place]


def _answers(described: Json, types: Types) -> Iterator[tuple[int, str]]:
    for status, answer in described["responses"].items():
        if status < "300":
            content = answer["content"]
            if "application/json" in content:
                yield int(status), types.of(content["application/json"]["schema"], given=False)
            else:
                stream = "text/event-stream" in content
                yield int(status), "Iterator[StreamEvent]" if stream else "File"
