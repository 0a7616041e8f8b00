"""HTTP is alike everywhere: every route of the OpenAPI document, asked wrongly and looked at in writing."""

import json
import re

import pytest
from footfall.http.app import PROBLEM_JSON
from pymongo.database import Database

from tests.support.routes import DOCUMENT, EVERY, GUARDED, Json, Operation

SCHEMAS: dict[str, Json] = DOCUMENT["components"]["schemas"]
SENDING = {
    *("/collect", "/v1/{kind}", "/beacon/v1/batch", "/mp/collect"),
    *("/sourceConfig", "/v1/projects/{write_key}/settings"),
}
"""What SDKs, pixels and links send is up to them."""
NEWEST_OR_NEAREST = {
    *("/events/recent", "/etl/recent-sessions", "/api/similar/{user_id}", "/api/search/customers"),
    *("/api/clv/predictions", "/api/churn/predictions", "/api/similar", "/api/similar/pages/{page}"),
    *("/api/recommendations/{customer_id}", "/api/recommendations/trending", "/api/cross-sell"),
    "/api/customers/{customer_id}/export",
}
"""Questions for so many at most, and not for a list; an export goes on in parts, of many collections."""
PAGING = {"page", "page_size"}
PAGED = PAGING | {"total", "total_pages"}
ANALYTIC = {
    *("/api/metrics", "/api/metrics/dashboard", "/api/funnel", "/api/funnel/trend"),
    *("/api/funnel/people", "/api/funnel/time-to-convert", "/api/funnel/dropoff", "/api/heatmap/{page}"),
    *("/api/retention", "/api/analytics/stickiness", "/api/analytics/lifecycle", "/api/paths", "/api/journeys"),
    *("/api/customers", "/api/segments", "/api/dimensions/{name}", "/api/clv/predictions", "/api/churn/predictions"),
    *("/api/analytics/web-vitals", "/api/metrics/health-score"),
    *("/api/analytics/revenue-trend", "/api/analytics/conversion-trends", "/api/analytics/segment-distribution"),
    *("/api/analytics/revenue-by-segment", "/api/analytics/risk-distribution", "/api/analytics/clv-distribution"),
    "/api/analytics/refunds",
    "/api/analytics/searches",
    "/api/analytics/products",
    "/api/analytics/carts",
    "/api/analytics/pages",
    "/api/analytics/traffic-sources",
    *("/api/sentiment", "/api/sentiment/trend", "/api/sentiment/feedback"),
}
SAYS_IT_ITSELF = re.compile(r"(\w+_)?(id|at)|date|timestamp|(first|last)_seen|status|state|kind|name|url|headers")
THINGS = {"device", "country", "currency", "queue", "event_type"}
"""Names that say what the field holds."""


def _is_filter(parameter: Json) -> bool:
    # one of them is called `page` too
    return any(each.get("type") == "array" for each in parameter["schema"].get("anyOf", ()))


FILTERED = [one for one in EVERY if any(map(_is_filter, one.parameters))]
"""A site's own dimensions are parameters too: which ones are there is known once the site is, as in test_funnel."""
STRICT = [one for one in EVERY if one.path not in SENDING and one not in FILTERED]
ANYBODY = {"site_id": "demo", "scopes": "collect read write admin operator", "key_id": "k"}
NOBODY = {"site_id": "", "scopes": "", "key_id": ""}


def refused(operation: Operation, query: Json, caller: Json) -> tuple[int, Json]:
    """Returns status and body of the answer, which must be a problem document."""
    status, headers, body = operation.asked_by(caller, query)
    assert headers["content-type"] == PROBLEM_JSON, body
    return status, json.loads(body)


@pytest.mark.parametrize("operation", STRICT, ids=str)
def test_a_parameter_that_a_route_does_not_know_is_a_422_that_names_it(operation: Operation) -> None:
    status, problem = refused(operation, {"no_such": "secret"}, ANYBODY)
    assert (status, problem["errors"]) == (422, [{"field": "no_such", "message": "is no parameter of this route"}])
    assert set(problem) == {"type", "title", "status", "detail", "instance", "errors"}
    assert "secret" not in json.dumps(problem)


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_without_a_key_every_route_is_a_401_and_without_its_scope_a_403(
    database: Database[Json], operation: Operation
) -> None:
    for caller, expected in ((NOBODY, 401), ({**ANYBODY, "scopes": ""}, 403)):
        status, problem = refused(operation, {}, caller)
        assert (status, problem["status"]) == (expected, expected)
        assert set(problem) == {"type", "title", "status", "detail", "instance"}


@pytest.mark.parametrize("operation", EVERY, ids=str)
def test_every_list_is_paged_in_one_way(operation: Operation) -> None:
    taken = {each["name"] for each in operation.parameters if each["in"] == "query" and not _is_filter(each)}
    given = set(_answer(operation).get("properties", {}))
    assert taken.isdisjoint({"offset", "skip", "per_page", "cursor", "size"})
    assert taken & PAGING == (PAGING if given & PAGED else set())
    assert given & PAGED in (PAGED, set())
    assert "limit" not in taken or operation.method == "post" or operation.path in NEWEST_OR_NEAREST


@pytest.mark.parametrize("operation", EVERY, ids=str)
def test_every_analytic_answer_says_which_days_it_covers_and_up_to_when(operation: Operation) -> None:
    analytic = operation.path in ANALYTIC and operation.method == "get"
    assert ({"range", "complete_to"} <= set(_answer(operation).get("properties", {}))) == analytic


def _answer(operation: Operation) -> Json:
    good = next(response for code, response in operation.told["responses"].items() if code < "300")
    schema: Json = good.get("content", {}).get("application/json", {}).get("schema", {})
    return SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def test_one_thing_has_one_name() -> None:
    names = {name for schema in SCHEMAS.values() for name in schema.get("properties", {})}
    short, long = ({name.removeprefix(how) for name in names if name.startswith(how)} for how in ("avg_", "average_"))
    assert short.isdisjoint(long)
    assert long == {"order_value"}, "the contract's names begin with avg_ but for this one"
    assert not [name for name in names if re.search(r"[A-Z]|^mean_", name)]


@pytest.mark.parametrize("operation", EVERY, ids=str)
def test_every_route_is_summed_up_and_described_and_so_are_its_parameters(operation: Operation) -> None:
    function = operation.told["operationId"].removeprefix(f"{operation.told['tags'][0]}_")
    assert operation.told["summary"] != function.replace("_", " ").title(), "as FastAPI makes one of the name"
    assert operation.told["description"]
    assert [each["name"] for each in operation.parameters if not (each.get("description") or _is_told(each))] == []


def _is_told(parameter: Json) -> bool:
    return bool(parameter["schema"].get("description"))


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_is_described_whose_name_does_not_say_what_it_is(name: str) -> None:
    undescribed = [
        field
        for field, schema in SCHEMAS[name].get("properties", {}).items()
        if not (_is_described(schema) or SAYS_IT_ITSELF.fullmatch(field) or field in THINGS)
    ]
    assert undescribed == []
    assert SCHEMAS[name].get("description"), "what the whole is"


def _is_described(schema: Json) -> bool:
    # by itself, by what it may be, or by the description of what it is or holds
    if "description" in schema:
        return True
    if "$ref" in schema:
        return SCHEMAS[schema["$ref"].rpartition("/")[2]].get("type") == "object"
    inner = [*schema.get("anyOf", []), schema.get("items"), schema.get("additionalProperties")]
    return any(_is_described(each) for each in inner if isinstance(each, dict))
