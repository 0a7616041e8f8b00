"""The real pipeline on its own stores: collect → SQS → event source → etl/events in worker processes → MongoDB.

Functions, queues and their settings are template.yaml's; a scenario changes no more than its fault needs.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from footfall.identity import new_write_key
from footfall.schemas.site import Site
from footfall.stores import collections
from pymongo import MongoClient
from pymongo.database import Database

from infra.local.aws import client, queue_depth, start_aws
from infra.local.event_sources import Disorder, EventSource
from infra.local.http_events import Request, Response, matching_route, proxy_event, response_of
from infra.local.plan import FunctionPlan, Plan
from infra.local.processes import ProcessSupervisor
from infra.local.resources import create_resources
from infra.local.shared import NO_LAMBDA
from infra.local.stack import TEMPLATE
from infra.local.stores import start_milvus, start_redis
from infra.local.template import Template
from infra.local.workers import Function, Invocation, aws_variables
from tests.faults.mongods import Mongod, ReplicaSet, wait_until
from tests.faults.proxies import MongoDoor, SqsDoor

COLLECT, EVENTS, ROLLUP, ANSWER = "ApiCollectFunction", "EtlEventsFunction", "JobsRollupFunction", "JobsAnswerFunction"
MESSAGES_AT_ONCE = 20
SETTLE_SECONDS = 240.0
NOWHERE = "127.0.0.1:9"  # the discard port: nothing answers there
Store = Callable[[ProcessSupervisor, Path], Mongod | ReplicaSet]


@dataclass(frozen=True)
class Setting:
    """How a pipeline differs from the plain one: which parts it has, and where a fault can be let in.

    `time_out` is that of etl/events, in seconds; a failed message comes back after `retry_seconds`, and not after the
    seven minutes of the queue's visibility; `dying` says whether collect, etl/events and the jobs run under
    `tests.faults.dying`; `fan_out` are functions that hear of sessions, for which Redis and Milvus run; one call reads
    `most_rows` rows of the lake.
    """

    sites = ("shop", "quiet-1", "quiet-2", "quiet-3")

    store: Store = Mongod
    mongo_door: bool = False
    sqs_door: float = 0.0
    disorder: bool = False
    time_out: int | None = None
    messages_at_once: int = MESSAGES_AT_ONCE
    concurrency: int = 2
    retry_seconds: int = 1
    dying: bool = False
    fan_out: tuple[str, ...] = ()
    most_rows: int | None = None


THROUGH_DOOR = Setting(mongo_door=True)


@contextmanager
def opened(setting: Setting, seed: int) -> Iterator["Pipeline"]:
    """Yields a pipeline that leaves nothing behind; raises StartFailed, or CannotInject for an impossible fault."""
    with (
        tempfile.TemporaryDirectory(prefix="footfall-faults-", ignore_cleanup_errors=True) as folder,
        Pipeline(Path(folder), seed, setting) as pipeline,
    ):
        yield pipeline


@dataclass
class Watched:
    """A function, and what has been seen of its invocations: how they ended, and how often messages came."""

    function: Function
    endings: Counter[str] = field(default_factory=Counter)
    receives: Counter[int] = field(default_factory=Counter)
    failures: int = 0

    def invoke(self, payload: bytes) -> Invocation:
        """Returns the function's answer, and counts how it ended."""
        for record in json.loads(payload)["Records"]:
            self.receives[int(record["attributes"]["ApproximateReceiveCount"])] += 1
        answer = self.function.invoke(payload)
        found: dict[str, Any] = json.loads(answer.payload)
        self.endings[found["errorType"] if answer.failed else "answered"] += 1
        self.failures += answer.failed or bool(found["batchItemFailures"])
        return answer

    def forget(self) -> None:
        """Begin to watch anew."""
        self.endings.clear()
        self.receives.clear()
        self.failures = 0

    @property
    def again(self) -> int:
        """How often a message came that had come before."""
        return sum(count for receives, count in self.receives.items() if receives > 1)


