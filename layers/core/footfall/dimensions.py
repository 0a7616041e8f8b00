"""What figures can be broken down and filtered by: one row each, and those of a site's own.

A row says where events, sessions and people have the value, so that whatever reads or stores them goes by it alone:
the columns of the lake, questions, and the lists of values. `tests/layers/core/test_dimensions.py` checks that every
field it names is one of the document's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal, NamedTuple

from footfall.countries import country_code
from footfall.events.names import letters
from footfall.events.sources import source_named
from footfall.people.fold import sex_named
from footfall.schemas.person import PersonProfile
from footfall.schemas.site import Site
from footfall.sessions.fold import GAP

Level = Literal["event", "session", "person", "line"]
UNKNOWN = "unknown"
"""What is shown where nothing is known."""
DIRECT = "direct"
LONGEST = 256
"""Characters of a value; what is longer is cut."""
SEGMENT = "segment"
MOST_OWN = 10
MOST_NEAR = 3


class Facts(NamedTuple):
    """What values are read from: an event's document, that of its session and its person's profile, where known."""

    event: Mapping[str, object] | None = None
    session: Mapping[str, object] | None = None
    person: PersonProfile | None = None


def as_it_is(text: str) -> str:
    """Returns a text as it is."""
    return text


@dataclass(frozen=True)
class Dimension:
    """One dimension.

    `level` says what has one value: an event, a session, a person; of `line`, each line of what an event sells or shows
    has one. `event`, `session` and `person` are the fields that hold it in an event's document, a session's and a
    person's profile, with a dot into what is nested; empty where it is not there. `fold` gives the one form of all
    spellings of a value, None for what is none. `read` finds the value in an event's field of many parts, and `derived`
    reads what is no field. `missing` is shown for no value.
    """

    name: str
    description: str
    level: Level
    event: str = ""
    session: str = ""
    person: str = ""
    fold: Callable[[str], str | None] = as_it_is
    read: Callable[[object], str | None] | None = None
    derived: Callable[[Facts], str | None] | None = None
    missing: str = UNKNOWN
    filter: bool = True
    breakdown: bool = True

    @property
    def needs_person(self) -> bool:
        """Whether a person's profile must be known to tell the value."""
        return bool(self.person or self.derived)

    def values(self, facts: Facts) -> list[str]:
        """Returns the values, each once and in order: one, `missing` for none; of the level `line` perhaps several."""
        return self.shown_of(self._told(facts))

    def value(self, facts: Facts) -> str:
        """Returns the one value, of several the first: what a breakdown counts under, so that it splits nobody."""
        return self.values(facts)[0]

    def shown(self, told: object) -> str:
        """Returns what is shown for what a document holds: a folded text of at most `LONGEST` characters."""
        text = _text(told)
        folded = self.fold(text) if text else None
        return folded[:LONGEST] if folded else self.missing

    def shown_of(self, told: Iterable[object]) -> list[str]:
        """Returns the values that are shown for what was told: one, `missing` for nothing."""
        return list(dict.fromkeys(map(self.shown, told))) or [self.missing]

    def _told(self, facts: Facts) -> Iterable[object]:
        if self.derived:
            return [self.derived(facts)]
        if self.read and facts.event is not None:
            return [self.read(facts.event.get(self.event))]
        places = ((facts.event, self.event), (facts.session, self.session), (facts.person, self.person))
        found = next(((document, field) for document, field in places if document is not None and field), None)
        return _at(found[0], found[1].split(".")) if found else []


def _at(value: object, path: list[str]) -> Iterator[object]:
    if isinstance(value, list) and path:
        for item in value:
            yield from _at(item, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping):
        yield from _at(value.get(path[0]), path[1:])


def _text(told: object) -> str | None:
    if isinstance(told, bool):
        return str(told).lower()
    if isinstance(told, float) and told.is_integer():
        told = int(told)
    return str(told).strip() if isinstance(told, str | int | float) else None


def _new_or_returning(facts: Facts) -> str | None:
    # somebody is first seen a little before a session where an identify call or a server's event came before its page
    started_at, first_seen = (facts.session or {}).get("started_at"), facts.person and facts.person["first_seen"]
    if not isinstance(started_at, datetime) or first_seen is None:
        return None
    return "returning" if first_seen + GAP < started_at else "new"


