"""Queues lose nothing: what fails comes back, what keeps failing is kept apart, and no store is overrun."""

from typing import Any

import pytest

from infra.template import resources

Template = dict[str, Any]
Lambdas = dict[str, dict[str, Any]]
MEBIBYTE = 1_048_576
FOURTEEN_DAYS = 14 * 86_400


def queues(template: Template) -> dict[str, dict[str, Any]]:
    return {name: queue["Properties"] for name, queue in resources(template, "AWS::SQS::Queue").items()}


def work_queues(template: Template) -> dict[str, dict[str, Any]]:
    return {name: queue for name, queue in queues(template).items() if "DeadLetter" not in name}


def sources(lambdas: Lambdas) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every (queue, the function it feeds, how)."""
    return [
        (event["Properties"]["Queue"]["Fn::GetAtt"][0], function, event["Properties"])
        for function in lambdas.values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]


def test_every_work_queue_feeds_exactly_one_function(template: Template, lambdas: Lambdas) -> None:
    assert sorted(queue for queue, _, _ in sources(lambdas)) == sorted(work_queues(template))


def test_a_message_stays_hidden_for_six_time_outs_and_the_batching_window(template: Template, lambdas: Lambdas) -> None:
    for queue, function, source in sources(lambdas):
        needed = 6 * function["Timeout"] + source.get("MaximumBatchingWindowInSeconds", 0)
        assert queues(template)[queue]["VisibilityTimeout"] >= needed, queue


def test_only_the_messages_that_failed_come_back(lambdas: Lambdas) -> None:
    for queue, _, source in sources(lambdas):
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"], queue
        # AWS deletes what a filter does not match
        assert "FilterCriteria" not in source, queue


def test_a_batch_above_ten_waits_to_be_filled(lambdas: Lambdas) -> None:
    for queue, _, source in sources(lambdas):
        assert source["BatchSize"] <= 10 or source["MaximumBatchingWindowInSeconds"] >= 1, queue


def test_what_keeps_failing_is_kept_longer_than_it_could_have_waited(template: Template) -> None:
    for name, queue in work_queues(template).items():
        dead = queues(template)[name.replace("Queue", "DeadLetterQueue")]
        redrive = queue["RedrivePolicy"]
        assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": [name.replace("Queue", "DeadLetterQueue"), "Arn"]}
        assert redrive["maxReceiveCount"] >= 5
        # a dead-letter queue counts from when the message was first sent
        assert queue["MessageRetentionPeriod"] < dead["MessageRetentionPeriod"] == FOURTEEN_DAYS


def test_every_queue_takes_a_whole_mebibyte_and_encrypts_it(template: Template) -> None:
    for name, queue in queues(template).items():
        assert queue["MaximumMessageSize"] == MEBIBYTE, name
        assert queue["SqsManagedSseEnabled"] is True, name


def test_subscriptions_deliver_raw_messages_and_keep_what_cannot_be_delivered(template: Template) -> None:
    subscriptions = resources(template, "AWS::SNS::Subscription")

    assert {found["Properties"]["Endpoint"]["Fn::GetAtt"][0] for found in subscriptions.values()} == {
        "InterestsQueue",
        "RealtimeQueue",
        "VectorsQueue",
    }
    for name, subscription in subscriptions.items():
        assert subscription["Properties"]["RawMessageDelivery"] is True, name
        assert subscription["Properties"]["RedrivePolicy"]["deadLetterTargetArn"], name


def test_who_sends_to_a_queue_from_outside_is_named(template: Template) -> None:
    allowed = resources(template, "AWS::SQS::QueuePolicy")
    for name, policy in allowed.items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert statement["Action"] == "sqs:SendMessage", name
            assert "aws:SourceArn" in statement["Condition"]["ArnEquals"], name
    reached = {queue["Ref"] for policy in allowed.values() for queue in policy["Properties"]["Queues"]}
    assert {"ImportsQueue", "InterestsQueue", "RealtimeQueue", "VectorsQueue"} <= reached


def test_what_nobody_waits_for_keeps_what_it_failed_at(lambdas: Lambdas) -> None:
    for name, function in lambdas.items():
        scheduled = any(event["Type"] == "Schedule" for event in function.get("Events", {}).values())
        # CloudFormation waits for jobs/prepare
        if scheduled or (function["CodeUri"].startswith("functions/jobs/") and name != "JobsPrepareFunction"):
            target = function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
            assert target == {"Type": "SQS", "Destination": {"Fn::GetAtt": ["JobsDeadLetterQueue", "Arn"]}}, name


def test_all_functions_together_keep_within_the_databases_connections(
    template: Template, lambdas: Lambdas, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments = sum(_at_once(template, function) for function in lambdas.values() if _reads_mongodb(function))

    assert environments * (_pool_size(monkeypatch) + 1) <= 0.8 * template["Metadata"]["MongodbConnections"]


def _reads_mongodb(function: dict[str, Any]) -> bool:
    return "MONGODB_URI" in function["Environment"]["Variables"]


def _at_once(template: Template, function: dict[str, Any]) -> int:
    """How many of a function's environments may be awake at once: what is reserved, what its queue starts, or one."""
    if "ReservedConcurrentExecutions" in function:
        _, reserved, _ = function["ReservedConcurrentExecutions"]["Fn::If"]
        concurrency: int = reserved if isinstance(reserved, int) else template["Parameters"][reserved["Ref"]]["Default"]
        return concurrency
    limits = [
        event["Properties"]["ScalingConfig"]["MaximumConcurrency"]
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]
    assert limits or not function["CodeUri"].startswith(("functions/api", "functions/etl")), (
        "its concurrency is not bounded"
    )
    return sum(limits) or 1


def _pool_size(monkeypatch: pytest.MonkeyPatch) -> int:
    from footfall.settings import read_environment
    from footfall.stores import mongo

    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:1/?connect=false")
    read_environment.cache_clear()
    mongo.client.cache_clear()
    size = mongo.client().options.pool_options.max_pool_size
    mongo.client().close()
    mongo.client.cache_clear()
    read_environment.cache_clear()
    return int(size or 0)
