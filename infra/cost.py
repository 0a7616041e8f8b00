"""What a million events cost, from AWS' list prices, template.yaml and measured durations.

A model, never checked against a bill. Durations are CPU time measured on this machine, divided by the share of a CPU
that a function's memory buys, plus the time it waits. Left out: MongoDB, Redis, Milvus, data transfer, VPC endpoints,
free tiers, retries, and the work of etl/vectors, etl/catalog and training, which depends on people and not on events.
"""

import re
from dataclasses import dataclass, fields
from math import ceil
from pathlib import Path

from infra import prices
from infra.prices import KIB, MILLION
from infra.template import Resource, functions, load, resources

TEMPLATE = Path(__file__).parents[1] / "template.yaml"
ALARMS = Path(__file__).parent / "alarms.yaml"
NETWORK = Path(__file__).parent / "network.yaml"
SECONDS_A_DAY = 86_400
SECONDS_A_MONTH = 30 * SECONDS_A_DAY
COLD_SHARE = 0.001
"""The share of requests that find no warm environment; AWS says less than 1 % over all functions."""
SQS_WAIT_MS = 10.0
"""How long a send to SQS takes within a region."""
RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
UNITS = {"minute": 60, "hour": 3_600, "day": SECONDS_A_DAY}


@dataclass(frozen=True)
class FunctionSize:
    """What template.yaml gives a function; `memory` in MB."""

    memory: int
    snap_start: bool = False

    def billed(self, cpu_ms: float, waiting_ms: float = 0.0) -> float:
        """Returns the price of one invocation that computes and waits so long."""
        share = min(1.0, self.memory / prices.MEGABYTES_PER_VCPU)
        seconds = ceil(cpu_ms / share + waiting_ms) / 1000
        return prices.INVOCATION + self.memory / KIB * seconds * prices.GB_SECOND


@dataclass(frozen=True)
class Configuration:
    """What costs depend on in template.yaml; `access_log` in bytes per request, `window` in seconds.

    `snap_started` has the memory of the functions that may keep snapshots, `alarms` counts the metrics they watch, and
    `endpoints` the interface endpoints of infra/network.yaml.
    """

    collect: FunctionSize
    etl: FunctionSize
    realtime: FunctionSize
    rollup: FunctionSize
    batch: int
    window: int
    rollups_a_day: float
    access_log: int
    snap_started: tuple[int, ...] = ()
    fed_queues: int = 0
    secrets: int = 0
    alarms: int = 0
    endpoints: int = 0

    def messages_a_batch(self, events: int, message_bytes: float, events_a_day: float) -> int:
        """Returns how many messages of so many events share a batch at that pace, evenly spread: one at least."""
        arriving = events_a_day / SECONDS_A_DAY / events * self.window
        fitting = prices.LARGEST_INVOCATION / max(message_bytes, 1)
        return max(1, int(min(self.batch, arriving, fitting)))


@dataclass(frozen=True)
class Measured:
    """What one request of `events` events takes in collect, and one batch of `messages` requests in etl/events.

    CPU and waiting in milliseconds, sizes in bytes; logs are what the functions wrote themselves. `rollup_ms` is the
    time of jobs/rollup per thousand events of a day.
    """

    events: int
    request_bytes: float
    message_bytes: float
    messages: int
    collect_ms: float
    etl_ms: float
    etl_waiting_ms: float
    announced_bytes: float
    realtime_ms: float
    rollup_ms: float
    collect_log: float = 0.0
    etl_log: float = 0.0


@dataclass(frozen=True)
class Bill:
    """Dollars for a million events, by what they are paid for."""

    gateway: float
    collect: float
    etl: float
    sqs: float
    sns: float
    logs: float
    rollup: float

    @property
    def total(self) -> float:
        """All of it."""
        return sum(self.lines.values())

    @property
    def lines(self) -> dict[str, float]:
        """The parts by name."""
        return {line.name: getattr(self, line.name) for line in fields(self)}


def configuration() -> Configuration:
    """Returns what template.yaml says."""
    read = load(TEMPLATE)
    found = functions(read)
    source = _event(found["EtlEventsFunction"], "SQS")
    api = read["Resources"]["FootfallApi"]["Properties"]
    sizes = {name: FunctionSize(given["MemorySize"]) for name, given in found.items()}
    return Configuration(
        collect=sizes["ApiCollectFunction"],
        etl=sizes["EtlEventsFunction"],
        realtime=sizes["EtlRealtimeFunction"],
        rollup=sizes["JobsRollupFunction"],
        batch=source["BatchSize"],
        window=source.get("MaximumBatchingWindowInSeconds", 0),
        rollups_a_day=runs_a_day(_event(found["JobsRollupFunction"], "Schedule")["Schedule"]),
        access_log=len(api["AccessLogSettings"]["Format"]),
        snap_started=tuple(sizes[name].memory for name, given in found.items() if "SnapStart" in given),
        fed_queues=sum(_count_events(given, "SQS") for given in found.values()),
        secrets=len(resources(read, "AWS::SecretsManager::Secret")),
        alarms=sum(_metrics(alarm) for alarm in resources(load(ALARMS), "AWS::CloudWatch::Alarm").values()),
        endpoints=sum("Condition" not in one for one in _interfaces().values()),
    )


