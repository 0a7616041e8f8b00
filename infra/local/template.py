"""template.yaml, with its parameters, conditions and intrinsic functions worked out for this machine."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_pascal

from infra.local.aws import ACCOUNT, REGION
from infra.template import load, merged

STACK = "footfall-local"
PARTITION = "aws"
NO_VALUE = object()
PSEUDO_PARAMETERS: dict[str, object] = {
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


class Properties(BaseModel):
    """Properties as CloudFormation spells them (`BatchSize` is `batch_size` here), as far as the local stack looks."""

    model_config = ConfigDict(alias_generator=to_pascal, coerce_numbers_to_str=True, frozen=True, populate_by_name=True)


Read = TypeVar("Read", bound=Properties)


def read(model: type[Read], properties: object, place: str) -> Read:
    """Returns resolved properties as a model; raises TemplateError, which names `place`, when they are not such."""
    try:
        return model.model_validate(properties)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(map(str, (place, *first["loc"])))
        raise TemplateError(f"{path}: {first['msg']}") from None


class Resource:
    """One resource that the template's conditions keep."""

    def __init__(self, template: "Template", logical_id: str, resource_type: str, own: dict[str, object]) -> None:
        """`own` are its properties as declared, without SAM's Globals."""
        self.logical_id = logical_id
        self.type = resource_type
        self._template = template
        self._own = own

    @cached_property
    def properties(self) -> dict[str, object]:
        """The properties as CloudFormation would see them, with SAM's Globals merged in."""
        return _mapping(self._template.resolve(merged(self._template.globals_of(self.type), self._own)))

    def read_as(self, model: type[Read]) -> Read:
        """Returns the properties as a model; raises TemplateError when they are not such."""
        return read(model, self.properties, self.logical_id)

    @cached_property
    def name(self) -> str:
        """The physical name: the one given, or the logical id (CloudFormation would add its own prefix and suffix)."""
        given = self._own.get(NAME_PROPERTIES.get(self.type, ""))
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

    def attribute(self, name: str) -> object:
        """Returns what `!GetAtt` gives; raises TemplateError for an attribute that the local stack does not know."""
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
        self._document = load(path)
        self._parameters: dict[str, dict[str, object]] = self._document.get("Parameters", {})

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """The resources, by logical id, in the order of the file."""
        return {
            logical_id: Resource(self, logical_id, declared["Type"], declared.get("Properties", {}))
            for logical_id, declared in self._document["Resources"].items()
            if "Condition" not in declared or self._condition(declared["Condition"])
        }

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The values of the Outputs section."""
        return {name: str(self.resolve(given["Value"])) for name, given in self._document.get("Outputs", {}).items()}

    def of_type(self, resource_type: str) -> Iterator[Resource]:
        """Returns the resources of one type."""
        return (resource for resource in self.resources.values() if resource.type == resource_type)

    def globals_of(self, resource_type: str) -> dict[str, object]:
        """Returns SAM's Globals section for a type."""
        short = resource_type.removeprefix("AWS::Serverless::")
        return dict(self._document.get("Globals", {}).get(short, {})) if short != resource_type else {}

    def resolve(self, node: object) -> object:
        """Returns a part of the template with every intrinsic function worked out; raises TemplateError."""
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
    def _functions(self) -> dict[str, Callable[[object], object]]:
        return {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::And": lambda items: all(map(self.resolve, _sequence(items))),
            "Fn::Equals": lambda pair: len({str(self.resolve(item)) for item in _sequence(pair)}) == 1,
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_attribute,
            "Fn::If": self._if,
            "Fn::Join": self._join,
            "Fn::Not": lambda items: not self.resolve(_sequence(items)[0]),
            "Fn::Or": lambda items: any(map(self.resolve, _sequence(items))),
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::Sub": self._substitute,
        }

    def _ref(self, name: object) -> object:
        name = str(name)
        if name in self._parameters:
            return _parameter(name, self._parameters[name], self._given)
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        logical_id, _, part = name.partition(".")  # SAM's Function.Alias and Function.Version
        if logical_id not in self.resources and logical_id.removesuffix("Role") in self.resources:
            return logical_id  # the role that SAM makes for a function
        resource = self._resource(logical_id)
        return f"{resource.arn}:{part.lower()}" if part else resource.ref

    def _get_attribute(self, path: object) -> object:
        logical_id, attribute = _sequence(path)
        return self._resource(str(logical_id)).attribute(str(attribute))

    def _if(self, choice: object) -> object:
        condition, then, otherwise = _sequence(choice)
        return self.resolve(then if self._condition(condition) else otherwise)

    def _join(self, given: object) -> str:
        separator, items = _sequence(given)
        return str(separator).join(map(str, _sequence(self.resolve(items))))

    def _select(self, given: object) -> object:
        index, items = _sequence(given)
        return _sequence(self.resolve(items))[int(str(self.resolve(index)))]

    def _split(self, given: object) -> list[str]:
        separator, text = _sequence(given)
        return str(self.resolve(text)).split(str(separator))

    def _substitute(self, given: object) -> str:
        text, values = given if isinstance(given, list) else (given, {})

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in values:
                return str(self.resolve(values[name]))
            known = name in self._parameters or name in PSEUDO_PARAMETERS or "." not in name
            return str(self._ref(name) if known else self._get_attribute(name.split(".", 1)))

        return re.sub(r"\$\{([^}]*)\}", value, str(text))

    def _find_in_map(self, path: object) -> object:
        found: object = self._document["Mappings"]
        for step in _sequence(path):
            found = _mapping(found)[str(self.resolve(step))]
        return found

    def _condition(self, name: object) -> bool:
        return bool(self.resolve(self._document["Conditions"][name]))

    def _resource(self, logical_id: str) -> Resource:
        try:
            return self.resources[logical_id]
        except KeyError:
            raise TemplateError(f"{self.path.name} refers to {logical_id}, which it does not declare") from None


def _parameter(name: str, declared: Mapping[str, object], given: Mapping[str, str]) -> str | list[str]:
    value = given.get(name, declared.get("Default"))
    if value is None:
        raise TemplateError(f"the template's parameter {name} has no value")
    return [part.strip() for part in str(value).split(",")] if "List" in str(declared["Type"]) else str(value)


def _sequence(node: object) -> Sequence[object]:
    if not isinstance(node, list):
        raise TemplateError(f"a list is needed where the template has {node!r}")
    return node


def _mapping(node: object) -> dict[str, object]:
    if not isinstance(node, dict):
        raise TemplateError(f"a mapping is needed where the template has {node!r}")
    return node
