"""CloudFormation's custom resources: functions that a deployment runs, and that answer at an address they are given.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-create.html
"""

import json
import queue
import uuid
from collections.abc import Callable, Mapping
from typing import NotRequired, TypedDict

from infra.local.gateway import read_request, send_response
from infra.local.http_events import Response
from infra.local.http_server import Receive, Scope, Send
from infra.local.plan import function_name
from infra.local.template import PSEUDO_PARAMETERS, Resource, Template, TemplateError
from infra.local.workers import Function, Invocation

PATH = "/custom-resources/"


class Answer(TypedDict):
    """What a custom resource's function puts at its ResponseURL."""

    Status: str
    Reason: NotRequired[str]


class CustomResources:
    """Runs a template's custom resources; it is the ASGI application that their functions answer to."""

    def __init__(self, address: str) -> None:
        """`address` is where this application is served."""
        self._address = address
        self._answers: dict[str, queue.Queue[Answer]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one function's answer."""
        request = await read_request(scope, receive)
        waiting = self._answers.get(request.path.removeprefix(PATH))
        if waiting is not None:
            waiting.put(json.loads(request.body))
        await send_response(send, Response(200 if waiting else 404))

    def create(self, template: Template, functions: Mapping[str, Function]) -> None:
        """Run every custom resource of the template; raises TemplateError with the reason when one fails."""
        for resource in template.resources.values():
            if _is_custom(resource):
                self._create(resource, functions[_function_of(resource)].invoke)

    def _create(self, resource: Resource, invoke: Callable[[bytes], Invocation]) -> None:
        request_id = str(uuid.uuid4())
        self._answers[request_id] = queue.Queue()
        event = {
            "RequestType": "Create",
            "ResponseURL": f"{self._address}{PATH}{request_id}",
            "StackId": PSEUDO_PARAMETERS["AWS::StackId"],
            "RequestId": request_id,
            "ResourceType": resource.type,
            "LogicalResourceId": resource.logical_id,
            "ResourceProperties": resource.properties,
        }
        invocation = invoke(json.dumps(event).encode())
        try:
            answer = self._answers.pop(request_id).get_nowait()
        except queue.Empty:
            returned = invocation.payload.decode(errors="replace")
            raise TemplateError(f"{resource.logical_id} did not answer; its function returned {returned}") from None
        if answer["Status"] != "SUCCESS":
            raise TemplateError(f"{resource.logical_id} failed: {answer.get('Reason')}")


def warm_functions(template: Template, functions: Mapping[str, Function]) -> None:
    """Start the environments that custom resources will need."""
    for name in {_function_of(resource) for resource in template.resources.values() if _is_custom(resource)}:
        functions[name].warm()


def _is_custom(resource: Resource) -> bool:
    return resource.type.startswith("Custom::") or resource.type == "AWS::CloudFormation::CustomResource"


def _function_of(resource: Resource) -> str:
    return function_name(str(resource.properties["ServiceToken"]))
