"""What a route takes, and nothing besides: a misspelt `dry_run` must not be passed over."""

from collections.abc import Iterator
from inspect import isclass

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from footfall.errors import FieldProblem, Invalid

NOTHING_SAID = frozenset({b"", b"{}", b"null"})


async def only_known(request: Request) -> None:
    """Raises Invalid for query parameters that the route does not know, and for a body where it takes none.

    A question that says itself which others it takes, as a site's own dimensions, refuses the rest.
    """
    route: APIRoute = request.scope["route"]
    known, inside = set(_parameters(route.dependant)), set(_inside(route.dependant))
    takes_others = _takes_others(route.dependant)
    unknown = [name for name in request.query_params if name not in known and (name in inside or not takes_others)]
    problems = [FieldProblem(name, "is no parameter of this route") for name in unknown]
    if route.body_field is None and (await request.body()).strip() not in NOTHING_SAID:
        problems.append(FieldProblem("body", "this route takes query parameters, and no body"))
    if problems:
        raise Invalid(problems)


def _takes_others(dependant: Dependant) -> bool:
    return any(kind.model_config.get("extra") == "allow" for kind in _questions(dependant))


def _inside(dependant: Dependant) -> Iterator[str]:
    # what parameters are called in code alone
    for kind in _questions(dependant):
        yield from (name for name, info in kind.model_fields.items() if info.alias not in (None, name))


def _questions(dependant: Dependant) -> list[type[BaseModel]]:
    kinds = [field.field_info.annotation for field in dependant.query_params]
    return [kind for kind in kinds if isclass(kind) and issubclass(kind, BaseModel)]


def _parameters(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isclass(kind) and issubclass(kind, BaseModel):
            yield from (info.alias or name for name, info in kind.model_fields.items())
        else:
            yield field.alias
    for needed in dependant.dependencies:
        yield from _parameters(needed)
