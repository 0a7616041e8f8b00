"""What template.yaml asks the platform to do: which function runs when, with what, and how HTTP reaches it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from infra.local.template import Resource, Template, TemplateError

SECONDS_BY_DEFAULT = 3
MEGABYTES_BY_DEFAULT = 128
BATCH_BY_DEFAULT = 10


@dataclass(frozen=True)
class AsynchronousRules:
    """What happens when an asynchronous invocation fails: how often again, and which queue hears of it."""

    retries: int = 2
    failure_queue_arn: str | None = None


@dataclass(frozen=True)
class FunctionPlan:
    """One Lambda function; `timeout` in seconds, `memory` in MB."""

    name: str
    arn: str
    handler: str
    environment: dict[str, str]
    timeout: int
    memory: int
    asynchronous: AsynchronousRules = field(default_factory=AsynchronousRules)


@dataclass(frozen=True)
class Route:
    """One route of the HTTP API; `key` is as API Gateway writes it, such as `GET /users/{id}` or `$default`."""

    key: str
    function: str
    authorizer: str | None
    timeout: float = 30.0


@dataclass(frozen=True)
class Authorizer:
    """A Lambda authorizer with simple responses; it is not asked about a request without its identity sources."""

    name: str
    function: str
    identity_headers: tuple[str, ...]
    identity_query: tuple[str, ...]


@dataclass(frozen=True)
class Cors:
    """What the gateway itself answers browsers that ask from another origin."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    exposed: tuple[str, ...]
    max_age: int | None
    credentials: bool


@dataclass(frozen=True)
class ApiPlan:
    """The HTTP API: its id, its routes, its authorizers by name and its CORS rules, if it has any."""

    api_id: str
    routes: tuple[Route, ...]
    authorizers: dict[str, Authorizer]
    cors: Cors | None


@dataclass(frozen=True)
class QueueSource:
    """An event-source mapping from a queue to a function; `window` in seconds."""

    function: str
    queue_arn: str
    batch_size: int
    window: float
    reports_failures: bool
    maximum_concurrency: int | None


@dataclass(frozen=True)
class Schedule:
    """A rule that starts a function or a state machine; `source` says which AWS service it is a resource of."""

    name: str
    expression: str
    target_arn: str
    source: str
    input: str | None
    time_zone: str = "UTC"


