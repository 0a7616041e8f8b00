"""A life in words: what a reader needs to follow it by hand."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from tests.oracle.life import Life, Told
from tests.oracle.reckoning.events import read

SHOWN = ("sessionId", "userId", "previousId", "url", "pageType", "referrer", "attribution", "device", "properties")


def lines(life: Life) -> Iterator[str]:
    """Yields the lines of a life: the shop, what was told in the order of time, how it was delivered."""
    shop = life.shop
    yield f"shop in {shop.zone}, {shop.currency}; funnels {dict(shop.funnels)}"
    for told in sorted(life.told, key=lambda one: read(one).order):
        yield f"  {_line(told, ZoneInfo(shop.zone))}"
    steps = [f"{' '.join(one.event_ids)}{'' if one.then == 'nothing' else f', {one.then}'}" for one in life.deliveries]
    yield f"delivered: {'; '.join(steps)}"


def _line(told: Told, zone: ZoneInfo) -> str:
    event = read(told)
    fields = {name: value for name, value in told.event.items() if name in SHOWN}
    more = " ".join(f"{name}={value}" for name, value in fields.items())
    who = f"{event.visitor}{' (a crawler)' if event.bot else ''}"
    moment = f"{event.at.astimezone(zone):%Y-%m-%d %H:%M:%S%z}"
    return f"{event.event_id} {moment} {told.source}: {who}, {event.name or event.kind} {more}"
