"""The properties of SAM's resources and events that the local stack reads, with SAM's and Lambda's own defaults.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-resources-and-properties.html
"""

from pydantic import Field

from infra.local.template import Properties


class Event(Properties):
    """One entry of `Events`: what starts a function or a state machine."""

    type: str
    properties: dict[str, object] = Field({})


class EventOwner(Properties):
    """A function or a state machine, by what starts it."""

    events: dict[str, Event] | None = None


class Destination(Properties):
    """Where the record of a failed invocation goes: an ARN."""

    type: str | None = None
    destination: str


class DestinationConfig(Properties):
    """Where records of invocations go."""

    on_failure: Destination | None = None


class EventInvokeConfig(Properties):
    """How asynchronous invocations of a function are retried."""

    maximum_retry_attempts: int = 2
    destination_config: DestinationConfig = DestinationConfig()


class Environment(Properties):
    """A function's environment variables."""

    variables: dict[str, object] = Field({})


class Function(Properties):
    """AWS::Serverless::Function; `timeout` in seconds, `memory_size` in MB."""

    handler: str
    timeout: int = 3
    memory_size: int = 128
    environment: Environment = Environment()
    event_invoke_config: EventInvokeConfig = EventInvokeConfig()


class Identity(Properties):
    """Where an authorizer finds out who asks; `reauthorize_every` in seconds, 0 for no cache."""

    headers: tuple[str, ...] = ()
    query_strings: tuple[str, ...] = ()
    reauthorize_every: int = 0


class Authorizer(Properties):
    """An authorizer of an HTTP API; one without a function checks JSON web tokens."""

    function_arn: str | None = None
    enable_simple_responses: bool = False
    authorizer_payload_format_version: str | None = None
    identity: Identity = Identity()


class Auth(Properties):
    """The authorizers of an HTTP API, by name."""

    default_authorizer: str | None = None
    authorizers: dict[str, Authorizer] = Field({})


class CorsConfiguration(Properties):
    """What browsers may ask from another origin; `max_age` in seconds."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = None
    allow_credentials: bool = False


class HttpApi(Properties):
    """AWS::Serverless::HttpApi; `CorsConfiguration: true` allows every origin."""

    auth: Auth = Auth()
    cors_configuration: CorsConfiguration | bool | None = None


class RouteAuth(Properties):
    """Which authorizer guards one route; NONE leaves it open."""

    authorizer: str | None = None


class HttpApiEvent(Properties):
    """A route; without a path it is the one for whatever no other serves."""

    path: str | None = None
    method: str = "ANY"
    payload_format_version: str = "2.0"
    auth: RouteAuth = RouteAuth()
    timeout_in_millis: int = 30_000


class ScalingConfig(Properties):
    """How many batches of a queue are worked on at a time."""

    maximum_concurrency: int | None = None


class QueueEvent(Properties):
    """Messages of a queue; `queue` is its ARN."""

    queue: str
    enabled: bool = True
    batch_size: int = 10
    maximum_batching_window_in_seconds: float = 0.0
    function_response_types: tuple[str, ...] = ()
    scaling_config: ScalingConfig = ScalingConfig()
    filter_criteria: object = None


class ScheduledEvent(Properties):
    """What both kinds of schedule have; `input` is the JSON that the target gets."""

    name: str | None = None
    enabled: bool = True
    state: str | None = None
    input: str | None = None


class RuleEvent(ScheduledEvent):
    """`Schedule`: a rule of EventBridge, in UTC."""

    schedule: str


class SchedulerEvent(ScheduledEvent):
    """`ScheduleV2`: a schedule of EventBridge Scheduler."""

    schedule_expression: str
    schedule_expression_timezone: str = "UTC"
