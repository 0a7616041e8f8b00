"""What a route takes, and nothing besides: a misspelt `dry_run` must not be passed over."""

from collections import Counter
from collections.abc import Iterator, Mapping
from inspect import isclass
from typing import get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from footfall.errors import FieldProblem, Invalid

NOTHING_SAID = frozenset({b"", b"{}", b"null"})


async def only_known(request: Request) -> None:
    """Raises Invalid for query parameters that the route does not know, and for a body where it takes none.

    A question that says itself which others it takes, as a site's own dimensions, refuses the rest. What takes one
    value is refused where it is given several times: none of them is passed over.
    """
    route: APIRoute = request.scope["route"]
    known = dict(_parameters(route.dependant))
    problems = [FieldProblem(name, "is no parameter of this route") for name in _unknown(request, known)]
    problems += [FieldProblem(name, "is given more than once") for name in _repeated(request, known)]
    if route.body_field is None and (await request.body()).strip() not in NOTHING_SAID:
        problems.append(FieldProblem("body", "this route takes query parameters, and no body"))
    if problems:
        raise Invalid(problems)


def _unknown(request: Request, known: Mapping[str, object]) -> list[str]:
    route: APIRoute = request.scope["route"]
    inside, takes_others = set(_inside(route.dependant)), _takes_others(route.dependant)
    return [name for name in request.query_params if name not in known and (name in inside or not takes_others)]


def _repeated(request: Request, known: Mapping[str, object]) -> list[str]:
    given = Counter(name for name, _ in request.query_params.multi_items())
    return [name for name, times in given.items() if times > 1 and name in known and not _is_list(known[name])]


def _takes_others(dependant: Dependant) -> bool:
    return any(kind.model_config.get("extra") == "allow" for kind in _questions(dependant))


def _inside(dependant: Dependant) -> Iterator[str]:
    # what parameters are called in code alone
    for kind in _questions(dependant):
        yield from (name for name, info in kind.model_fields.items() if info.alias not in (None, name))


def _questions(dependant: Dependant) -> list[type[BaseModel]]:
    kinds = [field.field_info.annotation for field in dependant.query_params]
    return [kind for kind in kinds if isclass(kind) and issubclass(kind, BaseModel)]


def _is_list(kind: object) -> bool:
    # also where it is optional, or annotated
    return get_origin(kind) is list or any(map(_is_list, get_args(kind)))


def _parameters(dependant: Dependant) -> Iterator[tuple[str, object]]:
    # each with what it takes
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isclass(kind) and issubclass(kind, BaseModel):
            yield from ((info.alias or name, info.annotation) for name, info in kind.model_fields.items())
        else:
            yield field.alias, kind
    for needed in dependant.dependencies:
        yield from _parameters(needed)