BUILT_IN = (
    Dimension("device", "Desktop, Mobile, Tablet or Other", "event", event="device", session="device"),
    Dimension(
        "country",
        "ISO 3166's code of two letters, as the event says, else as the gateway finds it",
        "event",
        event="country",
        session="country",
        fold=country_code,
    ),
    Dimension("browser", "The browser's family, as Firefox", "event", event="browser", session="browser"),
    Dimension("os", "The operating system's family, as iOS", "event", event="os", session="os"),
    Dimension(
        "language",
        "The language that somebody reads, without its region: pt of pt-BR",
        "event",
        event="language",
        session="language",
    ),
    Dimension(
        "screen",
        "The class of the screen's width: compact, medium, expanded, large or extra-large",
        "event",
        event="screen",
        session="screen",
    ),
    Dimension(
        "source",
        "What brought the visitor, as google; direct where nothing is known to have",
        "session",
        session="attribution.source",
        fold=source_named,
        missing=DIRECT,
    ),
    Dimension("medium", "How it brought them, as email", "session", session="attribution.medium"),
    Dimension("campaign", "The campaign that did", "session", session="attribution.campaign"),
    Dimension("term", "The search term that an advertisement was bought for", "session", session="attribution.term"),
    Dimension("content", "Which of several links or advertisements", "session", session="attribution.content"),
    Dimension(
        "channel",
        "The group that source, medium and campaign amount to, as paid search",
        "session",
        session="attribution.channel",
        missing=DIRECT,
    ),
    Dimension("referrer", "The host of the page that linked here", "session", session="referrer_host"),
    Dimension("landing_page", "The path of the first page", "session", session="landing_path"),
    Dimension("exit_page", "The path of the last page", "session", session="exit_path"),
    Dimension("page", "The path of the page that an event is about", "event", event="path"),
    Dimension("page_type", "What kind of page that is, as search", "event", event="page_type"),
    Dimension("product", "The id of a product", "line", event="commerce.lines.product_id"),
    Dimension("category", "The category of a product", "line", event="commerce.lines.category"),
    Dimension("coupon", "The coupon of an order or a cart", "event", event="commerce.coupon", fold=str.upper),
    Dimension("sex", "female, male or other, as the shop told it", "person", person="sex", fold=sex_named),
    Dimension(
        "visitor",
        "new, or returning: a person who was first seen more than half an hour before the session began",
        "session",
        derived=_new_or_returning,
    ),
    Dimension(
        SEGMENT,
        "The RFM segment of a customer, as Champions; a filter takes segments that the site has saved too",
        "person",
        person="rfm_segment",
    ),
)
"""Those of every site. What brought a visitor is their session's, so that all figures by source agree."""
BUILT_IN_NAMES = frozenset(row.name for row in BUILT_IN)
PARAMETERS = """
after arm at bins bots breakdown clv_category compare days depth direction exclude featured first from from_page
from_step funnel grid ids label length limit max_price metric min_price min_score model next nodes order outcome
page_size path period periods priority product_id q query returning risk_level search segment_type site_id sort_by
step steps to to_page to_step top type unit value window window_mode
"""
"""What questions have other parameters for: a site's own dimension, which is one too, cannot be called so."""

COLUMNS = """
bot cls day element inp lcp lines name order_id origin own_direct place place_on_page scrolled search_results
search_term session signed_in stock tie time ttfb type vitals who
"""
"""What the lake's files hold besides, under these names."""


def dimensions_of(site: Site) -> dict[str, Dimension]:
    """Returns the dimensions of a site by their names: those of every site, then its own."""
    return _by_name(tuple((own.name, own.property) for own in site.dimensions))


@lru_cache(maxsize=1024)
def _by_name(own: tuple[tuple[str, str], ...]) -> dict[str, Dimension]:
    return {row.name: row for row in (*BUILT_IN, *(_own(name, told) for name, told in own))}


def _own(name: str, told: str) -> Dimension:
    return Dimension(name, f"The property {told} of events", "event", event=f"properties.{told}")


def is_taken(name: str) -> bool:
    """Returns whether a site's own dimension cannot have this name: another, a parameter or a column has it."""
    return name in BUILT_IN_NAMES or name in PARAMETERS.split() or name in COLUMNS.split()


def none_named(site: Site, name: str) -> str:
    """Returns what to tell somebody who asks for a dimension that a site has not: the names near it, or all."""
    known = {letters(each): each for each in dimensions_of(site)}
    near = [known[found] for found in get_close_matches(letters(name), known, MOST_NEAR)]
    if near:
        return f"no dimension has this name; near it are {', '.join(near)}"
    return f"no dimension has this name; there are {', '.join(known.values())}"
