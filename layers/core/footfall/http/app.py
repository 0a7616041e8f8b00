"""HTTP: applications that answer as the contract says, and their way into Lambda."""

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal, NamedTuple, cast

from fastapi import Depends, FastAPI, Request, params
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from mangum import Mangum
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from footfall.aws.invocations import LambdaContext
from footfall.errors import (
    BadRequest,
    FieldProblem,
    FootfallError,
    Forbidden,
    Invalid,
    TooMany,
    Unauthorized,
    Unavailable,
)
from footfall.http.gateway import HttpEvent, HttpResponse, readable
from footfall.http.known import only_known
from footfall.observability import logger
from footfall.schemas.site import Scope

PROBLEM_JSON = "application/problem+json"
TEXT_TYPES = ["application/json", PROBLEM_JSON, "text/", "application/javascript"]
LARGEST_ANSWER = 6 * 1024 * 1024
"""What Lambda hands on, as JSON: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""
GUARDS = {
    "cache-control": "private, no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""What every answer says to browsers: OWASP's REST Security Cheat Sheet, "Security Headers". There is no
Cross-Origin-Resource-Policy, since pages of shops embed collect's pixel."""
LONGEST_CHARACTER = 12
"""Bytes of one that JSON escapes as two halves."""
TOO_MUCH = FieldProblem("query", "the answer is larger than the 6 MB of one: ask for fewer days, steps or items")
WHICH_SITE = "say in X-Footfall-Site which of your sites is meant"
LambdaHandler = Callable[[object, LambdaContext], HttpResponse]
Responses = dict[int | str, dict[str, Any]]
"""What FastAPI takes a route's answers besides a 200 as."""


class FieldProblemOut(BaseModel):
    """What is wrong with one field; never the value itself."""

    field: str = Field(description="Which one")
    message: str = Field(description="What is wrong with it")


class Problem(BaseModel):
    """An error, as RFC 9457 says it; `errors` names the fields of a 422."""

    type: str = Field(default="about:blank", description="No problem has a page of its own")
    title: str = Field(description="What kind of problem it is")
    status: int = Field(description="The same as of the answer")
    detail: str = Field(description="What it is this time, and what to do")
    instance: str = Field(description="The path that was asked for")
    errors: list[FieldProblemOut] | None = None


PROBLEMS: Responses = {
    code: {"model": Problem, "content": {PROBLEM_JSON: {}}, "description": HTTPStatus(code).phrase}
    for code in (400, 401, 403, 404, 422, 503)
}


def create_app(
    title: str, route: type[APIRoute] = APIRoute, rules: Sequence[params.Depends] = (Depends(only_known),)
) -> FastAPI:
    """Returns an application whose every error is problem+json; `rules` are dependencies of all its routes.

    By themselves, routes refuse parameters and bodies that they do not know. `route` is the class of its routes.
    """
    app = FastAPI(
        title=title,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        responses=PROBLEMS,
        dependencies=rules,
    )
    app.router.route_class = route
    app.exception_handler(FootfallError)(_on_footfall_error)
    app.exception_handler(RequestValidationError)(_on_invalid_request)
    app.exception_handler(HTTPException)(_on_http_exception)
    app.exception_handler(Exception)(_on_unhandled)
    return app


