"""`footfall doctor`: what a deployment still needs, told at the step that needs it.

The account is a stand-in here, as moto's CloudFormation needs more than is installed; `make deploy-local` has the
doctor look at a stack that `sam deploy` made.
"""

import io
import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from cli.doctor import rights_of
from cli.main import app
from infra.access import known_to_mongodb
from infra.template import load
from tests.template.folders import ROOT

ROLES = [name.replace("Function", "Role") for name in known_to_mongodb(load(ROOT / "template.yaml"))]


class Account:
    """An account with some stacks, and what jobs/prepare answers in it."""

    def __init__(self, stacks: dict[str, list[str]], stores: dict[str, str], endpoints: str = "available") -> None:
        self.stacks, self.answer, self.endpoints = stacks, stores, endpoints

    def client(self, *_: object, **__: object) -> "Account":
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}

    def describe_stacks(self, **asked: str) -> dict[str, Any]:
        name = asked["StackName"]
        if name not in self.stacks:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "no such stack"}}, "DescribeStacks")
        subnets = {"ParameterKey": "VpcSubnetIds", "ParameterValue": "subnet-1,subnet-2"}
        return {"Stacks": [{"StackName": name, "StackStatus": "CREATE_COMPLETE", "Parameters": [subnets]}]}

    def get_paginator(self, _: str) -> "Account":
        return self

    def paginate(self, **asked: str) -> list[dict[str, Any]]:
        names = self.stacks[asked["StackName"]]
        return [{"StackResourceSummaries": [{"LogicalResourceId": n, "PhysicalResourceId": f"the-{n}"} for n in names]}]

    def describe_subnets(self, **asked: list[str]) -> dict[str, Any]:
        assert asked["SubnetIds"] == ["subnet-1", "subnet-2"]
        return {"Subnets": [{"VpcId": "vpc-1"}]}

    def describe_vpc_endpoints(self, **_: object) -> dict[str, Any]:
        return {"VpcEndpoints": [{"ServiceName": "of-atlas", "State": self.endpoints}]}

    def invoke(self, **asked: Any) -> dict[str, Any]:
        assert (asked["FunctionName"], json.loads(asked["Payload"])) == ("the-JobsPrepareFunction", {"check": "stores"})
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode())}


FINE = {"mongodb": "ok", "milvus": "ok"}
BOTH = {"footfall-dev-access": ROLES, "footfall-dev": ["JobsPrepareFunction"]}
FOUND = [
    (Account({}, FINE), "`make deploy` comes first"),
    (Account({"footfall-dev-access": ROLES}, FINE), "`make deploy` comes first"),
    (Account(BOTH, FINE, "pendingAcceptance"), "the endpoint of of-atlas is pendingAcceptance: accept it"),
    (Account(BOTH, FINE | {"mongodb": "not_allowed"}), "footfall doctor --deployed dev --atlas"),
    (Account(BOTH, FINE | {"mongodb": "no_answer"}), "mongodb: it does not answer: look at its list of addresses"),
    (Account(BOTH, FINE | {"milvus": "no_such_host"}), "milvus: its host is not found"),
]


def told(monkeypatch: pytest.MonkeyPatch, account: Account, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(boto3, "Session", lambda region_name: account)
    result = CliRunner().invoke(app, ["doctor", "--deployed", "dev", *arguments])
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(("account", "said"), FOUND, ids=[said[:30] for _, said in FOUND])
def test_a_step_that_is_not_done_says_what_to_do(account: Account, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    status, output = told(monkeypatch, account)
    assert status == 1
    assert output.startswith("account: 123456789012")
    assert said in output


def test_the_commands_for_atlas_name_every_function_once_with_what_it_may_do(monkeypatch: pytest.MonkeyPatch) -> None:
    status, output = told(monkeypatch, Account(BOTH, FINE), "--atlas")
    commands = output.split("atlas dbusers create ")[1:]
    assert (status, len({command.split()[3] for command in commands})) == (0, len(ROLES))
    assert any("role/the-ApiMetricsRole --role readWrite@footfall" in command for command in commands)
    assert any("role/the-JobsPrepareRole --role readWrite@footfall,dbAdmin@footfall" in command for command in commands)


def test_who_writes_a_collection_may_write() -> None:
    """Every function of the API does: it writes the audit log."""
    assert [*map(rights_of, ("EtlEvents", "ApiSites", "ApiFunnel"))] == [["readWrite"]] * 3
