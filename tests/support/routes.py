"""Every route of the OpenAPI document, and how it is asked: what is made from the template cannot be forgotten."""

import importlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from infra import openapi
from tests.support.asking import question
from tests.support.builders import LambdaContext

Json = dict[str, Any]
DOCUMENT: Json = openapi.document()
WORDS = {"id": "demo", "key": "0123456789ab", "import_id": "0123456789abcdef"}
"""What path parameters are in these tests, where any text would not do."""


class Operation(NamedTuple):
    """One route: its function, and what the document says of it."""

    method: str
    path: str
    told: Json

    def __str__(self) -> str:
        """Returns what a test of it is called."""
        return f"{self.method} {self.path}"

    @property
    def guarded(self) -> bool:
        return {"Bearer"} <= {name for choice in self.told["security"] for name in choice}

    @property
    def parameters(self) -> list[Json]:
        return list(self.told.get("parameters", []))

    def asked_by(self, caller: Json, query: Json | None = None, *, about: str = "x") -> tuple[int, Json, str]:
        """Returns status, headers and body of the answer to somebody, as the authorizer tells of them.

        `about` is what the path names, where it may be any text.
        """
        function = importlib.import_module(f"functions.api.{self.told['tags'][0]}.handler")
        values = {each["name"]: _value_of(each, about) for each in self.parameters if each["in"] == "path"}
        event = question(self.path.format(**values), query, method=self.method.upper())
        event["requestContext"]["authorizer"] = {"lambda": caller}
        answer = function.handler(event, LambdaContext())
        return answer["statusCode"], answer["headers"], answer["body"]


def _value_of(parameter: Json, text: str) -> str:
    return str(WORDS.get(parameter["name"]) or next(iter(parameter["schema"].get("enum", [text]))))


def _operations() -> Iterator[Operation]:
    for path, methods in DOCUMENT["paths"].items():
        yield from (Operation(method, path, told) for method, told in methods.items())


EVERY = list(_operations())
GUARDED = [one for one in EVERY if one.guarded]