class Pipeline:
    """One pipeline, open while its context lasts."""

    def __init__(self, folder: Path, seed: int, setting: Setting) -> None:
        self.folder = folder
        self.setting = setting
        self._seed = seed
        self._cleanup = ExitStack()
        self._sources: list[EventSource] = []
        self.redriven = 0

    def __enter__(self) -> Self:
        """Start everything; raises StartFailed."""
        try:
            self._start()
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self._cleanup.close()

    def _start(self) -> None:
        self.supervisor = ProcessSupervisor(self.folder / "logs")
        self._cleanup.callback(self.supervisor.stop)
        self.aws = start_aws(self.supervisor, None, NO_LAMBDA)
        parameters = {"Environment": "local", "RedisUrl": f"redis://{NOWHERE}", "MilvusUri": f"http://{NOWHERE}"}
        parameters |= {"MostRows": str(self.setting.most_rows)} if self.setting.most_rows else {}
        template = Template(TEMPLATE, parameters, self.aws.endpoint)
        with ThreadPoolExecutor(3) as pool:
            resources = pool.submit(create_resources, template)
            if self.setting.fan_out:
                redis = pool.submit(start_redis, self.supervisor, self.folder / "redis")
                milvus = pool.submit(start_milvus, self.supervisor, self.folder / "milvus")
                self.redis_url, self.milvus_uri = redis.result(), milvus.result()
                parameters |= {"RedisUrl": self.redis_url, "MilvusUri": self.milvus_uri}
            parameters["MongodbUri"] = self._start_store()
            self.plan = Plan(template)
            self._make_functions()
            list(pool.map(Function.warm, [self.functions[COLLECT], self.functions[EVENTS]]))
            resources.result()
        if self.setting.fan_out:
            self.invoke("JobsPrepareFunction", {})
        self._make_sites()
        for name in (EVENTS, *self.setting.fan_out):
            self._feed(name)

    def _start_store(self) -> str:
        self.store = self.setting.store(self.supervisor, self.folder / "mongodb")
        self._client = MongoClient[dict[str, Any]](self.store.uri, tz_aware=True)
        self._cleanup.callback(self._client.close)
        collections.prepare(self.database)
        if not self.setting.mongo_door:
            return self.store.uri
        assert isinstance(self.store, Mongod)
        self.mongo_door = self._cleanup.enter_context(MongoDoor(self.store.port))
        return self.mongo_door.uri

    def _make_functions(self) -> None:
        plain = aws_variables(self.aws)
        maimed = plain
        if self.setting.sqs_door:
            self.sqs_door = self._cleanup.enter_context(SqsDoor(self.aws.endpoint, self._seed, self.setting.sqs_door))
            maimed = {**plain, "AWS_ENDPOINT_URL_SQS": self.sqs_door.url}
        self.functions: dict[str, Function] = {}
        for name, given in self.plan.functions.items():
            variables = maimed if name == COLLECT else plain
            function = Function(self._changed(given), self.supervisor, variables, TEMPLATE.parent)
            self.functions[name] = function
            self._cleanup.callback(function.stop)

    def _changed(self, plan: FunctionPlan) -> FunctionPlan:
        if plan.name == EVENTS and self.setting.time_out:
            plan = replace(plan, timeout=self.setting.time_out)
        if self.setting.dying and plan.name in (COLLECT, EVENTS, ROLLUP, ANSWER):
            folder = self.folder / plan.name
            folder.mkdir()
            variables = {"DYING_HANDLER": plan.handler, "DYING_FOLDER": str(folder)}
            plan = replace(plan, handler="tests.faults.dying.handler", environment={**plan.environment, **variables})
        return plan

    def _make_sites(self) -> None:
        secret = self.functions[COLLECT].plan.environment["SIGNING_SECRET"]
        key = client("secretsmanager", self.aws.endpoint).get_secret_value(SecretId=secret)["SecretString"]
        for site_id in self.setting.sites:
            site = Site(site_id=site_id, name=site_id)
            self.database["sites"].insert_one({"_id": site_id, **site.model_dump()})
        self._write_keys = {site_id: new_write_key(site_id, key) for site_id in self.setting.sites}

    def _feed(self, name: str) -> None:
        given = next(source for source in self.plan.queue_sources if source.function == name)
        changed = replace(given, batch_size=self.setting.messages_at_once, window=0)
        watched = Watched(self.functions[name])
        if name == EVENTS:
            self.etl = watched
        source = EventSource(
            changed,
            watched,
            self.aws.endpoint,
            self.aws.queue_url(given.queue_arn),
            concurrency=self.setting.concurrency,
            disorder=Disorder(self._seed, duplicates=0.3, delays=0.3) if self.setting.disorder else None,
            retry_seconds=self.setting.retry_seconds,
        )
        self._sources.append(source)
        source.start()
        self._cleanup.callback(source.stop)

    def clear(self) -> None:
        """Make a pipeline that has settled as new: nothing stored but the sites, nothing seen."""
        for name in collections.COLLECTIONS.keys() - {"sites"}:
            self.database[name].delete_many({})
        self.etl.forget()
        self.redriven = 0

    @property
    def database(self) -> Database[dict[str, Any]]:
        """The pipeline's database, reached past any fault's door."""
        return self._client["footfall"]

    def let_transactions_live(self, seconds: int) -> None:
        """Have MongoDB end a transaction that nobody goes on with after so many seconds."""
        self._client.admin.command("setParameter", 1, transactionLifetimeLimitSeconds=seconds)

    @cached_property
    def queue_url(self) -> str:
        """Where events wait."""
        return self.functions[COLLECT].plan.environment["EVENTS_QUEUE_URL"]

    def post(self, site_id: str, body: bytes, path: str, encoding: str) -> Response | None:
        """Returns what collect answers a client of that site; None when it does not answer."""
        headers = {"host": "shop.example", "content-type": "application/json", "user-agent": "Mozilla/5.0 (X11)"}
        headers |= {"x-api-key": self._write_keys[site_id]}
        headers |= {} if encoding == "identity" else {"content-encoding": encoding}
        request = Request("POST", path, "", tuple(headers.items()), body, source_ip="203.0.113.7")
        return self._ask(request)

    def get(self, path: str, site_id: str, scopes: str = "read") -> Response | None:
        """Returns what the API answers somebody who may read a site's figures."""
        path, _, query = path.partition("?")
        return self._ask(Request("GET", path, query, (("host", "shop.example"),), b""), site_id, scopes)

    def _ask(self, request: Request, site_id: str = "", scopes: str = "") -> Response | None:
        found = matching_route(self.plan.api.routes, request.method, request.path)
        assert found, f"no route {request.method} {request.path}"
        route, parameters = found
        caller = {"site_id": site_id, "scopes": scopes, "key_id": "k"}
        event = proxy_event(request, self.plan.api.api_id, route, parameters, caller)
        answer = self.functions[route.function].invoke(json.dumps(event).encode())
        return None if answer.failed else response_of(answer.payload)

    def invoke(self, function: str, payload: Any) -> Any:
        """Returns what a function of the pipeline answers."""
        answer = self.functions[function].invoke(json.dumps(payload).encode())
        assert not answer.failed, answer.payload
        return json.loads(answer.payload)

    def put(self, group: str, text: str) -> None:
        """Put a message into the events queue, as a producer of our own does."""
        client("sqs", self.aws.endpoint).send_message(QueueUrl=self.queue_url, MessageBody=text, MessageGroupId=group)

    def log_of(self, function: str) -> str:
        """Returns everything that a function has logged."""
        return (self.folder / "logs" / f"{function}.log").read_text(errors="replace")

    def settle(self, seconds: float = SETTLE_SECONDS) -> bool:
        """Lets everything that waits be processed, dead letters too; returns whether that was in time."""
        return wait_until(self._is_settled, seconds, pause=0.1)

    def _is_settled(self) -> bool:
        urls = [source.queue_url for source in self._sources]
        if any(source.busy for source in self._sources) or any(map(self._depth, urls)):
            return False
        dead = [url for url in map(_dead_letters_of, urls) if self._depth(url)]
        for url in dead:
            self._redrive(url)
        return not dead and not any(source.busy for source in self._sources)

    def _redrive(self, url: str) -> None:
        # as an operator does once the fault is over
        self.redriven += self._depth(url)
        arn = f"{self.plan.queue_sources[0].queue_arn.rpartition(':')[0]}:{url.rpartition('/')[2]}"
        client("sqs", self.aws.endpoint).start_message_move_task(SourceArn=arn)

    def _depth(self, queue_url: str) -> int:
        return queue_depth(queue_url, self.aws.endpoint)

    def waiting(self) -> Iterator[str]:
        """Yields the text of every message that waits in either queue."""
        sqs = client("sqs", self.aws.endpoint)
        for url in (self.queue_url, _dead_letters_of(self.queue_url)):
            while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                yield from (message["Body"] for message in found)


def _dead_letters_of(queue_url: str) -> str:
    return queue_url.removesuffix("Queue") + "DeadLetterQueue"
