"""What collect is told of a site: read once a minute, and the last good one serves while none can be read."""

import json
import os
from collections.abc import Iterator

import boto3
import pytest
from footfall.aws import secrets
from footfall.errors import Unavailable
from footfall.identity import new_write_key
from footfall.schemas.sending import place_of

from functions.api.collect import rules
from tests.support.builders import an_event
from tests.support.collecting import KEY, SECRET, call, queue, send, tell

__all__ = ["queue"]


class Clock:
    """Time, as a test has it."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        """Returns the moment."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The time that rules are old by."""
    clock = Clock()
    monkeypatch.setattr(rules, "time", clock)
    yield clock
    rules._known.clear()


def put(text: str) -> None:
    """Write what collect reads, as it should not be."""
    boto3.client("s3").put_object(Bucket=os.environ["SENDING_BUCKET"], Key=place_of("demo"), Body=text.encode())


def status(**headers: str) -> int:
    """Returns the status of collect's answer to one event."""
    return send(an_event(), **headers)[0]


def test_a_change_is_known_within_a_minute(queue: str, clock: Clock) -> None:
    assert status() == 202
    put(json.dumps({"site_id": "demo", "revoked": [KEY.split("_")[2]]}))
    assert status() == 202, "it is not read for each request"
    clock.now += rules.FRESH_SECONDS
    assert rules.FRESH_SECONDS < 60
    assert status() == 403


@pytest.mark.parametrize("bad", ['{"site_id": "demo",}', "", "[]", '{"site_id": "demo", "events_per_second": "many"}'])
def test_a_bad_file_changes_nothing_and_is_told_to_whoever_listens(
    queue: str, clock: Clock, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    tell(origins=["https://shop.example"])
    assert status(origin="https://shop.example") == 202
    put(bad)
    clock.now += rules.FRESH_SECONDS
    assert (status(origin="https://shop.example"), status(origin="https://evil.example")) == (202, 403)
    assert rules.CANNOT_BE_READ in caplog.messages
    tell(origins=["https://evil.example"])
    clock.now += rules.AGAIN_SECONDS
    assert status(origin="https://evil.example") == 202


def test_a_bad_file_where_none_was_read_before_is_a_503_and_of_this_site_alone(queue: str) -> None:
    put("{,}")
    answer = call(body=json.dumps(an_event()), x_api_key=KEY)
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "5")
    assert send(an_event(), x_api_key=new_write_key("other", SECRET))[0] == 202


def test_while_s3_does_not_answer_the_last_rules_hold(
    queue: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(origins=["https://shop.example"])
    assert status(origin="https://shop.example") == 202
    monkeypatch.setattr(rules, "get", unanswered)
    clock.now += rules.FRESH_SECONDS
    assert (status(origin="https://shop.example"), status()) == (202, 403)


def unanswered(*_: object) -> bytes | None:
    """What a reader of S3 does where nothing answers."""
    raise Unavailable("S3 does not answer")


def test_a_key_of_a_new_signing_secret_is_taken_at_once_and_of_the_one_before_too(queue: str) -> None:
    assert status() == 202
    manager = boto3.client("secretsmanager")
    manager.put_secret_value(SecretId=os.environ["SIGNING_SECRET"], SecretString="second")
    secrets._known.update({place: (read - 31, text) for place, (read, text) in secrets._known.items()})
    assert status(x_api_key=new_write_key("demo", "second")) == 202
    assert status() == 202
    manager.put_secret_value(SecretId=os.environ["SIGNING_SECRET"], SecretString="third")
    secrets._known.clear()
    assert status() == 403


def test_a_flood_of_bad_keys_reads_the_secret_no_more_than_twice_a_minute(
    queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status() == 202
    asked: list[str] = []

    def read(_: str, stage: str) -> str:
        asked.append(stage)
        return SECRET

    monkeypatch.setattr(secrets, "_read", read)
    secrets._known.update({place: (read - 31, text) for place, (read, text) in secrets._known.items()})
    for number in range(100):
        assert status(x_api_key=new_write_key(f"site-{number}", "made up")) == 403
    assert sorted(asked) == ["AWSCURRENT", "AWSPREVIOUS"]
