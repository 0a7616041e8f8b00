"""The time, in one place."""

from datetime import UTC, datetime


def now() -> datetime:
    """Returns the time in UTC, cut to the milliseconds that MongoDB keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
