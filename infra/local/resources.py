"""Creates in moto what template.yaml declares: queues, topics, buckets, secrets, parameters, state machines."""

import json
import re
import secrets
import string
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import yaml
from botocore.exceptions import ClientError
from pydantic import Field

from infra.local.aws import ACCOUNT, client
from infra.local.template import PARTITION, Properties, Resource, Template, TemplateError

if TYPE_CHECKING:
    from mypy_boto3_s3.literals import EventType
    from mypy_boto3_s3.type_defs import QueueConfigurationTypeDef
    from mypy_boto3_sqs.literals import QueueAttributeNameType
else:
    EventType = str  # the literals come with the tests' requirements alone

QUEUE_ATTRIBUTES: "Sequence[QueueAttributeNameType]" = (
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)
THERE_ALREADY = ("ParameterAlreadyExists", "ResourceExistsException")


class Subscription(Properties):
    """A topic's subscription; `endpoint` is a queue's ARN, `topic_arn` is there where it stands outside its topic."""

    protocol: str
    endpoint: str
    topic_arn: str = ""
    raw_message_delivery: bool = False
    filter_policy: object = None


class Topic(Properties):
    """AWS::SNS::Topic."""

    subscription: tuple[Subscription, ...] = ()


class Versioning(Properties):
    """Whether a bucket keeps older versions of its objects."""

    status: Literal["Enabled", "Suspended"]


class FilterRule(Properties):
    """What an object's key begins or ends with."""

    name: Literal["prefix", "suffix"]
    value: str


class KeyFilter(Properties):
    """Rules of which all have to hold."""

    rules: tuple[FilterRule, ...] = ()


class NotificationFilter(Properties):
    """Which objects a notification is about."""

    s3_key: KeyFilter = KeyFilter()


class QueueConfiguration(Properties):
    """A bucket's notification to a queue, which is named by its ARN."""

    queue: str
    event: EventType
    filter: NotificationFilter = NotificationFilter()


class Bucket(Properties):
    """AWS::S3::Bucket; `notification_configuration` by kind of target."""

    versioning_configuration: Versioning | None = None
    notification_configuration: dict[str, tuple[QueueConfiguration, ...]] = Field({})


class Parameter(Properties):
    """AWS::SSM::Parameter."""

    type: Literal["String", "StringList", "SecureString"]
    value: str


class SecretRules(Properties):
    """How a secret is generated; with a key it is put into the template's JSON under that key."""

    password_length: int = 32
    generate_string_key: str | None = None
    secret_string_template: str = "{}"  # noqa: S105 — an empty object


class Secret(Properties):
    """AWS::SecretsManager::Secret."""

    secret_string: str | None = None
    generate_secret_string: SecretRules = SecretRules()


class StateMachine(Properties):
    """AWS::Serverless::StateMachine; `definition_uri` is a path from the template's folder."""

    definition_uri: str
    definition_substitutions: dict[str, object] = Field({})
    type: Literal["STANDARD", "EXPRESS"] = "STANDARD"


def create_resources(template: Template) -> None:
    """Create everything, what others refer to first; secrets and parameters of an earlier run stay as they are."""
    for queue in sorted(template.of_type("AWS::SQS::Queue"), key=lambda queue: "RedrivePolicy" in queue.properties):
        _create_queue(queue, template)
    for kind, create in CREATORS.items():
        for resource in template.of_type(kind):
            try:
                create(resource, template)
            except ClientError as error:
                if error.response["Error"]["Code"] not in THERE_ALREADY:
                    raise TemplateError(f"{resource.logical_id}: {error}") from error


def _create_queue(queue: Resource, template: Template) -> None:
    if queue.properties.get("FifoQueue"):
        raise TemplateError(f"{queue.logical_id}: the local stack has no FIFO queues")
    given = queue.properties
    attributes = {name: str(given[name]) for name in QUEUE_ATTRIBUTES if name in given}
    if "RedrivePolicy" in queue.properties:
        attributes["RedrivePolicy"] = json.dumps(queue.properties["RedrivePolicy"])
    client("sqs", template.endpoint).create_queue(QueueName=queue.name, Attributes=attributes)


