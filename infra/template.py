"""Reads a CloudFormation template: YAML whose short tags (`!Ref`, `!GetAtt a.b`, `!Sub`) become their long form."""

from pathlib import Path
from typing import Any, cast

import yaml

Template = dict[str, Any]
Resource = dict[str, Any]


class _Loader(yaml.SafeLoader):
    pass  # a class of its own, since tags are added to it


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(cast("yaml.MappingNode", node), deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


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
    return {name: _merged(shared, function["Properties"]) for name, function in found.items()}


def _merged(shared: Any, own: Any) -> Any:
    if isinstance(shared, dict) and isinstance(own, dict):
        return {**shared, **own, **{key: _merged(shared[key], own[key]) for key in shared.keys() & own.keys()}}
    if isinstance(shared, list) and isinstance(own, list):
        return [*shared, *own]
    return own