def _interfaces() -> dict[str, Resource]:
    # an endpoint of S3 is a route, and costs nothing
    found = resources(load(NETWORK), "AWS::EC2::VPCEndpoint")
    return {name: one for name, one in found.items() if one["Properties"].get("VpcEndpointType") == "Interface"}


def _event(function: Resource, kind: str) -> Resource:
    found: list[Resource] = [event["Properties"] for event in function["Events"].values() if event["Type"] == kind]
    return found[0]


def _metrics(alarm: Resource) -> int:
    # an alarm that adds up several is paid for each of them
    return max(1, sum("MetricStat" in metric for metric in alarm["Properties"].get("Metrics", [])))


def _count_events(function: Resource, kind: str) -> int:
    return sum(event["Type"] == kind for event in function.get("Events", {}).values())


def runs_a_day(schedule: str) -> float:
    """Returns how often a `rate(…)` is due in a day; raises ValueError for any other schedule."""
    found = RATE.fullmatch(schedule)
    if found is None:
        raise ValueError(f"{schedule}: only rate(…) is understood")
    return SECONDS_A_DAY / (int(found[1]) * UNITS[found[2]])


def cost_per_million(given: Configuration, measured: Measured, events_a_day: float) -> Bill:
    """Returns what a million events cost at a pace of so many a day."""
    requests = MILLION / measured.events
    batches = requests / measured.messages
    return Bill(
        gateway=requests * _units(measured.request_bytes, prices.HTTP_UNIT) * prices.HTTP_REQUEST,
        collect=requests * _collect(given.collect, measured),
        etl=batches * (given.etl.billed(measured.etl_ms, measured.etl_waiting_ms) + _realtime(given, measured)),
        sqs=batches * _queues(measured),
        sns=batches * _units(measured.announced_bytes, prices.SQS_UNIT) * prices.SNS_REQUEST,
        logs=_logs(given, measured, requests, batches),
        rollup=_rollups(given, measured, events_a_day),
    )


def _collect(size: FunctionSize, measured: Measured) -> float:
    restoring = COLD_SHARE * size.memory / KIB * prices.RESTORED_GB if size.snap_start else 0.0
    return size.billed(measured.collect_ms, SQS_WAIT_MS) + restoring


def _realtime(given: Configuration, measured: Measured) -> float:
    return given.realtime.billed(measured.realtime_ms)


def _queues(measured: Measured) -> float:
    # a batch's messages are sent one by one, and received and deleted together
    trips = ceil(measured.messages / prices.SQS_MESSAGES)
    sent = measured.messages * _units(measured.message_bytes, prices.SQS_UNIT)
    received = max(trips, _units(measured.messages * measured.message_bytes, prices.SQS_UNIT))
    # then SNS delivers its announcement to three queues: received and deleted in each
    announced = 3 * (2 * _units(measured.announced_bytes, prices.SQS_UNIT) + 1)
    return (sent + received + trips) * prices.FAIR_SQS_REQUEST + announced * prices.SQS_REQUEST


def _logs(given: Configuration, measured: Measured, requests: float, batches: float) -> float:
    request = given.access_log + prices.PLATFORM_LOG_BYTES + measured.collect_log
    batch = 2 * prices.PLATFORM_LOG_BYTES + measured.etl_log
    return (requests * request + batches * batch) * prices.LOG_BYTE


def _rollups(given: Configuration, measured: Measured, events_a_day: float) -> float:
    # each run recomputes today, which on average has half of its events
    run = given.rollup.billed(measured.rollup_ms * events_a_day / 2 / 1000)
    return given.rollups_a_day * run * MILLION / events_a_day


def _units(size: float, unit: int) -> int:
    return max(1, ceil(size / unit))


def fixed_cost_per_month(given: Configuration) -> dict[str, float]:
    """Returns what is paid each month even when nothing is sent, in dollars by what it is paid for.

    Schedules that find nothing to do come to some cents besides.
    """
    polls = given.fed_queues * prices.POLLERS * SECONDS_A_MONTH / prices.POLL_SECONDS
    return {"polling of idle queues": polls * prices.SQS_REQUEST, "secrets": given.secrets * prices.SECRET_MONTH}


def cost_per_month_of_choices(given: Configuration) -> dict[str, float]:
    """Returns what parameters add to that, which are off unless asked for, in dollars by the parameter's name."""
    kept = sum(given.snap_started) / KIB * SECONDS_A_MONTH * prices.SNAPSHOT_GB_SECOND
    return {
        "KeepSnapshots": kept,
        "AlarmEmail": given.alarms * prices.ALARM_MONTH,
        "VpcSubnetIds": given.endpoints * prices.ZONES * prices.ENDPOINT_HOUR * SECONDS_A_MONTH / 3_600,
    }