def problem(
    request: Request,
    status: int,
    title: str,
    detail: str,
    *,
    fields: list[FieldProblemOut] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Returns an error answer; `fields` are those that a 422 names."""
    body = Problem(title=title, status=status, detail=detail, instance=request.scope["path"], errors=fields)
    return JSONResponse(body.model_dump(exclude_none=True), status, headers=headers, media_type=PROBLEM_JSON)


def _on_footfall_error(request: Request, error: FootfallError) -> Response:
    if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _on_unhandled(request, error)
    headers = _headers_of(error)
    return problem(request, error.status, error.title, error.detail, fields=_fields(error), headers=headers)


def _fields(error: FootfallError) -> list[FieldProblemOut] | None:
    if not isinstance(error, Invalid):
        return None
    return [FieldProblemOut(field=each.field, message=each.message) for each in error.problems]


def _headers_of(error: FootfallError) -> dict[str, str] | None:
    if isinstance(error, Unavailable | TooMany):
        return {"Retry-After": str(error.retry_after)}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorized) else None


def _on_invalid_request(request: Request, error: RequestValidationError) -> Response:
    problems = [FieldProblem(".".join(map(str, found["loc"][1:])), found["msg"]) for found in error.errors()]
    return _on_footfall_error(request, Invalid(problems))


def _on_http_exception(request: Request, error: HTTPException) -> Response:
    title = HTTPStatus(error.status_code).phrase
    return problem(request, error.status_code, title, str(error.detail), headers=error.headers)


def _on_unhandled(request: Request, error: Exception) -> Response:
    logger().exception("unhandled error", exc_info=error)
    request_id = getattr(request.scope.get("aws.context"), "aws_request_id", "unknown")
    return problem(request, 500, "Internal error", f"something went wrong on our side; request id {request_id}")


def as_lambda(app: FastAPI) -> LambdaHandler:
    """Returns an application's Lambda handler.

    An event that is not a whole request gets a 400, not a crash, and so does an answer that Lambda would not hand on a
    422 that says to ask for less.
    """
    mangum = Mangum(app, lifespan="off", text_mime_types=TEXT_TYPES)
    answer = cast("Callable[[HttpEvent, LambdaContext], HttpResponse]", mangum)  # it knows other gateways as well

    def handler(event: object, context: LambdaContext) -> HttpResponse:
        try:
            given = answer(readable(event), context)
            return _guarded(_refusal(event, Invalid([TOO_MUCH])) if _is_too_large(given) else given)
        except BadRequest as error:
            return _guarded(_refusal(event, error))
        except UnicodeEncodeError:
            return _guarded(_refusal(event, BadRequest("the request is not Unicode")))

    return handler


def _guarded(answer: HttpResponse) -> HttpResponse:
    # what a route says itself stays
    return {**answer, "headers": {**GUARDS, **answer["headers"]}}


def _is_too_large(answer: HttpResponse) -> bool:
    return len(answer["body"]) > LARGEST_ANSWER // LONGEST_CHARACTER and len(json.dumps(answer)) > LARGEST_ANSWER


def _refusal(event: object, error: FootfallError) -> HttpResponse:
    path = event.get("rawPath") if isinstance(event, dict) else None
    instance = path if isinstance(path, str) and path.isprintable() and path else "/"
    body = Problem(
        title=error.title, status=error.status, detail=error.detail, instance=instance, errors=_fields(error)
    )
    return {
        "statusCode": error.status,
        "headers": {"content-type": PROBLEM_JSON},
        "body": body.model_dump_json(exclude_none=True),
        "isBase64Encoded": False,
    }


def _granted(request: Request) -> dict[str, object]:
    # what the authorizer says of the caller: site_id, scopes, key_id
    event: HttpEvent | None = request.scope.get("aws.event")
    authorizer = event["requestContext"].get("authorizer") if event else None
    return (authorizer.get("lambda") if authorizer else None) or {}


def site_with(scope: Scope) -> Callable[[Request], str]:
    """Returns a dependency that gives the caller's site when the authorizer gave the key that scope.

    The authorizer's context is the only source of `site_id`; nothing the caller writes can name another.
    """

    def site_id(request: Request) -> str:
        caller = _caller(request)
        if not caller.site_id:
            raise Forbidden(WHICH_SITE)
        if scope not in caller.scopes:
            raise Forbidden(f"this key has not the scope {scope}")
        return caller.site_id

    return site_id


class Caller(NamedTuple):
    """Who asks, as the authorizer says; the operator of the deployment may come without a site."""

    site_id: str
    scopes: frozenset[str]
    key_id: str

    @property
    def is_operator(self) -> bool:
        """Whether every site is theirs."""
        return "operator" in self.scopes


def caller_with(scope: Scope | Literal["operator"]) -> Callable[[Request], Caller]:
    """Returns a dependency that gives the caller when the authorizer gave the key that scope, and the operator."""

    def caller(request: Request) -> Caller:
        found = _caller(request)
        if scope not in found.scopes and not found.is_operator:
            raise Forbidden(f"this key has not the scope {scope}")
        return found

    return caller


def caller_of(request: Request) -> Caller:
    """Returns who asks, who may be nobody, and have a right to nothing."""
    granted = _granted(request)
    scopes = frozenset(str(granted.get("scopes", "")).split())
    return Caller(str(granted.get("site_id") or ""), scopes, str(granted.get("key_id", "")))


def _caller(request: Request) -> Caller:
    found = caller_of(request)
    if not found.site_id and "member" in found.scopes:
        raise Forbidden(WHICH_SITE)
    if not found.site_id and not found.is_operator:
        raise Unauthorized("send a key as X-Api-Key or Authorization: Bearer, or a token as the latter")
    return found


def _may_administer(request: Request) -> bool:
    return "admin" in str(_granted(request).get("scopes", "")).split()


MayAdminister = Annotated[bool, Depends(_may_administer)]
ReadSite = Annotated[str, Depends(site_with("read"))]
WriteSite = Annotated[str, Depends(site_with("write"))]
AdminSite = Annotated[str, Depends(site_with("admin"))]
Administrator = Annotated[Caller, Depends(caller_with("admin"))]
Operator = Annotated[Caller, Depends(caller_with("operator"))]
