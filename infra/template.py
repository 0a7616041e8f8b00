"""Reads a CloudFormation template: YAML whose short tags (`!Ref`, `!GetAtt a.b`, `!Sub`) become their long form."""

from pathlib import Path
from typing import Any

import yaml

Resource = dict[str, Any]
Template = dict[str, Any]
"""Parsed YAML: which value is found where is CloudFormation's to define."""


class _Loader(yaml.CSafeLoader):
    pass


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, object]:
    key = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.MappingNode):
        return {key: loader.construct_mapping(node, deep=True)}
    if isinstance(node, yaml.SequenceNode):
        return {key: loader.construct_sequence(node, deep=True)}
    return {key: node.value.split(".", 1) if suffix == "GetAtt" else node.value}


_Loader.add_multi_constructor("!", _long_form)
_Loader.yaml_implicit_resolvers = {  # a date in the template (its version) is text
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def load(path: Path) -> Template:
    """Returns the template in a file, with its Globals still apart from its functions."""
    template: Template = yaml.load(path.read_text(), _Loader)  # noqa: S506 - a SafeLoader with tags
    return template


def resources(template: Template, *types: str) -> dict[str, Resource]:
    """Returns the resources of these types by logical id, in the order of the file."""
    return {name: found for name, found in template["Resources"].items() if found["Type"] in types}


def functions(template: Template) -> dict[str, Resource]:
    """Returns each function's properties by logical id, with the template's Globals merged in as SAM does."""
    shared = template.get("Globals", {}).get("Function", {})
    found = resources(template, "AWS::Serverless::Function")
    return {name: merged(shared, function["Properties"]) for name, function in found.items()}


def merged(shared: Resource, own: Resource) -> Resource:
    """Returns properties with SAM's Globals: objects are merged, lists joined, else the resource's own value counts."""
    return shared | {key: _merged(shared[key], value) if key in shared else value for key, value in own.items()}


def _merged(shared: object, own: object) -> object:
    if isinstance(shared, dict) and isinstance(own, dict) and not _is_function(shared) and not _is_function(own):
        return merged(shared, own)
    if isinstance(shared, list) and isinstance(own, list):
        return shared + own
    return own


def _is_function(node: Resource) -> bool:
    return len(node) == 1 and (next(iter(node)) == "Ref" or next(iter(node)).startswith("Fn::"))
