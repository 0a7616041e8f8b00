"""The whole product on this machine: real stores, moto's AWS services, and template.yaml's functions in workers."""

import fcntl
import json
import logging
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.local.asynchronous import AsynchronousInvocations
from infra.local.aws import LOOPBACK, client, queue_depth, start_aws
from infra.local.custom_resources import PATH as CUSTOM_RESOURCES_PATH
from infra.local.custom_resources import CustomResources, warm_functions
from infra.local.event_sources import Disorder, EventSource
from infra.local.gateway import Gateway
from infra.local.http_server import Application, HttpServer, Receive, Scope, Send, bound_socket
from infra.local.lambda_api import LambdaApi
from infra.local.own_clients import own_asgi
from infra.local.plan import Plan, function_name
from infra.local.processes import ProcessSupervisor
from infra.local.resources import create_resources
from infra.local.scheduler import Scheduler
from infra.local.stores import start_stores
from infra.local.template import Template
from infra.local.workers import ENVIRONMENTS_PER_FUNCTION, Function, aws_variables

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
INVOCATION_THREADS = 128
GRACE_SECONDS = 5.0
RETRY_SECONDS = 10


class AlreadyRunning(Exception):
    """Raised when another stack uses the same data folder."""


class FunctionFailed(Exception):
    """Raised when an invoked function fails; the message is Lambda's description of the error."""


