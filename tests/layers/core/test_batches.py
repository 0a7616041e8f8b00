"""Partial batch failures: what fails comes back, what is done stays done."""

from collections.abc import Sequence

import pytest
from footfall.aws.batches import process
from footfall.aws.invocations import SqsRecord
from footfall.errors import Unavailable

from tests.support.builders import LambdaContext


class Work:
    """Notes what it is given; fails for the messages called `bad`, and finds no store for those called `down`."""

    def __init__(self) -> None:
        self.done: list[list[str]] = []

    def __call__(self, records: Sequence[SqsRecord]) -> None:
        """Work on some messages."""
        names = [record["messageId"] for record in records]
        if any(name.startswith("down") for name in names):
            raise Unavailable("the store does not answer")
        if any(name.startswith("bad") for name in names):
            raise ValueError("bad")
        self.done.append(names)


def process_all(work: Work, *groups: Sequence[str], context: LambdaContext | None = None) -> list[str]:
    """Have groups of messages processed; returns the ids of those that must come back."""
    records = [[SqsRecord(messageId=name, body=f"body of {name}", attributes={}) for name in group] for group in groups]
    answer = process(records, work, context or LambdaContext())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_groups_are_worked_on_together_in_their_order() -> None:
    work = Work()
    assert process_all(work, ["a", "b"], ["c"]) == []
    assert work.done == [["a", "b"], ["c"]]


def test_a_group_that_fails_goes_message_by_message_and_the_next_goes_together() -> None:
    work = Work()
    assert process_all(work, ["a", "bad", "b"], ["c", "d"]) == ["bad"]
    assert work.done == [["a"], ["b"], ["c", "d"]]


def test_a_message_that_failed_alone_is_not_tried_twice() -> None:
    tried: list[str] = []

    def work(records: Sequence[SqsRecord]) -> None:
        tried.extend(record["messageId"] for record in records)
        raise ValueError

    record = SqsRecord(messageId="bad", body="", attributes={})
    assert len(process([[record]], work, LambdaContext())["batchItemFailures"]) == 1
    assert tried == ["bad"]


@pytest.mark.parametrize("group", [["down"], ["a", "down"]])
def test_while_a_store_does_not_answer_the_group_at_work_and_the_rest_come_back(group: list[str]) -> None:
    work = Work()
    assert process_all(work, ["bad-1", "z"], group, ["c"]) == ["bad-1", *group, "c"]
    assert work.done == [["z"]]


def test_a_store_that_goes_away_while_messages_go_alone_brings_all_of_their_group_back() -> None:
    work = Work()
    assert process_all(work, ["y"], ["a", "bad"], ["b", "bad-2", "down"], ["c"]) == ["bad", "b", "bad-2", "down", "c"]
    assert work.done == [["y"], ["a"]]


def test_nothing_is_begun_when_time_is_short() -> None:
    work = Work()
    assert process_all(work, ["a"], ["b"], context=LambdaContext(4_999)) == ["a", "b"]
    assert work.done == []


def test_what_messages_hold_is_in_no_log(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    process_all(Work(), ["a", "bad"], ["down"])
    told = caplog.text + capsys.readouterr().out
    assert "messages not processed" in told
    assert "body of" not in told
