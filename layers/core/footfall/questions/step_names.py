"""Which names a question's own steps may have: a misspelt one is refused, not answered with nobody."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import islice

from footfall.dimensions import dimensions_of, none_named
from footfall.errors import FieldProblem, Invalid
from footfall.events.names import PAGE_TYPES, letters, page_type_named, type_named
from footfall.funnels.steps import parsed, words
from footfall.questions.index_values import values_of
from footfall.schemas.event import EVENT_TYPES
from footfall.schemas.site import Site
from footfall.stores.collections import CUSTOM_NAMES, archived_days, events
from footfall.stores.mongo import database

MOST_NAMES = 200
"""So many of a site's own names are compared with an unknown one: each takes a step in the index."""
MOST_NEAR = 3
MOST_CONDITIONS = 20


def check_names(field: str, site: Site, names: Sequence[str]) -> None:
    """Raises Invalid, about a field, for names that no event or page of the site is called, with those that are near.

    Known are the names of the vocabulary, those of the site's own page rules and funnels, and whatever a stored event
    or page is called.
    """
    told = {*site_names(site), "custom"}
    problems = [
        FieldProblem(field, f"{'step' if field == 'steps' else 'name'} {number}: {_near(site, word)}")
        for number, name in enumerate(names, 1)
        for word in words(name)
        if not (word in told or page_type_named(word) or type_named(word) or _was_seen(site.site_id, word))
    ]
    if problems:
        raise Invalid(problems)


def check_name(field: str, site: Site, name: str) -> None:
    """Raises Invalid, about a field, for a name as steps have it that no event has, or with unknown dimensions."""
    conditions = [condition for alternative in parsed(name) for condition in alternative.conditions]
    if not all(words(name)) or len(conditions) > MOST_CONDITIONS:
        message = f"give a name, or names with | between them, and at most {MOST_CONDITIONS} conditions"
        raise Invalid([FieldProblem(field, message)])
    rows = dimensions_of(site)
    unknown = [each.dimension for each in conditions if each.dimension not in rows or not rows[each.dimension].filter]
    if unknown:
        raise Invalid([FieldProblem(field, none_named(site, unknown[0]))])
    check_names(field, site, [name])


def site_names(site: Site) -> Iterator[str]:
    """Yields the names that a site's page rules and funnels have."""
    yield from (rule.page_type for rule in site.page_rules)
    yield from (word for funnel in site.funnels for step in funnel.steps for word in words(step))


def _was_seen(site_id: str, word: str) -> bool:
    # each is one look into an index
    page = {"site_id": site_id, "type": "pageview", "page_type": word}
    event = {"site_id": site_id, "type": "custom", "name": word}
    # a name that archived days alone have is not in MongoDB
    return any(events.of(database()).find_one(query, {"_id": 1}) for query in (page, event)) or bool(
        archived_days.of(database()).find_one({"site_id": site_id}, {"_id": 1})
    )


def _near(site: Site, word: str) -> str:
    names = {letters(name): name for name in [*_seen(site.site_id), *site_names(site), *EVENT_TYPES, *PAGE_TYPES]}
    near = [names[found] for found in get_close_matches(letters(word), names, MOST_NEAR)]
    if not near:
        return "no event or page of this name was ever seen; /events/count tells the types of events"
    return f"no event or page of this name was ever seen; near it are {', '.join(near)}"


def _seen(site_id: str) -> Iterable[str]:
    return islice(
        values_of(database(), events, {"site_id": site_id, "type": "custom"}, "name", CUSTOM_NAMES), MOST_NAMES
    )