class Plan:
    """The template, read as a plan."""

    def __init__(self, template: Template) -> None:
        self._template = template

    @cached_property
    def functions(self) -> dict[str, FunctionPlan]:
        """The functions, by name."""
        return {plan.name: plan for plan in map(_function, self._template.of_type("AWS::Serverless::Function"))}

    @cached_property
    def api(self) -> ApiPlan:
        """The one HTTP API."""
        apis = list(self._template.of_type("AWS::Serverless::HttpApi"))
        if len(apis) != 1:
            raise TemplateError(f"the local stack serves one HTTP API; the template has {len(apis)}")
        auth = apis[0].properties.get("Auth", {})
        return ApiPlan(
            api_id=apis[0].ref,
            routes=tuple(self._routes(auth.get("DefaultAuthorizer"))),
            authorizers={name: _authorizer(name, given) for name, given in auth.get("Authorizers", {}).items()},
            cors=_cors(apis[0].properties.get("CorsConfiguration")),
        )

    @cached_property
    def queue_sources(self) -> tuple[QueueSource, ...]:
        """The event-source mappings that are enabled."""
        events = self._events("AWS::Serverless::Function", "SQS")
        return tuple(_queue_source(owner, given) for owner, _, given in events if given.get("Enabled", True))

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules of functions and state machines that are enabled."""
        owners = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
        return tuple(
            _schedule(owner, name, given, kind)
            for owner_type in owners
            for kind in ("Schedule", "ScheduleV2")
            for owner, name, given in self._events(owner_type, kind)
            if given.get("Enabled", True) and given.get("State") != "DISABLED"
        )

    def _routes(self, default_authorizer: str | None) -> Iterator[Route]:
        for owner, _, given in self._events("AWS::Serverless::Function", "HttpApi"):
            if str(given.get("PayloadFormatVersion", "2.0")) != "2.0":
                raise TemplateError(f"{owner.logical_id}: the local gateway speaks payload format 2.0 alone")
            method = str(given.get("Method", "ANY")).upper()
            key = f"{method.replace('*', 'ANY')} {given['Path']}" if "Path" in given else "$default"
            authorizer = given.get("Auth", {}).get("Authorizer", default_authorizer)
            seconds = given.get("TimeoutInMillis", 30_000) / 1000
            yield Route(key, owner.name, None if authorizer == "NONE" else authorizer, seconds)

    def _events(self, owner_type: str, kind: str) -> Iterator[tuple[Resource, str, dict[str, Any]]]:
        for owner in self._template.of_type(owner_type):
            for name, event in (owner.properties.get("Events") or {}).items():
                if event["Type"] not in ("HttpApi", "SQS", "Schedule", "ScheduleV2"):
                    raise TemplateError(f"{owner.logical_id}.{name}: the local stack has no {event['Type']} events")
                if event["Type"] == kind:
                    yield owner, name, event.get("Properties", {})


def _function(resource: Resource) -> FunctionPlan:
    properties = resource.properties
    variables = properties.get("Environment", {}).get("Variables", {})
    return FunctionPlan(
        name=resource.name,
        arn=resource.arn,
        handler=properties["Handler"],
        environment={name: str(value) for name, value in variables.items()},
        timeout=int(properties.get("Timeout", SECONDS_BY_DEFAULT)),
        memory=int(properties.get("MemorySize", MEGABYTES_BY_DEFAULT)),
        asynchronous=_asynchronous_rules(properties.get("EventInvokeConfig", {})),
    )


def _asynchronous_rules(given: dict[str, Any]) -> AsynchronousRules:
    destination = given.get("DestinationConfig", {}).get("OnFailure")
    if destination and destination.get("Type") != "SQS":
        raise TemplateError("the local stack sends failed invocations to SQS queues alone")
    return AsynchronousRules(int(given.get("MaximumRetryAttempts", 2)), destination and destination["Destination"])


def _authorizer(name: str, given: dict[str, Any]) -> Authorizer:
    simple = given.get("EnableSimpleResponses") and str(given.get("AuthorizerPayloadFormatVersion")) == "2.0"
    identity = given.get("Identity", {})
    if "FunctionArn" not in given or not simple or identity.get("ReauthorizeEvery"):
        raise TemplateError(
            f"authorizer {name}: the local gateway knows Lambda authorizers with simple responses, uncached"
        )
    return Authorizer(
        name=name,
        function=function_name(given["FunctionArn"]),
        identity_headers=tuple(header.lower() for header in identity.get("Headers", ())),
        identity_query=tuple(identity.get("QueryStrings", ())),
    )


def _cors(given: Any) -> Cors | None:
    if not given:
        return None
    if given is True:
        given = {"AllowOrigins": ["*"]}
    return Cors(
        origins=tuple(given.get("AllowOrigins", ())),
        methods=tuple(given.get("AllowMethods", ())),
        headers=tuple(header.lower() for header in given.get("AllowHeaders", ())),
        exposed=tuple(given.get("ExposeHeaders", ())),
        max_age=given.get("MaxAge"),
        credentials=bool(given.get("AllowCredentials")),
    )


def _queue_source(owner: Resource, given: dict[str, Any]) -> QueueSource:
    if "FilterCriteria" in given:
        raise TemplateError(
            f"{owner.logical_id}: the local stack does not filter messages (Lambda deletes what is left out)"
        )
    return QueueSource(
        function=owner.name,
        queue_arn=given["Queue"],
        batch_size=int(given.get("BatchSize", BATCH_BY_DEFAULT)),
        window=float(given.get("MaximumBatchingWindowInSeconds", 0)),
        reports_failures="ReportBatchItemFailures" in given.get("FunctionResponseTypes", ()),
        maximum_concurrency=given.get("ScalingConfig", {}).get("MaximumConcurrency"),
    )


def _schedule(owner: Resource, name: str, given: dict[str, Any], kind: str) -> Schedule:
    return Schedule(
        name=given.get("Name", f"{owner.logical_id}{name}"),
        expression=given["Schedule" if kind == "Schedule" else "ScheduleExpression"],
        target_arn=owner.arn,
        source="aws.events" if kind == "Schedule" else "aws.scheduler",
        input=given.get("Input"),
        time_zone=given.get("ScheduleExpressionTimezone", "UTC"),
    )


def function_name(arn_or_name: str) -> str:
    """The function's name in an ARN, with or without a version or alias, or in `name:alias`."""
    name = arn_or_name.rpartition(":function:")[2]
    return name.partition(":")[0]
