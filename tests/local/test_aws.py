"""What is given to the AWS services of a stack outlives their process, however that ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.aws import client, start_aws
from infra.local.processes import ProcessSupervisor

NO_LAMBDA = "http://127.0.0.1:9"


class Aws:
    """One run of the services on a folder; `again` kills it and starts another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._supervisor = ProcessSupervisor(folder / "logs")
        self.endpoint = start_aws(self._supervisor, folder / "aws", NO_LAMBDA).endpoint

    def again(self) -> "Aws":
        self.end()
        return Aws(self._folder)

    def end(self) -> None:
        for child in self._supervisor._children:
            child.kill()
        self._supervisor.stop()

    def client(self, service: str) -> Any:
        return client(service, self.endpoint)

    def queue(self) -> str:
        return str(self.client("sqs").create_queue(QueueName="work")["QueueUrl"])

    def receive(self, **options: Any) -> list[dict[str, Any]]:
        return list(
            self.client("sqs")
            .receive_message(QueueUrl=self.queue(), AttributeNames=["All"], **options)
            .get("Messages", [])
        )


@pytest.fixture
def aws_run(tmp_path: Path) -> Any:
    runs = [Aws(tmp_path)]

    def current(*, again: bool = False) -> Aws:
        if again:
            runs.append(runs[-1].again())
        return runs[-1]

    yield current
    runs[-1].end()


def test_all_that_is_not_done_is_there_after_a_kill(aws_run: Any) -> None:
    aws = aws_run()
    queue = aws.queue()
    attributes = {"colour": {"StringValue": "red", "DataType": "String"}}
    aws.client("sqs").send_message(QueueUrl=queue, MessageBody="done")
    aws.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=aws.receive()[0]["ReceiptHandle"])
    aws.client("sqs").send_message(
        QueueUrl=queue, MessageBody="in hand", MessageGroupId="g", MessageAttributes=attributes
    )
    aws.receive()
    aws.client("sqs").send_message(QueueUrl=queue, MessageBody="waiting")
    for name in ("kept/a b", "kept/removed"):
        aws.client("s3").create_bucket(Bucket="things")
        aws.client("s3").put_object(Bucket="things", Key=name, Body=b"bytes")
    aws.client("s3").delete_object(Bucket="things", Key="kept/removed")
    aws.client("ssm").put_parameter(Name="/a/b", Value="first", Type="String")
    aws.client("ssm").put_parameter(Name="/a/b", Value="second", Overwrite=True)
    aws.client("secretsmanager").create_secret(Name="secret", SecretString="s3cret")

    aws = aws_run(again=True)
    messages = [aws.receive()[0], aws.receive(MessageAttributeNames=["All"])[0]]
    assert [message["Body"] for message in messages] == ["in hand", "waiting"]
    assert messages[0]["Attributes"]["MessageGroupId"] == "g"
    assert not aws.receive()
    aws.client("s3").create_bucket(Bucket="things")
    assert [found["Key"] for found in aws.client("s3").list_objects_v2(Bucket="things")["Contents"]] == ["kept/a b"]
    assert aws.client("s3").get_object(Bucket="things", Key="kept/a b")["Body"].read() == b"bytes"
    assert aws.client("ssm").get_parameter(Name="/a/b")["Parameter"]["Value"] == "second"
    assert aws.client("secretsmanager").get_secret_value(SecretId="secret")["SecretString"] == "s3cret"


def test_secrets_are_in_a_file_that_only_their_owner_may_read(aws_run: Any, tmp_path: Path) -> None:
    aws_run().client("secretsmanager").create_secret(Name="secret", SecretString="s3cret")
    assert (tmp_path / "aws" / "secrets.json").stat().st_mode & 0o777 == 0o600


class TestAQueue:
    """A queue of moto's server, which is ours."""

    def test_hides_a_message_until_its_time_and_then_gives_it_again(self, aws_endpoint: str, queue_url: str) -> None:
        sqs = client("sqs", aws_endpoint)
        sqs.send_message(QueueUrl=queue_url, MessageBody="a")
        first = sqs.receive_message(QueueUrl=queue_url, VisibilityTimeout=1)["Messages"][0]
        assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)
        again = sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=5, AttributeNames=["All"])["Messages"][0]
        assert again["MessageId"] == first["MessageId"]
        assert again["Attributes"]["ApproximateReceiveCount"] == "2"

    def test_gives_a_delayed_message_when_it_is_due(self, aws_endpoint: str, queue_url: str) -> None:
        sqs = client("sqs", aws_endpoint)
        sqs.send_message(QueueUrl=queue_url, MessageBody="a", DelaySeconds=1)
        counts = sqs.get_queue_attributes(
            QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
        )["Attributes"]
        assert counts == {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "1"}
        assert sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=5)["Messages"][0]["Body"] == "a"

    def test_never_gives_one_message_to_two_receivers(self, aws_endpoint: str, queue_url: str) -> None:
        from concurrent.futures import ThreadPoolExecutor

        sqs = client("sqs", aws_endpoint)
        for number in range(40):
            sqs.send_message(QueueUrl=queue_url, MessageBody=str(number))

        def receive(_: int) -> list[str]:
            answer = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
            return [message["Body"] for message in answer.get("Messages", ())]

        with ThreadPoolExecutor(8) as pool:
            bodies = [body for received in pool.map(receive, range(12)) for body in received]
        assert sorted(map(int, bodies)) == list(range(40))

    def test_takes_back_a_message_at_once_when_asked(self, aws_endpoint: str, queue_url: str) -> None:
        sqs = client("sqs", aws_endpoint)
        sqs.send_message(QueueUrl=queue_url, MessageBody="a")
        handle = sqs.receive_message(QueueUrl=queue_url)["Messages"][0]["ReceiptHandle"]
        sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=handle, VisibilityTimeout=0)
        assert sqs.receive_message(QueueUrl=queue_url)["Messages"]

    def test_refuses_a_message_of_more_than_a_mebibyte(self, aws_endpoint: str, queue_url: str) -> None:
        with pytest.raises(ClientError, match="shorter than 1048576 bytes"):
            client("sqs", aws_endpoint).send_message(QueueUrl=queue_url, MessageBody="x" * 1_048_577)

    def test_takes_its_dead_letters_back(self, aws_endpoint: str, queue_url: str) -> None:
        sqs = client("sqs", aws_endpoint)
        name = queue_url.rpartition("/")[2]
        dead_letters = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        dead_letters_arn = f"arn:aws:sqs:us-east-1:123456789012:{name}-dead"
        policy = json.dumps({"deadLetterTargetArn": dead_letters_arn, "maxReceiveCount": 1})
        sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"RedrivePolicy": policy})
        sqs.send_message(QueueUrl=queue_url, MessageBody="again")
        sqs.receive_message(QueueUrl=queue_url, VisibilityTimeout=0)
        assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)
        assert sqs.start_message_move_task(SourceArn=dead_letters_arn)["TaskHandle"]
        (message,) = sqs.receive_message(QueueUrl=queue_url, AttributeNames=["All"])["Messages"]
        assert (message["Body"], message["Attributes"]["ApproximateReceiveCount"]) == ("again", "1")
        assert "Messages" not in sqs.receive_message(QueueUrl=dead_letters)

    def test_is_empty_once_purged(self, aws_endpoint: str, queue_url: str) -> None:
        sqs = client("sqs", aws_endpoint)
        sqs.send_message(QueueUrl=queue_url, MessageBody="a")
        sqs.purge_queue(QueueUrl=queue_url)
        assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)
