"""`footfall doctor --deployed ENVIRONMENT`: what a deployment to AWS still needs, one step after the other."""

import json
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from cli.client import CliError, reporting_errors
from cli.lines import print_line

if TYPE_CHECKING:
    from boto3 import Session

DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})
SAID_OF_STORES = {
    "no_such_host": "its host is not found: look at its address, and in a VPC at the private DNS of its endpoint",
    "no_answer": "it does not answer: look at its list of addresses that may ask, and at its PrivateLink",
    "not_allowed": "it does not know this role: `footfall doctor --deployed {environment} --atlas` has the commands",
}
PREPARING = "JobsPrepareFunction"
Resources = dict[str, str]


def doctor(
    deployed: Annotated[str, typer.Option(help="The environment: dev, staging or production.")],
    region: Annotated[str, typer.Option(envvar="AWS_DEFAULT_REGION", help="Where it is deployed.")] = "eu-west-1",
    atlas: Annotated[
        bool, typer.Option("--atlas", help="Print the commands that let the functions into Atlas.")
    ] = False,
    prepare: Annotated[bool, typer.Option("--prepare", help="Then make collections, indexes and views.")] = False,
) -> None:
    """Check a deployment to AWS step by step; the exit code is 1 at the first step that is not done.

    For example: footfall doctor --deployed dev
    """
    import boto3

    console = Console(soft_wrap=True)
    with reporting_errors("doctor"):
        deployment = Deployment(boto3.Session(region_name=region), deployed)
        if atlas:
            for command in deployment.atlas_commands():
                print(command)
            return
        for told in deployment.steps(prepare=prepare):
            print_line(console, told)


class Deployment:
    """One environment in AWS. Whatever is not as it should be raises CliError, which says what to do."""

    def __init__(self, session: "Session", environment: str) -> None:
        self._session = session
        self._environment = environment

    def steps(self, *, prepare: bool) -> Iterator[str]:
        """Yields what each step found, in the order in which a deployment is made."""
        checks: list[Callable[[], str]] = [self.account, self.access, self.stack, self.network, self.stores]
        for check in [*checks, *([self.prepared] if prepare else []), self.collecting]:
            yield check()

    def account(self) -> str:
        """Returns whose credentials these are."""
        return f"account: {self._asked('sts', 'get_caller_identity')['Account']}"

    def access(self) -> str:
        """Returns how many functions have a role that MongoDB may know."""
        return f"roles: {len(self._resources('-access'))} of footfall-{self._environment}-access"

    def stack(self) -> str:
        """Returns that the product's stack is there."""
        return f"stack: {len(self._resources())} resources of footfall-{self._environment}"

    def network(self) -> str:
        """Returns that the private network's endpoints are accepted, where there is one."""
        subnets = [name for name in self._parameters().get("VpcSubnetIds", "").split(",") if name]
        if not subnets:
            return "network: none of its own"
        network = self._asked("ec2", "describe_subnets", SubnetIds=subnets)["Subnets"][0]["VpcId"]
        of_network = [{"Name": "vpc-id", "Values": [network]}]
        for endpoint in self._asked("ec2", "describe_vpc_endpoints", Filters=of_network)["VpcEndpoints"]:
            if endpoint["State"].lower() != "available":
                name = endpoint["ServiceName"]
                raise CliError(f"the endpoint of {name} is {endpoint['State']}: accept it where the service is kept")
        return "network: its endpoints are accepted"

    def stores(self) -> str:
        """Returns that MongoDB and Milvus let jobs/prepare in, from where and as whom it runs."""
        for name, found in self._prepare({"check": "stores"}).items():
            if found != "ok":
                raise CliError(f"{name}: {SAID_OF_STORES[found].format(environment=self._environment)}")
        return "stores: MongoDB and Milvus let jobs/prepare in"

    def prepared(self) -> str:
        """Returns that collections, indexes and views are made."""
        self._prepare({})
        return "prepared: collections, indexes and views are there"

    def collecting(self) -> str:
        """Returns where the API answers."""
        import httpx

        url = self._described()["Url"]
        try:
            httpx.get(f"{url}/health", timeout=35).raise_for_status()
        except httpx.HTTPError as error:
            raise CliError(
                f"{url}/health does not answer ({type(error).__name__}): see the log of api/collect"
            ) from None
        return f"collecting: export FOOTFALL_URL={url}"

    def atlas_commands(self) -> Iterator[str]:
        """Yields the command of Atlas' own client that makes each function a user of the database."""
        account = self._asked("sts", "get_caller_identity")["Account"]
        names = self._resources("-access")
        for function, role in ((name.removesuffix("Role"), name) for name in names):
            arn = f"arn:aws:iam::{account}:role/{names[role]}"
            rights = ",".join(f"{right}@footfall" for right in rights_of(function))
            yield f"atlas dbusers create --awsIAMType ROLE --username {arn} --role {rights}"

    def _prepare(self, event: dict[str, str]) -> dict[str, str]:
        name = self._resources()[PREPARING]
        answer = self._asked("lambda", "invoke", FunctionName=name, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise CliError(f"jobs/prepare failed ({payload.get('errorType')}): its log says why")
        return dict(payload)

    def _described(self) -> dict[str, str]:
        return {one["OutputKey"]: one["OutputValue"] for one in self._found().get("Outputs", [])}

    def _parameters(self) -> dict[str, str]:
        return {one["ParameterKey"]: one["ParameterValue"] for one in self._found().get("Parameters", [])}

    def _found(self, part: str = "") -> dict[str, Any]:
        name = f"footfall-{self._environment}{part}"
        found: dict[str, Any] = self._asked("cloudformation", "describe_stacks", StackName=name)["Stacks"][0]
        if found["StackStatus"] not in DONE:
            raise CliError(f"the stack {name} is {found['StackStatus']}: its events say why")
        return found

    def _resources(self, part: str = "") -> Resources:
        name = self._found(part)["StackName"]
        pages = self._client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
        rows = [row for page in pages for row in page["StackResourceSummaries"]]
        return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}

    def _asked(self, service: str, operation: str, **given: object) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self._client(service), operation)(**given)
        except ClientError as error:
            told = error.response["Error"]
            raise CliError(f"{service} answers {told['Code']}: {told['Message']}; `make deploy` comes first") from None
        except BotoCoreError as error:
            raise CliError(f"{service} cannot be asked: {error}") from None
        return answer

    def _client(self, service: str) -> Any:
        client: Any = self._session.client(service, endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))  # type: ignore[call-overload]
        return client


def rights_of(function: str) -> list[str]:
    """Returns what a function may do in the database, by its logical id: read, write, or change collections too."""
    from footfall.stores.collections import COLLECTIONS

    if function == PREPARING.removesuffix("Function"):
        return ["readWrite", "dbAdmin"]
    writing = {told for one in COLLECTIONS.values() for told in (one.writer, one.removed_by) if told}
    names = {folder.title().replace("/", "") for folder in writing}
    return ["readWrite" if any(function.startswith(name) for name in names) else "read"]
