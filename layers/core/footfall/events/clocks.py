"""When an event happened: four clocks, one answer.

The client's own clock may be wrong, so its offset is taken out: timestamp = received − (sent − client), as Segment and
PostHog do (https://segment.com/docs/connections/spec/common/#timestamps).
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from footfall.errors import Unstorable
from footfall.events.times import EARLIEST, parse_time

TOLERANCE = timedelta(minutes=1)
"""Less is the network's delay, not a wrong clock: correcting it would shuffle a visit sent in several bodies."""
FUTURE_LIMIT = timedelta(hours=24)


class Clocks(NamedTuple):
    """The event's time as corrected, the client's raw times where they could be read, and what was wrong with them."""

    timestamp: datetime
    client_time: datetime | None
    sent_at: datetime | None
    flags: tuple[str, ...]


def read_clocks(client: str | float | None, sent: str | float | None, received_at: datetime) -> Clocks:
    """Returns the four times of an event that came in at `received_at`; never fails."""
    client_time, sent_at = parse_time(client), parse_time(sent)
    flags: tuple[str, ...] = ()
    if client_time is None and client is not None:
        flags += ("timestamp_invalid",)
    if sent_at is None and sent is not None:
        flags += ("sent_at_invalid",)
    if client_time is None:
        return Clocks(received_at, None, sent_at, flags)
    timestamp = (
        client_time
        if sent_at is None or _in_step(sent_at, received_at)
        else _shifted(received_at, sent_at - client_time)
    )
    if timestamp > received_at + FUTURE_LIMIT:
        return Clocks(received_at, client_time, sent_at, (*flags, "clock_future"))
    return Clocks(timestamp, client_time, sent_at, flags)


def history_clocks(client: str | float | None, sent: str | float | None, received_at: datetime) -> Clocks:
    """Returns the times of an event of an import.

    Raises Unstorable for one whose time cannot be read or has not come yet: history did not happen now.
    """
    clocks = read_clocks(client, sent, received_at)
    if clocks.client_time is None or "clock_future" in clocks.flags:
        raise Unstorable("bad_date", "the event's time is missing, cannot be read, is before 1970 or in the future")
    return clocks


def _in_step(sent_at: datetime, received_at: datetime) -> bool:
    return abs(received_at - sent_at) < TOLERANCE


def _shifted(received_at: datetime, lag: timedelta) -> datetime:
    try:
        shifted = received_at - lag
    except OverflowError:
        return received_at
    return max(shifted, EARLIEST)
