"""Who the functions are to MongoDB: `python -m infra.access` writes infra/access.yaml.

MongoDB knows a function by its role's ARN, so roles have names that stay, in a stack that goes first. What a function
may do in AWS is in template.yaml, beside it; `make build` gives each that uses MongoDB its role of here, and puts the
permissions into it.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from infra.references import Dumper
from infra.template import Resource, Template, functions, load
from infra.written import write_or_check

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "template.yaml"
ACCESS = ROOT / "infra" / "access.yaml"
WORD = re.compile(r"(?<!^)(?=[A-Z])")
LAMBDA = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
RUNS = "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"


def role_name(function: str) -> str:
    """Returns the name of the role of a function, by its logical id, for CloudFormation to put its place in.

    Roles are the whole account's: the environment and the region are in their names.
    """
    return f"footfall-${{Environment}}-${{AWS::Region}}-{WORD.sub('-', function.removesuffix('Function')).lower()}"


def known_to_mongodb(template: Template) -> list[str]:
    """Returns the logical ids of the functions that use MongoDB."""
    return [name for name, given in functions(template).items() if "MONGODB_URI" in _variables(given)]


def _variables(function: Resource) -> Resource:
    found: Resource = function.get("Environment", {}).get("Variables", {})
    return found


def access(template: Template) -> str:
    """Returns the text of infra/access.yaml."""
    stack = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Who the functions are to MongoDB; deployed before template.yaml, which says what they may do.",
        "Parameters": {"Environment": template["Parameters"]["Environment"]},
        "Resources": {name.replace("Function", "Role"): _role(name) for name in known_to_mongodb(template)},
    }
    text = yaml.dump(stack, Dumper=Dumper, sort_keys=False, default_flow_style=None, width=200)
    return f"# Written by `make access` from what is in template.yaml.\n{text}"


def _role(function: str) -> Resource:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Fn::Sub": role_name(function)},
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [LAMBDA]},
            "ManagedPolicyArns": [{"Fn::Sub": RUNS}],
        },
    }


def with_roles(template: Template) -> Template:
    """Returns a template in which each function that uses MongoDB has its role of access.yaml, with its permissions."""
    made = dict(template["Resources"])
    for name in known_to_mongodb(template):
        function = made[name]
        own = function["Properties"].get("Role", {}).get("Fn::GetAtt", [None])[0]
        statements = list(_statements(made.pop(own)["Properties"] if own else function["Properties"]))
        made[name] = _in_its_role(name, function, permitted=bool(statements))
        if statements:
            made[_permissions(name)] = _policy(name, statements)
    known = known_to_mongodb(template)
    return {**template, "Resources": {name: _of_the_roles(known, resource) for name, resource in made.items()}}


def _of_the_roles(known: list[str], resource: Resource) -> Resource:
    # a policy beside a function's own names the role that SAM would have made
    if resource["Type"] != "AWS::IAM::Policy":
        return resource
    roles = {f"{name}Role": {"Fn::Sub": role_name(name)} for name in known}
    given = resource["Properties"]
    return {**resource, "Properties": {**given, "Roles": [roles.get(one.get("Ref"), one) for one in given["Roles"]]}}


def _statements(given: Resource) -> Iterator[Resource]:
    for policy in given.get("Policies", []):
        yield from policy.get("PolicyDocument", policy)["Statement"]


def _in_its_role(name: str, function: Resource, *, permitted: bool) -> Resource:
    # what it may do is there before it and its queues are
    kept = {key: value for key, value in function["Properties"].items() if key != "Policies"}
    arn = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/" + role_name(name)
    before = {"DependsOn": [_permissions(name)]} if permitted else {}
    return {**function, **before, "Properties": {**kept, "Role": {"Fn::Sub": arn}}}


def _permissions(function: str) -> str:
    return function.replace("Function", "Permissions")


def _policy(function: str, statements: list[Resource]) -> Resource:
    # a policy without any statement is refused: where all depend on one condition, so does the policy
    conditions = {one["Fn::If"][0] if "Fn::If" in one else None for one in statements}
    only = conditions.pop() if len(conditions) == 1 else None
    return {
        "Type": "AWS::IAM::Policy",
        **({"Condition": only} if only else {}),
        "Properties": {
            "PolicyName": "pipeline",
            "Roles": [{"Fn::Sub": role_name(function)}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
        },
    }


if __name__ == "__main__":
    sys.exit(write_or_check({ACCESS: access(load(TEMPLATE))}, "infra.access", sys.argv[1:]))
