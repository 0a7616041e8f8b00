"""What kind of device, and whether a program rather than a person, sent an event."""

from functools import lru_cache

from footfall.events.agent import NO_AGENT, Agent

KNOWN = {
    **dict.fromkeys(["desktop", "macos", "windows", "linux"], "Desktop"),
    **dict.fromkeys(["mobile", "phone", "smartphone", "ios", "android"], "Mobile"),
    **dict.fromkeys(["tablet", "ipados"], "Tablet"),
}
LONGEST_AGENT = 512
"""What is read of a user agent: the rest is a made-up one's, and must not fill the memory."""


def agent_of(user_agent: str | None) -> Agent:
    """Returns what a user agent says of the device, the browser and its system, and whether it is a bot."""
    return _read_once(user_agent[:LONGEST_AGENT]) if user_agent else NO_AGENT


@lru_cache(maxsize=8192)
def _read_once(user_agent: str) -> Agent:
    from footfall.events.agent_lists import (
        read_agent,  # here: collect checks events without the packages that this needs
    )

    return read_agent(user_agent)


def device_of(named: str | None, agent: Agent) -> str:
    """Returns desktop, Mobile, Tablet or Other: as the client names it, else as its user agent reads."""
    return KNOWN.get(named.strip().lower(), "Other") if named else agent.device
