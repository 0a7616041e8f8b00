"""template.yaml is read as CloudFormation and SAM would read it."""

from pathlib import Path

import pytest

from infra.local.plan import Plan, QueueSource, Route, Schedule
from infra.local.stack import TEMPLATE
from infra.local.template import Template, TemplateError
from tests.local.examples import EXAMPLE, PARAMETERS

FUNCTION = "  F: {Type: 'AWS::Serverless::Function', Properties: {Handler: h,"


@pytest.fixture
def template() -> Template:
    return Template(EXAMPLE, PARAMETERS, "http://aws")


@pytest.fixture
def plan(template: Template) -> Plan:
    return Plan(template)


def a_template(folder: Path, resources: str) -> Template:
    path = folder / "template.yaml"
    path.write_text(f"Resources:\n  Api: {{Type: 'AWS::Serverless::HttpApi'}}\n{resources}")
    return Template(path, {}, "http://aws")


def test_intrinsic_functions_give_what_cloudformation_gives(plan: Plan) -> None:
    assert plan.functions["EchoFunction"].environment == {
        "ENVIRONMENT": "local",
        "MONGODB_URI": "mongodb://here",
        "QUEUE_URL": "http://aws/123456789012/WorkQueue",
        "QUEUE_ARN": "arn:aws:sqs:us-east-1:123456789012:WorkQueue",
        "GREETING": "hello from us-east-1, footfall-local-bucket and ${raw}",
        "FIRST": "one",
    }


def test_a_parameter_decides_which_resources_and_values_there_are() -> None:
    plan = Plan(Template(EXAMPLE, PARAMETERS | {"Environment": "dev"}, "http://aws"))
    assert "ElsewhereFunction" in plan.functions
    assert plan.functions["EchoFunction"].environment["ELSEWHERE"] == "yes"
    assert plan.functions["EchoFunction"].environment["GREETING"].startswith("good day")


def test_globals_are_merged_and_a_functions_own_values_count(plan: Plan) -> None:
    assert plan.functions["EchoFunction"].timeout == 5
    assert plan.functions["FaultyFunction"].timeout == 1
    assert (plan.functions["EchoFunction"].memory, plan.functions["FaultyFunction"].memory) == (256, 128)


def test_lists_of_globals_are_joined_with_a_functions_own(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(
        "Globals: {Function: {Layers: [a]}}\n"
        "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Handler: x, Layers: [b]}}}"
    )
    template = Template(tmp_path / "template.yaml", {}, "http://aws")
    assert template.resources["F"].properties["Layers"] == ["a", "b"]


def test_routes_know_their_function_and_authorizer(plan: Plan) -> None:
    assert plan.api.routes == (
        Route("ANY /echo/{name}", "EchoFunction", "Keys"),
        Route("GET /open", "EchoFunction", None),
        Route("POST /faulty/{what+}", "FaultyFunction", None),
    )
    assert plan.api.authorizers["Keys"].function == "AuthorizerFunction"
    assert plan.api.authorizers["Keys"].identity_headers == ("x-api-key",)


def test_a_queue_source_knows_its_batches(plan: Plan) -> None:
    queue = "arn:aws:sqs:us-east-1:123456789012:WorkQueue"
    assert plan.queue_sources == (QueueSource("WorkFunction", queue, 5, 0.0, True, 2),)


def test_schedules_are_those_that_are_enabled(plan: Plan) -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:FaultyFunction"
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:Machine"
    assert set(plan.schedules) == {
        Schedule("FaultyFunctionTick", "rate(1 day)", function, "aws.events", '{"what": "tick"}'),
        Schedule("FaultyFunctionTock", "cron(0 4 ? * MON-FRI *)", function, "aws.scheduler", None, "Europe/Paris"),
        Schedule("MachineNightly", "rate(2 days)", machine, "aws.events", None),
    }


def test_a_parameter_without_a_value_is_named_when_it_is_needed() -> None:
    plan = Plan(Template(EXAMPLE, {}, "http://aws"))
    with pytest.raises(TemplateError, match="MongodbUri"):
        _ = plan.functions


@pytest.mark.parametrize(
    ("resources", "complaint"),
    [
        (f"{FUNCTION} Timeout: !Ref Nobody}}}}", "Nobody"),
        (f"{FUNCTION} Events: {{T: {{Type: SNS}}}}}}}}", "SNS"),
        (f"{FUNCTION} Events: {{R: {{Type: HttpApi, Properties: {{PayloadFormatVersion: '1.0'}}}}}}}}}}", "payload"),
    ],
)
def test_what_the_stack_cannot_do_is_refused_by_name(tmp_path: Path, resources: str, complaint: str) -> None:
    plan = Plan(a_template(tmp_path, resources))
    with pytest.raises(TemplateError, match=complaint):
        _ = plan.functions, plan.api


def test_the_products_template_is_understood_in_full() -> None:
    stores = {"MongodbUri": "mongodb://here", "RedisUrl": "redis://here", "MilvusUri": "http://here"}
    template = Template(TEMPLATE, {"Environment": "local", **stores}, "http://aws")
    plan = Plan(template)
    assert all(resource.properties is not None for resource in template.resources.values())
    assert {route.function for route in plan.api.routes} <= plan.functions.keys()
    assert {source.function for source in plan.queue_sources} <= plan.functions.keys()
    assert plan.schedules
    assert ":secret:" in template.outputs["OperatorSecret"]
