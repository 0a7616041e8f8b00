"""Nobody may do more than the job, and no secret lies about."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.template import resources

from .folders import declared, logical_id
from .reach import calls_made_by

Template = dict[str, Any]
ASKED_BY = {
    "generate_presigned_url": {"s3:PutObject"},
    "get_metric_data": {"cloudwatch:GetMetricData"},
    "get_object": {"s3:GetObject", "s3:ListBucket"},  # without the second, a missing object is "access denied"
    "get_queue_attributes": {"sqs:GetQueueAttributes"},
    "get_secret_value": {"secretsmanager:GetSecretValue"},
    "_lambda().invoke": {"lambda:InvokeFunction"},
    "delete_object": {"s3:DeleteObject"},
    "list_objects_v2": {"s3:ListBucket"},
    "delete_message_batch": {"sqs:DeleteMessage"},
    "change_message_visibility_batch": {"sqs:ChangeMessageVisibility"},
    "list_object_versions": {"s3:ListBucketVersions", "s3:DeleteObjectVersion"},
    "receive_message": {"sqs:ReceiveMessage"},
    "list_executions": {"states:ListExecutions"},
    "put_object": {"s3:PutObject"},
    "send_message_batch": {"sqs:SendMessage"},
    "sns().publish": {"sns:Publish"},
    "start_execution": {"states:StartExecution"},
}
CONSUMES = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
CANNOT_BE_NARROWED = {"cloudwatch:GetMetricData"}


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every (who, statement) that allows something to a function or a state machine."""
    for name, resource in resources(template, "AWS::Serverless::Function", "AWS::Serverless::StateMachine").items():
        for policy in resource["Properties"].get("Policies", []):
            yield from ((name, _unconditional(statement)) for statement in policy["Statement"])
    for name, role in resources(template, "AWS::IAM::Role").items():
        for policy in role["Properties"]["Policies"]:
            yield from ((name, _unconditional(statement)) for statement in policy["PolicyDocument"]["Statement"])
    for policy in resources(template, "AWS::IAM::Policy").values():  # of what names the function that has it
        (role,) = policy["Properties"]["Roles"]
        yield from ((role["Ref"], statement) for statement in policy["Properties"]["PolicyDocument"]["Statement"])


def _unconditional(statement: dict[str, Any]) -> dict[str, Any]:
    chosen: dict[str, Any] = statement["Fn::If"][1] if "Fn::If" in statement else statement
    return chosen


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_actions_are_named_one_by_one(template: Template) -> None:
    for name, statement in statements(template):
        for action in as_list(statement["Action"]):
            assert "*" not in action, f"{name}: {action}"


@pytest.mark.parametrize("folder", declared())
def test_a_function_may_do_what_its_code_asks_for_and_nothing_else(folder: str, template: Template) -> None:
    calls = calls_made_by(folder)
    asked = {action for call, actions in ASKED_BY.items() if call in calls for action in actions}
    function = template["Resources"][logical_id(folder)]["Properties"]
    role = function["Role"]["Fn::GetAtt"][0] if "Role" in function else f"{logical_id(folder)}Role"

    granted = {a for who, s in statements(template) if who in {logical_id(folder), role} for a in as_list(s["Action"])}

    assert granted == asked | (CONSUMES if "Role" in function else set())


def test_nothing_may_be_done_to_everything(template: Template) -> None:
    for name, statement in statements(template):
        if not set(as_list(statement["Action"])) <= CANNOT_BE_NARROWED:
            assert "*" not in as_list(statement["Resource"]), name


def test_policies_are_written_out_and_never_a_managed_ones_name(template: Template) -> None:
    for name, function in resources(template, "AWS::Serverless::Function").items():
        for policy in function["Properties"].get("Policies", []):
            assert set(policy) == {"Statement"}, name


def test_who_reads_queues_has_a_role_that_reads_those_alone(template: Template) -> None:
    """SAM's own role for a queue's function may receive from and delete in every queue of the account."""
    consumed = {who: s["Resource"] for who, s in statements(template) if "sqs:DeleteMessage" in s["Action"]}
    for name, function in resources(template, "AWS::Serverless::Function").items():
        events = function["Properties"].get("Events", {}).values()
        queues = [event["Properties"]["Queue"] for event in events if event["Type"] == "SQS"]
        if queues:
            assert as_list(consumed[function["Properties"]["Role"]["Fn::GetAtt"][0]]) == queues, name


def test_environments_hold_addresses_and_names_but_no_secret(template: Template) -> None:
    plain = {"footfall"}
    for name, function in resources(template, "AWS::Serverless::Function").items():
        for variable, value in function["Properties"].get("Environment", {}).get("Variables", {}).items():
            assert isinstance(value, dict) or value in plain, f"{name}: {variable} is written out"
            assert "{{resolve:" not in str(value), f"{name}: {variable} shows a secret"
    for name, parameter in template["Parameters"].items():
        assert not parameter.get("NoEcho"), f"{name}: a secret belongs into Secrets Manager, not into a parameter"


def test_buckets_are_private_encrypted_and_reached_by_tls_alone(template: Template) -> None:
    guarded = {
        policy["Properties"]["Bucket"]["Ref"]: policy
        for policy in resources(template, "AWS::S3::BucketPolicy").values()
    }
    for name, bucket in resources(template, "AWS::S3::Bucket").items():
        properties = bucket["Properties"]
        assert all(properties["PublicAccessBlockConfiguration"].values()), name
        assert properties["BucketEncryption"], name
        assert properties["LifecycleConfiguration"]["Rules"], name
        (statement,) = guarded[name]["Properties"]["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_models_can_be_taken_back(template: Template) -> None:
    bucket = template["Resources"]["ArtefactsBucket"]

    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"
