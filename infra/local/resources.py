"""Creates in moto what template.yaml declares: queues, topics, buckets, secrets, parameters, state machines."""

import json
import re
import secrets
import string
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError

from infra.local.aws import client
from infra.local.template import Resource, Template, TemplateError

QUEUE_ATTRIBUTES = (
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)
THERE_ALREADY = ("ParameterAlreadyExists", "ResourceExistsException")


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
    attributes = {name: str(queue.properties[name]) for name in QUEUE_ATTRIBUTES if name in queue.properties}
    if "RedrivePolicy" in queue.properties:
        attributes["RedrivePolicy"] = json.dumps(queue.properties["RedrivePolicy"])
    client("sqs", template.endpoint).create_queue(QueueName=queue.name, Attributes=attributes)


def _create_topic(topic: Resource, template: Template) -> None:
    client("sns", template.endpoint).create_topic(Name=topic.name)
    for subscription in topic.properties.get("Subscription", ()):
        _subscribe(topic.arn, subscription, template)


def _create_subscription(subscription: Resource, template: Template) -> None:
    _subscribe(subscription.properties["TopicArn"], subscription.properties, template)


def _subscribe(topic_arn: str, given: dict[str, Any], template: Template) -> None:
    if given["Protocol"] != "sqs" or "FilterPolicy" in given:
        raise TemplateError(f"{topic_arn}: the local stack delivers to SQS queues alone, and without filters")
    attributes = {"RawMessageDelivery": str(given.get("RawMessageDelivery", False)).lower()}
    client("sns", template.endpoint).subscribe(
        TopicArn=topic_arn, Protocol="sqs", Endpoint=given["Endpoint"], Attributes=attributes
    )


def _create_bucket(bucket: Resource, template: Template) -> None:
    s3 = client("s3", template.endpoint)
    s3.create_bucket(Bucket=bucket.name)
    versioning = bucket.properties.get("VersioningConfiguration")
    if versioning:
        s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration=versioning)
    notifications = bucket.properties.get("NotificationConfiguration", {})
    if notifications.keys() - {"QueueConfigurations"}:
        raise TemplateError(f"{bucket.logical_id}: the local stack sends a bucket's notifications to queues alone")
    if notifications:
        queues = [_notification(given) for given in notifications["QueueConfigurations"]]
        s3.put_bucket_notification_configuration(
            Bucket=bucket.name, NotificationConfiguration={"QueueConfigurations": queues}
        )


def _notification(given: dict[str, Any]) -> dict[str, Any]:
    rules = given.get("Filter", {}).get("S3Key", {}).get("Rules", [])
    return {"QueueArn": given["Queue"], "Events": [given["Event"]], "Filter": {"Key": {"FilterRules": rules}}}


def _create_parameter(parameter: Resource, template: Template) -> None:
    given = parameter.properties
    client("ssm", template.endpoint).put_parameter(Name=parameter.name, Type=given["Type"], Value=given["Value"])


def _create_secret(secret: Resource, template: Template) -> None:
    given = secret.properties
    value = given.get("SecretString") or _generated(given.get("GenerateSecretString", {}))
    client("secretsmanager", template.endpoint).create_secret(Name=secret.name, SecretString=value)


def _generated(rules: dict[str, Any]) -> str:
    alphabet = string.ascii_letters + string.digits
    value = "".join(secrets.choice(alphabet) for _ in range(int(rules.get("PasswordLength", 32))))
    if "GenerateStringKey" in rules:
        return json.dumps(json.loads(rules["SecretStringTemplate"]) | {rules["GenerateStringKey"]: value})
    return value


def _create_state_machine(machine: Resource, template: Template) -> None:
    client("stepfunctions", template.endpoint).create_state_machine(
        name=machine.name,
        definition=_definition(machine, template.path.parent),
        roleArn=template.resolve({"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/local"}),
        type=machine.properties.get("Type", "STANDARD"),
    )


def _definition(machine: Resource, folder: Path) -> str:
    """The state machine as JSON, with the template's substitutions made."""
    text = (folder / machine.properties["DefinitionUri"]).read_text()
    values: dict[str, Any] = machine.properties.get("DefinitionSubstitutions", {})
    try:
        text = re.sub(r"\$\{(\w+)\}", lambda found: str(values[found[1]]), text)
    except KeyError as missing:
        raise TemplateError(f"{machine.logical_id}: DefinitionSubstitutions has no {missing}") from None
    return json.dumps(yaml.safe_load(text))


CREATORS = {
    "AWS::SNS::Topic": _create_topic,
    "AWS::SNS::Subscription": _create_subscription,
    "AWS::S3::Bucket": _create_bucket,
    "AWS::SSM::Parameter": _create_parameter,
    "AWS::SecretsManager::Secret": _create_secret,
    "AWS::Serverless::StateMachine": _create_state_machine,
}
