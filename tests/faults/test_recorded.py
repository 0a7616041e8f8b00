"""The recorded messages: the newest shape is what is sent today; who changes it keeps the older one on record."""

import json
from itertools import pairwise
from typing import Any

from footfall.aws.queues import pack

from tests.faults.messages import RECORDED
from tests.support.builders import NOON, a_message


def recorded(name: str) -> dict[str, Any]:
    """Returns the recorded message of that shape."""
    shape: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return shape


def test_todays_shape_is_on_record() -> None:
    (sent,) = pack(a_message([{"eventType": "pageview"}], ip="203.0.113.0", user_agent="Mozilla", received_at=NOON))
    assert json.loads(sent).keys() == recorded("today").keys()


def test_older_shapes_lack_what_came_later() -> None:
    shapes = [recorded(name).keys() for name in ("no-optional-fields", "no-message-id", "no-country", "today")]
    assert all(older < newer for older, newer in pairwise(shapes))
