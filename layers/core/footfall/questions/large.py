"""Questions that may be too big for one call: each can be asked of parts of the people."""

from collections.abc import Mapping
from typing import Any

from footfall.questions import funnel, time_to_convert
from footfall.questions.added_up import AddedUp
from footfall.schemas.job import LargeQuestion

LARGE: Mapping[LargeQuestion, AddedUp[Any, Any, Any]] = {
    "funnel": funnel.ADDED_UP,
    "time-to-convert": time_to_convert.ADDED_UP,
}
