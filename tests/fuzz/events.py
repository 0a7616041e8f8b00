"""Lambda events as no gateway should send them: whole ones with parts dropped, of another type, broken, odd or huge."""

import gzip
import json
import random
from functools import partial
from typing import Any
from urllib.parse import quote

from infra.local import http_events
from infra.local.http_events import Request
from infra.local.plan import Route
from tests.fuzz.judge import Tally, Wrong, outcome_of_http
from tests.fuzz.words import BODIES, HEADER_VALUES, HEADERS, NO_REQUESTS, QUERY, TEXTS, VALUES
from tests.fuzz.world import SITE, World
from tests.support.builders import an_event

Json = dict[str, Any]
IDS = ("u5", "v1", "track", "batch", "demo", "nobody", "2026-03-01")


def fuzz(world: World, tally: Tally, inputs: int, number: int) -> None:
    """Mutate whole requests; of those that the authorizer guards it sees one in twenty itself."""
    source = random.Random(number)
    for _ in range(inputs):
        route = source.choice(world.routes)
        event = mutated(source, whole(source, world, route))
        if route.authorizer and source.random() < 1 / 20:
            tally.take(event, partial(_authorize, world, event))
        else:
            tally.take(event, partial(_ask, world, route.function, event))


def _ask(world: World, function: str, event: Any) -> str:
    return outcome_of_http(world.invoke(function, event))


def _authorize(world: World, event: Any) -> str:
    answer = world.invoke("ApiAuthorizerFunction", event)
    if not isinstance(answer, dict) or not isinstance(answer.get("isAuthorized"), bool):
        raise Wrong("no answer of an authorizer")
    return "authorized" if answer["isAuthorized"] else "denied"


def whole(source: random.Random, world: World, route: Route) -> Json:
    """Returns a request that is right, as the gateway hands it on."""
    method, path = route.key.split(" ", 1)
    parameters = {name: source.choice(IDS) for name in _names(path)}
    for name, value in parameters.items():
        path = path.replace(f"{{{name}}}", value)
    headers = [("host", "shop.example"), ("content-type", "application/json"), ("user-agent", "Mozilla/5.0 (X11)")]
    headers.append(("x-api-key", world.keys["api_key" if route.authorizer else "write_key"]))
    body = _body(source) if method == "POST" else b""
    if body and source.random() < 0.2:
        body = gzip.compress(body)
        headers.append(("content-encoding", "gzip"))
    request = Request(method, path, _query(source), tuple(headers), body, source_ip="203.0.113.7")
    context = {"site_id": SITE["site_id"], "scopes": "read write admin", "key_id": "k"} if route.authorizer else None
    return dict(http_events.proxy_event(request, "api", route, parameters, context))


def _names(path: str) -> list[str]:
    return [part.strip("{}+") for part in path.split("/") if part.startswith("{")]


def _body(source: random.Random) -> bytes:
    event = an_event(eventId=None, visitorId=f"v{source.randrange(30)}", properties={"value": 1})
    body = source.choice(
        (
            event,
            {"batch": [event, an_event(eventId=None)], "sentAt": "2026-03-01T12:00:00Z"},
            {"kind": "orders", "files": [{"name": "orders.csv", "size": 10}]},
        )
    )
    return json.dumps(_junked(source, body, 0.1)).encode()


def _junked(source: random.Random, value: Any, share: float) -> Any:
    # a share of its parts replaced by something else, and some fields named otherwise
    if source.random() < share / 4:
        return source.choice(VALUES + TEXTS)
    if isinstance(value, dict):
        named = ((key if source.random() > share / 4 else source.choice(TEXTS), found) for key, found in value.items())
        return {key: _junked(source, found, share) for key, found in named}
    return [_junked(source, found, share) for found in value] if isinstance(value, list) else value


def _query(source: random.Random) -> str:
    if source.random() < 0.3:
        return ""
    pairs = [(source.choice(QUERY), source.choice(TEXTS)[:3000]) for _ in range(source.randrange(1, 5))]
    text = "&".join(f"{name}={value}" for name, value in pairs)
    return quote(text, safe="=&", errors="replace") if source.random() < 0.7 else text


def mutated(source: random.Random, event: Json) -> Any:
    """Returns the event with one to four of its parts changed."""
    if source.random() < 0.01:
        return source.choice(NO_REQUESTS)
    for _ in range(source.randrange(1, 5)):
        source.choice(MUTATIONS)(source, event)
    return event


def _change_any_part(source: random.Random, event: Json) -> None:
    parent: Any = event
    key = source.choice(list(parent))
    while isinstance(parent[key], dict) and parent[key] and source.random() < 0.7:
        parent = parent[key]
        key = source.choice(list(parent))
    if source.random() < 0.4:
        del parent[key]
    else:
        parent[key] = source.choice(VALUES + TEXTS)


def _change_header(source: random.Random, event: Json) -> None:
    headers = event.get("headers")
    if isinstance(headers, dict):
        name = source.choice(HEADERS)
        value = source.choice(HEADER_VALUES + TEXTS) if source.random() < 0.8 else source.choice(VALUES)
        headers[name.title() if source.random() < 0.1 else name] = value


def _change_body(source: random.Random, event: Json) -> None:
    body = event.get("body")
    if not isinstance(body, str):
        event["body"] = source.choice(TEXTS + VALUES)
    elif source.random() < 0.5:
        event["isBase64Encoded"] = not event.get("isBase64Encoded")
    else:
        at = source.randrange(len(body) + 1)
        event["body"] = body[:at] + source.choice(TEXTS) + body[at + source.randrange(4) :]


def _encode_body(source: random.Random, event: Json) -> None:
    event["body"], event["isBase64Encoded"] = source.choice(BODIES), True


def _change_path(source: random.Random, event: Json) -> None:
    text = source.choice(TEXTS)
    path = source.choice(("/", f"/{text}", text, f"{event.get('rawPath')}{text}"))
    event["rawPath"] = path
    context = event.get("requestContext")
    if isinstance(context, dict) and isinstance(context.get("http"), dict):
        context["http"]["path"] = path


def _change_query(source: random.Random, event: Json) -> None:
    event["rawQueryString"] = source.choice(TEXTS) if source.random() < 0.5 else _query(source)


MUTATIONS = (_change_any_part, _change_header, _change_body, _encode_body, _change_path, _change_query, _change_query)
