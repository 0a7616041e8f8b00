"""template.yaml, with its parameters, conditions and intrinsic functions worked out for this machine."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from infra.local.aws import ACCOUNT, REGION

STACK = "footfall-local"
PARTITION = "aws"
NO_VALUE = object()
PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": PARTITION,
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:{PARTITION}:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/local",
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": NO_VALUE,
}
NAME_PROPERTIES = {
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::StateMachine": "Name",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Parameter": "Name",
}


class TemplateError(Exception):
    """Raised when template.yaml asks for something that the local stack cannot give; the message says what."""


class Resource:
    """One resource that the template's conditions keep."""

    def __init__(self, template: "Template", logical_id: str, declared: Mapping[str, Any]) -> None:
        self.logical_id = logical_id
        self.type = str(declared["Type"])
        self._template = template
        self._declared = declared

    @cached_property
    def properties(self) -> dict[str, Any]:
        """The properties as CloudFormation would see them, with SAM's Globals merged in."""
        own = self._declared.get("Properties", {})
        shared = self._template.globals_of(self.type)
        return dict(self._template.resolve(_merged(shared, own)))

    @cached_property
    def name(self) -> str:
        """The physical name: the one given, or the logical id (CloudFormation would add its own prefix and suffix)."""
        key = NAME_PROPERTIES.get(self.type)
        given = self._declared.get("Properties", {}).get(key) if key else None
        if given is not None:
            return str(self._template.resolve(given))
        return f"{STACK}-{self.logical_id}".lower() if self.type == "AWS::S3::Bucket" else self.logical_id

    @property
    def arn(self) -> str:
        """The Amazon resource name; made up for types that nothing here looks at."""
        local = f"{PARTITION}:{{}}:{REGION}:{ACCOUNT}"
        patterns = {
            "AWS::IAM::Role": f"{PARTITION}:iam::{ACCOUNT}:role/{self.name}",
            "AWS::S3::Bucket": f"{PARTITION}:s3:::{self.name}",
            "AWS::SecretsManager::Secret": f"{local.format('secretsmanager')}:secret:{self.name}",
            "AWS::Serverless::Function": f"{local.format('lambda')}:function:{self.name}",
            "AWS::Serverless::StateMachine": f"{local.format('states')}:stateMachine:{self.name}",
            "AWS::SNS::Topic": f"{local.format('sns')}:{self.name}",
            "AWS::SQS::Queue": f"{local.format('sqs')}:{self.name}",
        }
        return "arn:" + patterns.get(self.type, f"{local.format('local')}:{self.logical_id}")

    @property
    def ref(self) -> str:
        """What `!Ref` gives."""
        if self.type == "AWS::SQS::Queue":
            return f"{self._template.endpoint}/{ACCOUNT}/{self.name}"
        by_arn = ("AWS::SecretsManager::Secret", "AWS::Serverless::StateMachine", "AWS::SNS::Topic")
        return self.arn if self.type in by_arn else self.name

    def attribute(self, name: str) -> Any:
        """What `!GetAtt` gives."""
        if name.endswith("Arn"):
            return self.arn
        if name.endswith("Name"):
            return self.name
        if name in ("QueueUrl", "Id"):
            return self.ref
        if self.type == "AWS::SSM::Parameter":
            return self.properties[name]
        raise TemplateError(f"{self.logical_id}.{name}: the local stack does not know this attribute")