class Stack:
    """One local stack; use it as a context manager. Its data stays in `data`, and a later stack takes it up again.

    `address` is where the stores and AWS services are reached: functions in containers need the Docker bridge's.
    `schedules` says whether time starts functions. Messages that failed come back after `retry_seconds`, as nobody
    wants to wait for the minutes that a queue's visibility time-out lasts. For tests: `disorder` (see EventSource), and
    `window`, the seconds that a batch waits for more messages in place of the template's.
    """

    def __init__(
        self,
        data: Path,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        address: str = LOOPBACK,
        template: Path = TEMPLATE,
        parameters: Mapping[str, str] | None = None,
        schedules: bool = True,
        disorder: Disorder | None = None,
        retry_seconds: int = RETRY_SECONDS,
        window: float | None = None,
    ) -> None:
        self._data = data
        self._host = host
        self._port = port
        self._address = address
        self._template_path = template
        self._parameters: dict[str, str] = {"Environment": "local", **(parameters or {})}
        self._schedules = schedules
        self._disorder = disorder
        self._retry_seconds = retry_seconds
        self._window = window
        self._cleanup = ExitStack()
        self._sources: list[EventSource] = []
        self.functions: dict[str, Function] = {}

    def __enter__(self) -> Self:
        """Start everything; raises AlreadyRunning, OSError (port, folder), StartFailed or TemplateError."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop everything, in the reverse order; messages that wait stay on file."""
        self._cleanup.close()

    def invoke(self, function: str, payload: object = None) -> Any:
        """Returns a function's answer to a payload, both as Python values; raises FunctionFailed."""
        answer = self.functions[function_name(function)].invoke(json.dumps(payload or {}).encode())
        if answer.failed:
            raise FunctionFailed(answer.payload.decode(errors="replace"))
        return json.loads(answer.payload)

    def operator_key(self) -> str:
        """Returns the operator's key, with which sites are made."""
        secret = self.template.outputs["OperatorSecret"]
        return client("secretsmanager", self.aws.endpoint).get_secret_value(SecretId=secret)["SecretString"]

    def drain(self, seconds: float = 60) -> bool:
        """Returns whether, within `seconds`, no function ran and no queue that feeds one held a message."""
        deadline = time.monotonic() + seconds
        pause = 0.02
        while time.monotonic() < deadline:
            if self._is_idle() and self._is_idle():
                return True
            time.sleep(pause)
            pause = min(pause * 1.5, 0.3)
        return False

    def _start(self) -> None:
        self._data.mkdir(parents=True, exist_ok=True)
        self._cleanup.enter_context(_locked(self._data / "lock"))
        self._cleanup.enter_context(_logging_to(self._data / "logs"))
        http, lambdas = self._bound(self._host, self._port), self._bound(self._address, 0)
        self.url = f"http://{self._host}:{http.getsockname()[1]}"
        lambda_endpoint = f"http://{self._address}:{lambdas.getsockname()[1]}"
        supervisor = ProcessSupervisor(self._data / "logs")
        self._cleanup.callback(supervisor.stop)
        self.aws = start_aws(supervisor, self._data / "aws", lambda_endpoint, self._address)
        plan = self._start_stores_and_functions(supervisor)
        self._custom_resources = CustomResources(lambda_endpoint)
        lambda_api = LambdaApi(self.functions, self._background, self._executor)
        self._serve(own_asgi(_Platform(lambda_api, self._custom_resources)), lambdas)
        self._custom_resources.create(self.template, self.functions)
        self._start_event_sources(plan)
        self._start_scheduler(plan)
        self._serve(Gateway(plan.api, self.functions, self._executor), http)

    def _bound(self, host: str, port: int) -> socket.socket:
        bound = bound_socket(host, port)
        self._cleanup.callback(bound.close)
        return bound

    def _start_stores_and_functions(self, supervisor: ProcessSupervisor) -> Plan:
        self.template = Template(self._template_path, self._parameters, self.aws.endpoint)
        with ThreadPoolExecutor(1) as pool:  # moto creates the resources while the stores start
            resources = pool.submit(create_resources, self.template)
            self.stores = start_stores(supervisor, self._data, self._address)
            self._parameters["MongodbUri"] = self.stores.mongodb_uri
            self._parameters["RedisUrl"] = self.stores.redis_url
            self._parameters["MilvusUri"] = self.stores.milvus_uri
            self._parameters.setdefault("LakeLocation", f"file://{self._data.resolve()}/lake")
            plan = Plan(self.template)
            self._make_functions(plan, supervisor)
            warm_functions(self.template, self.functions)
            resources.result()
        return plan

    def _make_functions(self, plan: Plan, supervisor: ProcessSupervisor) -> None:
        self._executor = ThreadPoolExecutor(INVOCATION_THREADS, thread_name_prefix="invocation")
        self._cleanup.callback(self._executor.shutdown, wait=False, cancel_futures=True)
        self._background = AsynchronousInvocations(self._executor, self.aws)
        variables = aws_variables(self.aws)
        for name, function_plan in plan.functions.items():
            function = Function(function_plan, supervisor, variables, self._template_path.parent)
            self.functions[name] = function
            self._cleanup.callback(function.stop)

    def _serve(self, application: Application, listener: socket.socket) -> None:
        server = HttpServer(application, listener)
        server.start()
        self._cleanup.callback(server.stop)

    def _start_event_sources(self, plan: Plan) -> None:
        for given in plan.queue_sources:
            source = EventSource(
                given if self._window is None else replace(given, window=self._window),
                self.functions[given.function],
                self.aws.endpoint,
                self.aws.queue_url(given.queue_arn),
                concurrency=ENVIRONMENTS_PER_FUNCTION,
                disorder=self._disorder,
                retry_seconds=self._retry_seconds,
            )
            self._sources.append(source)
            source.start()
        self._cleanup.callback(self._stop_event_sources)

    def _stop_event_sources(self) -> None:
        for source in self._sources:
            source.stop()
        deadline = time.monotonic() + GRACE_SECONDS  # for the batches that functions are working on
        while any(source.running for source in self._sources) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _start_scheduler(self, plan: Plan) -> None:
        if self._schedules:
            scheduler = Scheduler(plan.schedules, self._start_target)
            scheduler.start()
            self._cleanup.callback(scheduler.stop)

    def _start_target(self, arn: str, event: str) -> None:
        if ":stateMachine:" in arn:
            client("stepfunctions", self.aws.endpoint).start_execution(stateMachineArn=arn, input=event)
        else:
            self._background.start(self.functions[function_name(arn)], event.encode())

    def _is_idle(self) -> bool:
        # in the pipeline's direction: a message is sent on before the one it came from is deleted
        if self._background.running or any(source.busy for source in self._sources):
            return False
        return not any(queue_depth(source.queue_url, self.aws.endpoint) for source in self._sources)


class _Platform:  # what functions and state machines reach besides moto
    def __init__(self, lambda_api: LambdaApi, custom_resources: CustomResources) -> None:
        self._lambda_api = lambda_api
        self._custom_resources = custom_resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        ours = scope["path"].startswith(CUSTOM_RESOURCES_PATH)
        await (self._custom_resources if ours else self._lambda_api)(scope, receive, send)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reason = f"another Footfall is running on {file.parent}: stop it, or use another folder"
            raise AlreadyRunning(reason) from None
        yield


@contextmanager
def _logging_to(folder: Path) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    handler = logging.FileHandler(folder / "stack.log")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    logger = logging.getLogger("infra.local")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
