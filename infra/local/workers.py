"""Runs functions as Lambda does: in processes of their own, with their own variables, one invocation at a time."""

import json
import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from infra.local.aws import AwsAddresses
from infra.local.plan import FunctionPlan
from infra.local.processes import Child, ProcessSupervisor
from infra.local.worker import Call, Outcome, receive, send

LARGEST_PAYLOAD = 6 * 1024 * 1024
LARGEST_RESPONSE = LARGEST_PAYLOAD + 100
INIT_SECONDS = 60.0  # Lambda stops an initialisation after 10 s; this machine may be busy
REUSE_SECONDS = 0.1  # a busy worker is often free sooner than another one has started
ENVIRONMENTS_PER_FUNCTION = max(2, os.cpu_count() or 2)


@dataclass(frozen=True)
class Invocation:
    """A function's answer: the payload, and whether it is an error's description in place of a result."""

    payload: bytes
    failed: bool = False
    request_id: str = ""


class Runnable(Protocol):
    """Anything that runs a function on a JSON payload."""

    def invoke(self, payload: bytes) -> Invocation:
        """Returns the function's answer."""


class InitFailed(Exception):
    """Raised when a handler cannot be imported; holds Lambda's description of the error."""

    def __init__(self, payload: bytes) -> None:
        super().__init__(payload.decode(errors="replace"))
        self.payload = payload


class Environment:
    """One worker process and the socket to it."""

    def __init__(self, child: Child, connection: socket.socket) -> None:
        self._child = child
        self._connection = connection

    def initialise(self) -> None:
        """Wait for the handler to be imported; raises InitFailed."""
        self._connection.settimeout(INIT_SECONDS)
        try:
            answer = receive(self._connection)
        except OSError:
            answer = None
        if answer is None:
            self.end()
            raise InitFailed(_described("Runtime.ExitError", f"Runtime exited during init: {self._child.log_tail()}"))
        outcome: Outcome = json.loads(answer[0])
        if outcome["error"]:
            self.end()
            raise InitFailed(answer[1])

    def invoke(self, plan: FunctionPlan, request_id: str, payload: bytes) -> Invocation:
        """Returns the function's answer, or a description of how the process ended, or had to be ended, without one."""
        call = Call(request_id=request_id, arn=plan.arn, deadline=time.time() + plan.timeout, trace=_trace())
        self._connection.settimeout(plan.timeout)
        try:
            send(self._connection, call, payload)
            answer = receive(self._connection)
        except TimeoutError:
            self.end()
            return _failure(request_id, "Sandbox.Timedout", f"Task timed out after {plan.timeout:.2f} seconds")
        except OSError:
            answer = None
        if answer is None:
            self.end()
            return _failure(request_id, "Runtime.ExitError", f"Runtime exited with error: {self._how_it_ended()}")
        outcome: Outcome = json.loads(answer[0])
        return Invocation(answer[1], outcome["error"], request_id)

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._child.running

    def end(self) -> None:
        """End the process."""
        self._connection.close()
        if self._child.running:
            self._child.kill()

    def _how_it_ended(self) -> str:
        code = self._child.process.wait()
        return f"exit status {code}" if code >= 0 else "signal: killed"


class Function:
    """One function: its idle environments, and how many it has."""

    def __init__(
        self, plan: FunctionPlan, supervisor: ProcessSupervisor, variables: Mapping[str, str], folder: Path
    ) -> None:
        """`variables` come from the platform; the code is imported from `folder`."""
        self.plan = plan
        self._supervisor = supervisor
        self._variables = {**runtime_variables(plan), **variables, **plan.environment}
        self._folder = folder
        self._changed = threading.Condition()
        self._idle: list[Environment] = []
        self._count = 0

    def invoke(self, payload: bytes) -> Invocation:
        """Returns the handler's answer to a JSON payload, as Lambda's synchronous invocation does."""
        request_id = str(uuid.uuid4())
        try:
            environment = self._acquire()
        except InitFailed as failure:
            return Invocation(failure.payload, failed=True, request_id=request_id)
        answer = environment.invoke(self.plan, request_id, payload)
        self._release(environment)
        if len(answer.payload) > LARGEST_RESPONSE:
            message = f"Response payload size exceeded maximum allowed payload size ({LARGEST_RESPONSE} bytes)."
            return _failure(request_id, "Function.ResponseSizeTooLarge", message)
        return answer

    def warm(self) -> None:
        """Start an environment ahead of the first call; should its handler fail to load, that call reports it."""
        with suppress(InitFailed):
            self._release(self._acquire())

    def stop(self) -> None:
        """End every environment that is idle; busy ones end with the process supervisor."""
        with self._changed:
            for environment in self._idle:
                environment.end()
            self._idle.clear()

    def _acquire(self) -> Environment:
        with self._changed:
            self._changed.wait_for(lambda: self._idle or not self._count, REUSE_SECONDS)
            self._changed.wait_for(lambda: self._idle or self._count < ENVIRONMENTS_PER_FUNCTION)
            if self._idle:
                return self._idle.pop()
            self._count += 1
        try:
            environment = self._start()
            environment.initialise()
        except BaseException:
            self._forget_one()
            raise
        return environment

    def _release(self, environment: Environment) -> None:
        if not environment.alive:
            self._forget_one()
            return
        with self._changed:
            self._idle.append(environment)
            self._changed.notify()

    def _forget_one(self) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify()

    def _start(self) -> Environment:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-u", "-m", "infra.local.worker", str(theirs.fileno())]
            child = self._supervisor.start(
                self.plan.name, command, env=self._variables, pass_fds=[theirs.fileno()], folder=self._folder
            )
        return Environment(child, ours)


def runtime_variables(plan: FunctionPlan) -> dict[str, str]:
    """Returns the variables that Lambda's runtime itself gives a function."""
    return {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(plan.memory),
        "AWS_LAMBDA_FUNCTION_NAME": plan.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{plan.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "LANG": "en_US.UTF-8",
        "PATH": os.defpath,
        "TZ": ":UTC",
        "_HANDLER": plan.handler,
    }


def aws_variables(addresses: AwsAddresses) -> dict[str, str]:
    """Returns the variables that give a function its role's credentials and this machine's endpoints."""
    return {**addresses.environment(), "AWS_SESSION_TOKEN": "local"}


def _trace() -> str:
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0"


def _failure(request_id: str, kind: str, message: str) -> Invocation:
    return Invocation(_described(kind, f"RequestId: {request_id} Error: {message}"), failed=True, request_id=request_id)


def _described(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()
