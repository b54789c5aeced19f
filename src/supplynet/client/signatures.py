"""Types of the OpenAPI document as those of Python, for ``generate``."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_MOST_NAMED = 12
"""A list of more values than this belongs to the server: models, detectors, scenarios."""


class Types:
    """Types of one document.

    Attributes:
        schemas: Its components.
        literals: Those of them that are lists of values, by name, once they were met.
    """

    def __init__(self, schemas: Json) -> None:
        self.schemas, self.literals = schemas, dict[str, str]()

    def of(self, schema: Json, *, given: bool = True) -> str:
        """The type that a schema is.

        Args:
            schema: Of a parameter, a field or a body.
            given: Whether a caller hands it over: of lists and mappings any kind will do then.
        """
        if "$ref" in schema:
            return self._named(schema["$ref"].rpartition("/")[2])
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices:
            found = [self.of(each, given=given) for each in choices]
            ordered = [each for each in found if each != "None"] + ["None"] * ("None" in found)
            return " | ".join(dict.fromkeys(ordered))
        if "const" in schema or "enum" in schema:
            values = schema.get("enum") or [schema["const"]]
            return "str" if len(values) > _MOST_NAMED else _literal(values)
        return self._simple(schema, given=given)

    def _simple(self, schema: Json, *, given: bool) -> str:
        kind = schema.get("type")
        if kind == "null":
            return "None"
        if kind == "array":
            return f"{'Sequence' if given else 'list'}[{self.of(schema['items'], given=given)}]"
        if kind == "object":
            return self._mapping(schema, given=given)
        if schema.get("format") == "date-time":
            return "datetime"
        return _PLAIN.get(str(kind), "Any")

    def _mapping(self, schema: Json, *, given: bool) -> str:
        values = list(schema.get("patternProperties", {}).values())
        values += [schema["additionalProperties"]] if schema.get("additionalProperties") else []
        kinds = ["Any" if each is True else self.of(each, given=given) for each in values]
        return f"Mapping[str, {' | '.join(dict.fromkeys(kinds)) or 'Any'}]"

    def _named(self, name: str) -> str:
        schema = self.schemas[name]
        if "enum" in schema:
            self.literals[name] = _literal(schema["enum"])
            return name
        whole, bracket, inner = name.partition("_")
        if bracket:
            return f"models.{whole}[models.{inner.removesuffix('_')}]"
        return f"models.{name}"


def _literal(values: list[Any]) -> str:
    said = ", ".join(f'"{each}"' if isinstance(each, str) else repr(each) for each in values)
    return f"Literal[{said}]"
