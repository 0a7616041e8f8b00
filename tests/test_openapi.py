"""The OpenAPI document is valid, complete and what the code means now."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, create_model

from infra import openapi
from infra.template import functions, load
from infra.written import ROOT


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.document()


def test_the_committed_document_is_up_to_date() -> None:
    assert openapi.main(["--check"]) == 0


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_of_the_template_is_in_it_and_no_other(document: dict[str, Any]) -> None:
    events = [
        event["Properties"]
        for function in functions(load(ROOT / "template.yaml")).values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "HttpApi"
    ]
    documented = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert documented == {(event["Method"], event["Path"].replace("+}", "}")) for event in events}


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for operations in document["paths"].values() for operation in operations.values()]


def test_every_route_says_what_it_is_for_and_who_may_ask(document: dict[str, Any]) -> None:
    for operation in operations(document):
        assert operation["description"], operation["operationId"]
        keys = {name for choice in operation["security"] for name in choice}
        assert keys <= set(document["components"]["securitySchemes"])
    ids = [operation["operationId"] for operation in operations(document)]
    assert len(ids) == len(set(ids))
    assert document["paths"]["/events/count"]["get"]["security"] == [{"ApiKey": ["read"]}, {"Bearer": ["read"]}]
    assert {"WriteKey": []} in document["paths"]["/collect"]["post"]["security"]
    assert document["paths"]["/docs"]["get"]["security"] == []


def test_every_error_is_a_problem_document(document: dict[str, Any]) -> None:
    for operation in operations(document):
        for code, response in operation["responses"].items():
            if code >= "400" and "$ref" not in response:
                assert set(response["content"]) <= {"application/problem+json", "application/json"}
    assert set(document["components"]["responses"]["Problem404"]["content"]) == {"application/problem+json"}


def test_no_schema_comes_from_a_name_alone(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    for name in document["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text, f"{name} is never used"


def function_with(tag: str, answer: type[BaseModel], path: str = "/thing") -> openapi.HttpFunction:
    app = FastAPI()
    app.get("/thing", response_model=answer)(lambda: None)
    return openapi.HttpFunction(tag, tag, app, {("get", path): True})


def test_two_schemas_under_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = create_model("Thing", a=(int, ...)), create_model("Thing", b=(int, ...))
    monkeypatch.setattr(openapi, "http_functions", lambda: iter([function_with("one", one), function_with("two", two)]))
    with pytest.raises(openapi.Disagreement, match="two has another schema under the name Thing"):
        openapi.document()


def test_a_route_that_is_not_in_the_template_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    function = function_with("one", create_model("Thing"), path="/other")
    monkeypatch.setattr(openapi, "http_functions", lambda: iter([function]))
    with pytest.raises(openapi.Disagreement, match="GET /thing of one"):
        openapi.document()
