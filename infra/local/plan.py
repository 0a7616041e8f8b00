"""What template.yaml asks the platform to do: which function runs when, with what, and how HTTP reaches it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from infra.local import sam
from infra.local.template import Read, Resource, Template, TemplateError, read


@dataclass(frozen=True)
class AsynchronousRules:
    """What happens when an asynchronous invocation fails: how often it is retried, and which queue gets the failure."""

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
    """The template, read as a plan; whatever the local stack cannot do raises TemplateError."""

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
        api = apis[0].read_as(sam.HttpApi)
        return ApiPlan(
            api_id=apis[0].ref,
            routes=tuple(self._routes(api.auth.default_authorizer)),
            authorizers={name: _authorizer(name, given) for name, given in api.auth.authorizers.items()},
            cors=_cors(api.cors_configuration),
        )

    @cached_property
    def queue_sources(self) -> tuple[QueueSource, ...]:
        """The event-source mappings that are enabled."""
        events = self._events("AWS::Serverless::Function", "SQS", sam.QueueEvent)
        return tuple(_queue_source(owner, event) for owner, _, event in events if event.enabled)

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules of functions and state machines that are enabled."""
        return tuple(
            schedule
            for owner_type in ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
            for schedule in self._schedules_of(owner_type)
        )

    def _schedules_of(self, owner_type: str) -> Iterator[Schedule]:
        for owner, name, rule in self._events(owner_type, "Schedule", sam.RuleEvent):
            if rule.enabled and rule.state != "DISABLED":
                yield Schedule(_named(rule, owner, name), rule.schedule, owner.arn, "aws.events", rule.input)
        for owner, name, given in self._events(owner_type, "ScheduleV2", sam.SchedulerEvent):
            if given.enabled and given.state != "DISABLED":
                named, zone = _named(given, owner, name), given.schedule_expression_timezone
                yield Schedule(named, given.schedule_expression, owner.arn, "aws.scheduler", given.input, zone)

    def _routes(self, default_authorizer: str | None) -> Iterator[Route]:
        for owner, _, event in self._events("AWS::Serverless::Function", "HttpApi", sam.HttpApiEvent):
            if event.payload_format_version != "2.0":
                raise TemplateError(f"{owner.logical_id}: the local gateway speaks payload format 2.0 alone")
            method = event.method.upper().replace("*", "ANY")
            authorizer = event.auth.authorizer or default_authorizer
            yield Route(
                key=f"{method} {event.path}" if event.path else "$default",
                function=owner.name,
                authorizer=None if authorizer == "NONE" else authorizer,
                timeout=event.timeout_in_millis / 1000,
            )

    def _events(self, owner_type: str, kind: str, model: type[Read]) -> Iterator[tuple[Resource, str, Read]]:
        for owner in self._template.of_type(owner_type):
            for name, event in (owner.read_as(sam.EventOwner).events or {}).items():
                place = f"{owner.logical_id}.{name}"
                if event.type not in ("HttpApi", "SQS", "Schedule", "ScheduleV2"):
                    raise TemplateError(f"{place}: the local stack has no {event.type} events")
                if event.type == kind:
                    yield owner, name, read(model, event.properties, place)


def _function(resource: Resource) -> FunctionPlan:
    given = resource.read_as(sam.Function)
    return FunctionPlan(
        name=resource.name,
        arn=resource.arn,
        handler=given.handler,
        environment={name: str(value) for name, value in given.environment.variables.items()},
        timeout=given.timeout,
        memory=given.memory_size,
        asynchronous=_asynchronous_rules(given.event_invoke_config),
    )


def _asynchronous_rules(given: sam.EventInvokeConfig) -> AsynchronousRules:
    destination = given.destination_config.on_failure
    if destination and destination.type != "SQS":
        raise TemplateError("the local stack sends failed invocations to SQS queues alone")
    return AsynchronousRules(given.maximum_retry_attempts, destination.destination if destination else None)


def _authorizer(name: str, given: sam.Authorizer) -> Authorizer:
    simple = given.enable_simple_responses and given.authorizer_payload_format_version == "2.0"
    if given.function_arn is None or not simple or given.identity.reauthorize_every:
        raise TemplateError(
            f"authorizer {name}: the local gateway knows Lambda authorizers with simple responses, uncached"
        )
    return Authorizer(
        name=name,
        function=function_name(given.function_arn),
        identity_headers=tuple(header.lower() for header in given.identity.headers),
        identity_query=given.identity.query_strings,
    )


def _cors(given: sam.CorsConfiguration | bool | None) -> Cors | None:
    if not given:
        return None
    if given is True:
        given = sam.CorsConfiguration.model_validate({"AllowOrigins": ["*"]})
    return Cors(
        origins=given.allow_origins,
        methods=given.allow_methods,
        headers=tuple(header.lower() for header in given.allow_headers),
        exposed=given.expose_headers,
        max_age=given.max_age,
        credentials=given.allow_credentials,
    )


def _queue_source(owner: Resource, given: sam.QueueEvent) -> QueueSource:
    if given.filter_criteria is not None:
        raise TemplateError(
            f"{owner.logical_id}: the local stack does not filter messages (Lambda deletes what is left out)"
        )
    return QueueSource(
        function=owner.name,
        queue_arn=given.queue,
        batch_size=given.batch_size,
        window=given.maximum_batching_window_in_seconds,
        reports_failures="ReportBatchItemFailures" in given.function_response_types,
        maximum_concurrency=given.scaling_config.maximum_concurrency,
    )


def _named(given: sam.ScheduledEvent, owner: Resource, event_name: str) -> str:
    return given.name or f"{owner.logical_id}{event_name}"


def function_name(arn_or_name: str) -> str:
    """Returns the function's name in an ARN, with or without a version or alias, or in `name:alias`."""
    name = arn_or_name.rpartition(":function:")[2]
    return name.partition(":")[0]