def _create_topic(topic: Resource, template: Template) -> None:
    client("sns", template.endpoint).create_topic(Name=topic.name)
    for subscription in topic.read_as(Topic).subscription:
        _subscribe(topic.arn, subscription, template)


def _create_subscription(resource: Resource, template: Template) -> None:
    subscription = resource.read_as(Subscription)
    _subscribe(subscription.topic_arn, subscription, template)


def _subscribe(topic_arn: str, given: Subscription, template: Template) -> None:
    if given.protocol != "sqs" or given.filter_policy is not None:
        raise TemplateError(f"{topic_arn}: the local stack delivers to SQS queues alone, and without filters")
    client("sns", template.endpoint).subscribe(
        TopicArn=topic_arn,
        Protocol="sqs",
        Endpoint=given.endpoint,
        Attributes={"RawMessageDelivery": str(given.raw_message_delivery).lower()},
    )


def _create_bucket(bucket: Resource, template: Template) -> None:
    s3 = client("s3", template.endpoint)
    s3.create_bucket(Bucket=bucket.name)
    given = bucket.read_as(Bucket)
    if given.versioning_configuration:
        status = given.versioning_configuration.status
        s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": status})
    if given.notification_configuration.keys() - {"QueueConfigurations"}:
        raise TemplateError(f"{bucket.logical_id}: the local stack sends a bucket's notifications to queues alone")
    if given.notification_configuration:
        queues = [_notification(queue) for queue in given.notification_configuration["QueueConfigurations"]]
        s3.put_bucket_notification_configuration(
            Bucket=bucket.name, NotificationConfiguration={"QueueConfigurations": queues}
        )


def _notification(given: QueueConfiguration) -> "QueueConfigurationTypeDef":
    rules = given.filter.s3_key.rules
    return {
        "QueueArn": given.queue,
        "Events": [given.event],
        "Filter": {"Key": {"FilterRules": [{"Name": rule.name, "Value": rule.value} for rule in rules]}},
    }


def _create_parameter(parameter: Resource, template: Template) -> None:
    given = parameter.read_as(Parameter)
    client("ssm", template.endpoint).put_parameter(Name=parameter.name, Type=given.type, Value=given.value)


def _create_secret(secret: Resource, template: Template) -> None:
    given = secret.read_as(Secret)
    value = given.secret_string or _generated(given.generate_secret_string)
    client("secretsmanager", template.endpoint).create_secret(Name=secret.name, SecretString=value)


def _generated(rules: SecretRules) -> str:
    alphabet = string.ascii_letters + string.digits
    value = "".join(secrets.choice(alphabet) for _ in range(rules.password_length))
    if rules.generate_string_key:
        return json.dumps(json.loads(rules.secret_string_template) | {rules.generate_string_key: value})
    return value


def _create_state_machine(resource: Resource, template: Template) -> None:
    given = resource.read_as(StateMachine)
    text = (template.path.parent / given.definition_uri).read_text()
    client("stepfunctions", template.endpoint).create_state_machine(
        name=resource.name,
        definition=_definition(resource.logical_id, text, given.definition_substitutions),
        roleArn=f"arn:{PARTITION}:iam::{ACCOUNT}:role/local",
        type=given.type,
    )


def _definition(logical_id: str, text: str, substitutions: Mapping[str, object]) -> str:
    try:
        substituted = re.sub(r"\$\{(\w+)\}", lambda found: str(substitutions[found[1]]), text)
    except KeyError as missing:
        raise TemplateError(f"{logical_id}: DefinitionSubstitutions has no {missing}") from None
    return json.dumps(yaml.safe_load(substituted))


CREATORS = {
    "AWS::SNS::Topic": _create_topic,
    "AWS::SNS::Subscription": _create_subscription,
    "AWS::S3::Bucket": _create_bucket,
    "AWS::SSM::Parameter": _create_parameter,
    "AWS::SecretsManager::Secret": _create_secret,
    "AWS::Serverless::StateMachine": _create_state_machine,
}
