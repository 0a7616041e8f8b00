"""Requests that fit the OpenAPI document, and such that do not, through the gateway's events to the functions."""

import random
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode, Response
from schemathesis.config import SanitizationConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.transport.prepare import prepare_request

from infra.local import http_events
from infra.local.http_events import Request
from infra.openapi import document
from tests.fuzz.judge import Tally, Wrong, outcome_of_http
from tests.fuzz.world import SITE, World

ROUND = 250
"""So many examples are drawn at a time: more slow down the drawing."""
AS_THEY_ARE = SanitizationConfig(enabled=False)
CONFORMANCE = [status_code_conformance, content_type_conformance, response_schema_conformance]
SCOPES = "collect read write admin"


def fuzz(world: World, tally: Tally, inputs: int, number: int) -> None:
    """Half of the inputs fit the document, half do not."""
    schema = schemathesis.openapi.from_dict(document())
    for mode in GenerationMode:
        strategy = schema.as_strategy(generation_mode=mode, feedback=NO_FEEDBACK)
        draw(strategy, inputs // 2, number, lambda case: _take(world, tally, case))


def draw(strategy: SearchStrategy[Any], inputs: int, number: int, take: Callable[[Any], None]) -> None:
    """Have so many examples of a strategy taken; the same number draws the same."""
    taken = 0
    while taken < inputs:

        @seed(number * 1_000_003 + taken)
        @settings(
            max_examples=min(ROUND, inputs - taken),
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(strategy)
        def one_round(example: Any) -> None:
            nonlocal taken
            taken += 1
            take(example)

        one_round()


def _take(world: World, tally: Tally, case: Case[Any]) -> None:
    sent = prepare_request(case, None, config=AS_THEY_ARE)
    request = _as_sent(world, sent)
    tally.take(f"{request.method} {sent.url} {request.body!r}", lambda: _answer(world, case, sent, request))


def _as_sent(world: World, sent: Any) -> Request:
    # quoted, with headers in lower case, three times in four with a key
    url = urlsplit(sent.url)
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    headers = {name.lower(): _wire(value) for name, value in sent.headers.items()}
    if random.Random(sent.url).random() < 0.75:
        headers.pop("authorization", None)
        headers["x-api-key"] = world.keys["write_key"]
    return Request(sent.method, url.path, url.query, tuple(headers.items()), body, source_ip="203.0.113.7")


def _wire(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _answer(world: World, case: Case[Any], sent: Any, request: Request) -> str:
    found = http_events.matching_route(world.routes, request.method, request.path)
    if found is None:
        return "no route"
    route, parameters = found
    context = {"site_id": SITE["site_id"], "scopes": SCOPES, "key_id": "k"} if route.authorizer else None
    event = http_events.proxy_event(request, "api", route, parameters, context)
    answer = world.invoke(route.function, event)
    outcome = outcome_of_http(answer)
    _check_against_document(case, sent, http_events._explicit_response(answer))
    return outcome


def _check_against_document(case: Case[Any], sent: Any, answer: http_events.Response) -> None:
    headers = {name: [value] for name, value in answer.headers}
    phrase = HTTPStatus(answer.status).phrase
    response = Response(answer.status, headers, answer.body, sent, 0.0, False, message=phrase)
    try:
        case.validate_response(response, checks=CONFORMANCE)
    except FailureGroup as failures:
        reasons = [str(failure).splitlines()[0] for failure in failures.exceptions]
        raise Wrong(f"{case.method} {case.path} {answer.status}: {'; '.join(reasons)}"[:300]) from None
