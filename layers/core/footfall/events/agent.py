"""A user agent, read."""

from typing import NamedTuple


class Agent(NamedTuple):
    """What a user agent says: `device` is Desktop, Mobile, Tablet or Other; `browser` and `os` families or None."""

    device: str
    browser: str | None
    os: str | None
    bot: bool


NO_AGENT = Agent(device="Other", browser=None, os=None, bot=False)
