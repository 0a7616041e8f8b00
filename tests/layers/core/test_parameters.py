"""Parameters that several change at once: what counts is read anew, and nobody's change is lost."""

import json
from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from footfall.aws import parameters
from footfall.aws.parameters import rewrite
from footfall.errors import Unavailable

from infra.local.aws import AwsAddresses


@pytest.fixture
def name(aws: AwsAddresses, worker: str) -> str:
    """A parameter that holds an empty list."""
    boto3.client("ssm").put_parameter(Name=f"/rewritten/{worker}", Value="[]", Type="String", Overwrite=True)
    return f"/rewritten/{worker}"


def text_of(name: str) -> str:
    return boto3.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


def written(stored: list[str], then: Callable[[], None] = lambda: None) -> Callable[[str], str]:
    """Returns a change to what is stored; `then` happens once between its reading and its writing."""
    waiting = [then]

    def change(_: str) -> str:
        text = json.dumps(stored)
        if waiting:
            waiting.pop()()
        return text

    return change


def test_a_change_that_overtakes_another_is_in_the_end_there_too(name: str) -> None:
    stored = ["a"]

    def another() -> None:
        stored.append("b")
        rewrite(name, written(stored))

    rewrite(name, written(stored, another))  # it has read only "a", and writes last

    assert json.loads(text_of(name)) == ["a", "b"]


def test_who_never_writes_alone_gives_up(name: str) -> None:
    def change(_: str) -> str:
        boto3.client("ssm").put_parameter(Name=name, Value="[]", Overwrite=True)
        return "[1]"

    with pytest.raises(Unavailable):
        rewrite(name, change)


def test_a_parameter_that_cannot_be_read_is_a_clear_failure(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable):
        rewrite(f"{name}/absent", lambda text: text)

    def unreachable(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://ssm")

    monkeypatch.setattr(parameters._ssm(), "put_parameter", unreachable)
    with pytest.raises(Unavailable):
        rewrite(name, lambda text: text)
