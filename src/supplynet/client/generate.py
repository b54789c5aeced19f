"""Makes ``operations.py`` and ``models.py`` from the API's description.

``python -m supplynet.client.generate`` writes both; it needs ``ruff``, which formats them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel

from supplynet.api.app import create_app
from supplynet.client.described import KEY, Argument, Operation, operations_of
from supplynet.client.signatures import Types
from supplynet.services.books import open_books
from supplynet.storage import init_workspace

Json = dict[str, Any]
HERE = Path(__file__).parent
_WIDTH = 92
_MADE = "Made by ``python -m supplynet.client.generate``: do not edit."
_HEAD = f'''\
"""Every operation of the API, by its operation id.

{_MADE}
"""

# ruff: noqa: A002  # a field is called as it is, also where it is called type

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from supplynet.client import models
from supplynet.client.feed import StreamEvent
from supplynet.client.files import File
from supplynet.client.paging import walked
from supplynet.client.request import path_to
from supplynet.client.transport import Transport

'''
_EACH = '''

class Each:
    """The lists of the API, row by row over all their pages."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
'''
_MODELS = f'''\
"""Rows and bodies of the API; the server's code is loaded when the first of them is used.

{_MADE}
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

'''
_GETATTR = """

def __getattr__(name: str) -> Any:
    try:
        return getattr(import_module(_HOMES[name]), name)
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
"""


def operations_text(document: Json) -> str:
    """``operations.py`` of a document."""
    types = Types(document["components"]["schemas"])
    found = list(operations_of(document, types))
    named = [f"{name} = {types.literals[name]}" for name in sorted(types.literals)]
    methods = [_method(each) for each in found]
    walks = [_walk(each) for each in found if each.walked]
    head = _HEAD + "\n".join(named)
    body = '\n\nclass Operations(Transport):\n    """What a server can be asked."""\n'
    return _formatted(head + body + "".join(methods) + _EACH + "".join(walks))


def models_text(document: Json) -> str:
    """``models.py`` of a document.

    Raises:
        ValueError: A model of the document is nowhere, or at two places.
    """
    homes = _homes()
    schemas = document["components"]["schemas"]
    names = {name.partition("_")[0] for name, each in schemas.items() if "enum" not in each}
    where = {name: _home(name, homes[name]) for name in sorted(names)}
    text = _MODELS + "if TYPE_CHECKING:\n"
    for home in sorted(set(where.values())):
        inside = ", ".join(name for name in where if where[name] == home)
        text += f"    from {home} import {inside}\n"
    text += f"\n__all__ = {sorted(where)!r}\n_HOMES = {where!r}\n{_GETATTR}"
    return _formatted(text)


def _method(operation: Operation) -> str:
    asked = ", ".join([f'"{operation.method}"', _path(operation), *_sent(operation)])
    kinds = list(dict.fromkeys(operation.answers.values()))
    told = " | ".join(kinds)
    if len(kinds) > 1:
        every = ", ".join(f"{status}: {kind}" for status, kind in operation.answers.items())
        lines = [f"found: {told} = self._either({{{every}}}, {asked})", "return found"]
    elif told in _READ_BY:
        lines = [f"return self.{_READ_BY[told]}({asked})"]
    else:
        lines = [f"return self._ask({told}, {asked})"]
    signature = f"def {operation.name}({', '.join(_signature(operation))}) -> {told}:"
    body = textwrap.indent("\n".join(lines), " " * 8)
    return f"\n    {signature}\n{_docstring(operation)}{body}\n"


_READ_BY = {"File": "_file", "Iterator[StreamEvent]": "_events"}


def _signature(operation: Operation) -> list[str]:
    asked = [each for each in operation.arguments if each.fixed is None]
    first = [each for each in asked if each.place in {"path", "whole", "file"}]
    rest = sorted((each for each in asked if each not in first), key=lambda each: not each.required)
    named = [each.declared for each in rest]
    if operation.at("file"):
        named.append('content_type: str = "application/octet-stream"')
    if operation.keyed:
        named.append(f"{KEY}: str | None = None")
    if operation.matched:
        named.append("if_match: BaseModel | str | None = None")
    return ["self", *(each.declared for each in first), *(["*", *named] if named else [])]


def _path(operation: Operation) -> str:
    names = operation.at("path")
    if not names:
        return f'"{operation.path}"'
    path = operation.path
    for each in names:
        path = path.replace(f"{{{each.wire}}}", "{}")
    ordered = sorted(names, key=lambda each: operation.path.index(f"{{{each.wire}}}"))
    return f'path_to("{path}", {", ".join(each.name for each in ordered)})'


def _sent(operation: Operation) -> Iterator[str]:
    """What the call hands over besides method and path."""
    for place, name in (("query", "query"), ("header", "headers"), ("body", "body")):
        given = operation.at(place)
        if given:
            pairs = (f'"{each.wire}": {_value(each)}' for each in given)
            yield f"{name}={{{', '.join(pairs)}}}"
    kept = [each.wire for each in operation.at("body") if each.null_counts]
    if kept:
        yield f"nulls={tuple(kept)!r}"
    if operation.at("whole"):
        yield "body=body"
    if operation.at("file"):
        yield "file=file, content_type=content_type"
    if operation.keyed:
        yield f"keyed=True, key={KEY}"
    if operation.matched:
        yield "if_match=if_match"


def _value(argument: Argument) -> str:
    return argument.name if argument.fixed is None else repr(argument.fixed)


def _walk(operation: Operation) -> str:
    page = next(iter(operation.answers.values()))
    row = page.partition("[")[2].removesuffix("]")
    given = [each for each in operation.at("query") if each.wire != "cursor"]
    named = ", ".join(["self", "*", *(each.declared for each in given)])
    handed = ", ".join(f"{each.name}={each.name}" for each in given)
    return (
        f"\n    def {operation.name}({named}) -> Iterator[{row}]:\n"
        f'        """Every row of ``Operations.{operation.name}``."""\n'
        f"        return walked(lambda cursor: self._operations.{operation.name}"
        f"(cursor=cursor, {handed}))\n"
    )


def _docstring(operation: Operation) -> str:
    first, _, rest = operation.says.partition("\n")
    told = [each.explained for each in operation.arguments if each.explained]
    if operation.matched:
        told.append("`if_match`: the row that this is decided on; refused where it has changed.")
    if len(first) > _WIDTH - (3 if rest or told else 6):
        first, more = _halves(first)
        rest = f"{more}\n\n{rest}"
    lines = [f'"""{first}']
    for paragraph in rest.strip("\n").split("\n\n"):
        lines += ["", *textwrap.wrap(" ".join(paragraph.split()), _WIDTH)] if paragraph else []
    lines += [""] if told else []
    for each in told:
        lines += textwrap.wrap(f"- {each}", _WIDTH, subsequent_indent="  ")
    end = '"""' if len(lines) == 1 else '\n"""'
    return textwrap.indent("\n".join(lines) + end, " " * 8) + "\n"