class Template:
    """The template of one local stack."""

    def __init__(self, path: Path, parameters: Mapping[str, str], endpoint: str) -> None:
        """Read the file; queues' addresses begin with `endpoint`.

        Of `parameters` those count that the file declares, and each when it is first asked for.
        """
        self.path = path
        self.endpoint = endpoint
        self._given = parameters
        self._document: dict[str, Any] = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 — it is a safe loader
        self._parameters: dict[str, dict[str, Any]] = self._document.get("Parameters", {})

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """The resources, by logical id, in the order of the file."""
        return {
            logical_id: Resource(self, logical_id, declared)
            for logical_id, declared in self._document["Resources"].items()
            if "Condition" not in declared or self._condition(declared["Condition"])
        }

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The values of the Outputs section."""
        return {name: self.resolve(given["Value"]) for name, given in self._document.get("Outputs", {}).items()}

    def of_type(self, resource_type: str) -> Iterator[Resource]:
        """The resources of one type."""
        return (resource for resource in self.resources.values() if resource.type == resource_type)

    def globals_of(self, resource_type: str) -> dict[str, Any]:
        """SAM's Globals section for a type."""
        short = resource_type.removeprefix("AWS::Serverless::")
        return dict(self._document.get("Globals", {}).get(short, {})) if short != resource_type else {}

    def resolve(self, node: Any) -> Any:
        """A part of the template with every intrinsic function worked out."""
        if isinstance(node, list):
            return [found for item in node if (found := self.resolve(item)) is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            function = self._functions.get(name)
            if function:
                return function(argument)
        resolved = ((key, self.resolve(value)) for key, value in node.items())
        return {key: value for key, value in resolved if value is not NO_VALUE}

    @cached_property
    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::And": lambda items: all(self.resolve(item) for item in items),
            "Fn::Equals": lambda pair: str(self.resolve(pair[0])) == str(self.resolve(pair[1])),
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_attribute,
            "Fn::If": lambda choice: self.resolve(choice[1] if self._condition(choice[0]) else choice[2]),
            "Fn::Join": lambda given: str(given[0]).join(map(str, self.resolve(given[1]))),
            "Fn::Not": lambda items: not self.resolve(items[0]),
            "Fn::Or": lambda items: any(self.resolve(item) for item in items),
            "Fn::Select": lambda given: self.resolve(given[1])[int(self.resolve(given[0]))],
            "Fn::Split": lambda given: str(self.resolve(given[1])).split(given[0]),
            "Fn::Sub": self._substitute,
        }

    def _ref(self, name: str) -> Any:
        if name in self._parameters:
            return _parameter(name, self._parameters[name], self._given)
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        logical_id, _, part = name.partition(".")  # SAM's Function.Alias and Function.Version
        resource = self._resource(logical_id)
        return f"{resource.arn}:{part.lower()}" if part else resource.ref

    def _get_attribute(self, path: Any) -> Any:
        logical_id, _, attribute = (".".join(path) if isinstance(path, list) else str(path)).partition(".")
        return self._resource(logical_id).attribute(attribute)

    def _substitute(self, given: Any) -> str:
        text, values = (given[0], given[1]) if isinstance(given, list) else (given, {})

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in values:
                return str(self.resolve(values[name]))
            known = name in self._parameters or name in PSEUDO_PARAMETERS or "." not in name
            return str(self._ref(name) if known else self._get_attribute(name))

        return re.sub(r"\$\{([^}]*)\}", value, text)

    def _find_in_map(self, path: list[Any]) -> Any:
        found = self._document["Mappings"]
        for step in path:
            found = found[str(self.resolve(step))]
        return found

    def _condition(self, name: str) -> bool:
        return bool(self.resolve(self._document["Conditions"][name]))

    def _resource(self, logical_id: str) -> Resource:
        try:
            return self.resources[logical_id]
        except KeyError:
            raise TemplateError(f"{self.path.name} refers to {logical_id}, which it does not declare") from None


def _parameter(name: str, declared: Mapping[str, Any], given: Mapping[str, str]) -> Any:
    value = given.get(name, declared.get("Default"))
    if value is None:
        raise TemplateError(f"the template's parameter {name} has no value")
    return [part.strip() for part in str(value).split(",")] if "List" in declared["Type"] else str(value)


def _merged(shared: Any, own: Any) -> Any:
    """SAM's rule: objects are merged, lists are joined, and else the resource's own value counts."""
    if isinstance(shared, dict) and isinstance(own, dict) and not _is_function(shared) and not _is_function(own):
        return shared | {key: _merged(shared[key], value) if key in shared else value for key, value in own.items()}
    if isinstance(shared, list) and isinstance(own, list):
        return shared + own
    return own


def _is_function(node: dict[str, Any]) -> bool:
    return len(node) == 1 and (next(iter(node)) == "Ref" or next(iter(node)).startswith("Fn::"))


class _Loader(yaml.CSafeLoader):
    """Reads YAML with CloudFormation's short tags: `!Ref x` is {"Ref": "x"}, `!Sub x` is {"Fn::Sub": "x"}."""


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    key = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {key: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {key: loader.construct_sequence(node, deep=True)}
    return {key: loader.construct_mapping(node, deep=True)}  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _tagged)
_Loader.yaml_implicit_resolvers = {  # a date in the template (its version) is text
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
