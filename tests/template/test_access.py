"""Roles have names that stay, in a stack that goes first, and may do what template.yaml says."""

import json
import subprocess
import sys
from typing import Any

import pytest

from infra.access import known_to_mongodb, role_name, with_roles
from infra.template import load, resources

from .folders import ROOT

Template = dict[str, Any]
NAMES = ("BucketName", "Name", "RoleName", "QueueName", "TopicName", "FunctionName", "ServerlessCacheName")


@pytest.fixture(scope="module")
def deployed(template: Template) -> Template:
    """The template as `make build` leaves it."""
    return with_roles(template)


def statements(resource: Template) -> list[Template]:
    found = resource["Properties"]
    return [one for policy in found.get("Policies", []) for one in policy.get("PolicyDocument", policy)["Statement"]]


def test_the_stack_that_goes_first_is_what_the_template_needs() -> None:
    command = [sys.executable, "-m", "infra.access", "--check"]

    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_every_function_that_uses_mongodb_has_a_role_of_its_own_in_it(deployed: Template) -> None:
    made = [
        role["Properties"]["RoleName"]["Fn::Sub"] for role in load(ROOT / "infra/access.yaml")["Resources"].values()
    ]
    used = [deployed["Resources"][name]["Properties"]["Role"]["Fn::Sub"] for name in known_to_mongodb(deployed)]

    assert len(set(made)) == len(made)
    assert [role.rpartition(":role/")[2] for role in used] == made
    assert made == [role_name(name) for name in known_to_mongodb(deployed)]


def test_a_role_may_do_what_the_template_says_of_its_function(template: Template, deployed: Template) -> None:
    for name in known_to_mongodb(template):
        function = template["Resources"][name]
        own = function["Properties"].get("Role", {}).get("Fn::GetAtt", [name])[0]
        written = statements(template["Resources"][own])
        policy = deployed["Resources"].get(name.replace("Function", "Permissions"))

        assert (policy["Properties"]["PolicyDocument"]["Statement"] if policy else []) == written, name
        assert deployed["Resources"][name].get("DependsOn", []) == (
            [name.replace("Function", "Permissions")] if policy else []
        )
        assert own == name or own not in json.dumps(deployed), f"{own} is left"


def others(given: Template, changed: set[str]) -> Template:
    """All of a template's resources but these and policies."""
    return {n: r for n, r in given["Resources"].items() if n not in changed and r["Type"] != "AWS::IAM::Policy"}


def test_all_else_of_the_template_is_as_it_was(template: Template, deployed: Template) -> None:
    changed = {*known_to_mongodb(template), *resources(template, "AWS::IAM::Role")}

    assert others(deployed, changed) == others(template, changed)


def test_a_policy_beside_a_functions_own_is_of_its_role_too(template: Template, deployed: Template) -> None:
    policies = resources(template, "AWS::IAM::Policy")
    assert policies

    for name, policy in policies.items():
        (role,) = policy["Properties"]["Roles"]
        named = {"Fn::Sub": role_name(role["Ref"].removesuffix("Role"))}
        assert deployed["Resources"][name] == {**policy, "Properties": {**policy["Properties"], "Roles": [named]}}


def test_what_has_a_name_of_its_own_has_its_environment_in_it(template: Template) -> None:
    """So that two environments in one account do not collide."""
    for stack in (template, *map(load, sorted((ROOT / "infra").glob("*.yaml")))):
        for name, resource in stack.get("Resources", {}).items():
            for field in NAMES:
                given = resource.get("Properties", {}).get(field)
                if isinstance(given, dict):
                    assert any(part in str(given) for part in ("Environment", "AWS::StackName")), f"{name}: {field}"
                else:
                    assert given is None, f"{name}: {field} is written out"