def _halves(sentence: str) -> tuple[str, str]:
    """Two sentences instead of one that is too long for a line.

    Raises:
        ValueError: It cannot be parted at a mark: write a shorter one.
    """
    first, rest = re.split("[;:,] ", sentence, maxsplit=1)
    return f"{first}.", rest[:1].upper() + rest[1:]


def _homes() -> dict[str, set[str]]:
    """Modules of SupplyNet that have a model of each name."""
    homes, left = defaultdict[str, set[str]](set), [BaseModel]
    while left:
        for each in left.pop().__subclasses__():
            left.append(each)
            if each.__module__.startswith("supplynet."):
                homes[each.__name__].add(each.__module__)
    return homes


def _home(name: str, modules: set[str]) -> str:
    own = [each for each in modules if each.startswith("supplynet.api.")] or list(modules)
    if len(own) != 1:
        raise ValueError(f"the model {name} is in {sorted(own) or 'no module'}")
    return own[0]


def _formatted(text: str) -> str:
    for command in (["check", "--fix", "--quiet", "--select", "I,F401"], ["format", "--quiet"]):
        made = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(HERE / "it.py")]
        done = subprocess.run(  # noqa: S603  # our own words
            [*made, "-"], input=text, capture_output=True, text=True, check=True
        )
        text = done.stdout
    return text


def made() -> dict[Path, str]:
    """What each file shall be, from the API as it is now."""
    with TemporaryDirectory() as folder:
        init_workspace(Path(folder))
        books = open_books(Path(folder))
        document = create_app(books).openapi()
        books.store.close()
    return {
        HERE / "operations.py": operations_text(document),
        HERE / "models.py": models_text(document),
    }


def main() -> None:
    """Write both files."""
    for path, text in made().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
