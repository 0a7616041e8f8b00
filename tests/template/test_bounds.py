"""Every array and map of a stored document has a bound: what says which, for each field of each document."""

from collections.abc import Iterator
from importlib import import_module
from types import UnionType
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

from footfall.stores.collections import COLLECTIONS

EVENT = "footfall.events.storable:MAX_EVENT_BYTES"
LINES = "footfall.events.commerce_fields:MOST_LINES"
SETTINGS = "functions.api.sites.settings:SiteChanges"
KEYS = "functions.api.sites.keys:MOST_KEYS"
DAYS = "footfall.questions.range:MAX_DAYS"
KINDS = "footfall.lake.columns:MOST_KINDS"
FLAGS = "footfall.schemas.event:IncomingEvent"
MODEL = "footfall.models.table:MODELS"
IMPORT = "footfall.imports.kind:MAX_GUESS"
WIDTH = "footfall.imports.survey:MAX_HEADER_BYTES"
SCORER = "footfall.propensity.columns:MOST_KINDS"

BOUNDS: dict[str, dict[str, str]] = {
    "sites": {
        **dict.fromkeys(("origins", "own_domains", "page_rules", "funnels", "funnels.steps", "dimensions"), SETTINGS),
        "needed_properties": SETTINGS,
        "api_keys": KEYS,
        "write_keys": KEYS,
        "revoked_keys": "functions.api.sites.keys:MOST_REVOKED",
    },
    "audit": dict.fromkeys(("about", "fields"), "footfall.http.audit:MOST_NAMES"),
    "events": {
        "commerce.assumed": LINES,
        "commerce.lines": LINES,
        **dict.fromkeys(("element", "coordinates", "properties", "traits"), EVENT),
        "flags": FLAGS,
    },
    "remnants": {
        "commerce.assumed": LINES,
        "commerce.lines": LINES,
        **dict.fromkeys(("properties", "traits"), EVENT),
        "flags": FLAGS,
    },
    "user_sessions": {
        "orders": "footfall.sessions.conversions:MOST_ORDERS",
        "first_events": "footfall.sessions.fold:FIRST_EVENTS",
        "pages_visited": "footfall.sessions.fold:MOST_PAGES",
        "steps": "footfall.sessions.fold:MOST_STEPS",
    },
    "users": {
        "merged_ids": "functions.etl.events.people:MOST_MERGED",
        "traits": "footfall.people.fold:MOST_TRAIT_BYTES",
        "found_by": "footfall.people.searching:MOST",
    },
    "orders": {
        "refunds": "footfall.orders.refunds:MOST_REFUNDS",
        "lines": LINES,
        "told_in": "footfall.orders.fold:MOST_TOLD_IN",
        "contradictions": "footfall.orders.sources:MOST_CONTRADICTIONS",
    },
    "products": {
        "variants": "footfall.catalog.products:MOST_VARIANTS",
        "prices": "footfall.catalog.products:MOST_PRICES",
        "words": "footfall.words:MOST_WORDS",
    },
    "interests": {
        "told": "footfall.catalog.interests:MOST_TOLD",
        "found": "footfall.catalog.interests:MOST_FOUND",
        "categories": "footfall.catalog.interests:MOST_FOUND",
    },
    "customers": {
        "churn_reasons": "footfall.models.churn_chances:MOST_REASONS",
        "categories": "footfall.customers.habits:MOST_CATEGORIES",
    },
    "saved_segments": {
        "segments": "footfall.questions.saved_segments:MOST_SEGMENTS",
        "segments.conditions": "footfall.questions.saved_segments:MOST_CONDITIONS",
        "segments.conditions.values": "footfall.questions.saved_segments:MOST_VALUES",
    },
    "hold_outs": {"hold_outs": "footfall.questions.hold_outs:MOST_HOLD_OUTS"},
    "erasures": {
        **dict.fromkeys(("ids", "shared", "texts"), "functions.etl.events.people:MOST_MERGED"),
        "days": DAYS,
        "erased": "footfall.stores.collections:COLLECTIONS",
    },
    "recommendations": dict.fromkeys(
        ("products", "products.reasons", "popular", "trending", "pairs"), "footfall.models.table:MODELS"
    ),
    "daily_metrics": {
        "other_currencies": "footfall.currencies:CODES",
        "sources": "functions.jobs.rollup.metrics:MOST_SOURCES",
        "pages": "functions.jobs.rollup.metrics:MOST_PAGES",
    },
    "feedback_days": {"pages": "functions.jobs.rollup.feedback:MOST_PAGES"}
    | dict.fromkeys(("whole.categories", "pages.categories"), "footfall.schemas.feedback:Category"),
    "daily_dimensions": dict.fromkeys(("values", "people"), "footfall.breakdowns.engine:MOST_VALUES"),
    "daily_sessions": dict.fromkeys(("cut", "figures", "codes", "texts"), "footfall.dimensions:MOST_OWN")
    | {"texts[]": "footfall.breakdowns.packed:MOST_TEXTS"},
    "lake_periods": {
        "days": "footfall.lake.periods:period_of",
        "days.types": KINDS,
        "files": "functions.jobs.rollup.lake:MOST_FILES",
    },
    "rollups": {"counted.documents": "footfall.documents:COUNTED"},
    "models": dict.fromkeys(
        (
            *("metrics", "artefacts", "artefacts[]", "segments", "risks", "values", "reasons", "trained_on.rows"),
            *("details.segments", "details.segments.deviations", "details.segments.habits"),
            *("details.lifetime.parameters", "details.lifetime.parameters[]", "details.churn.learnt_as_of"),
            *("population.spreads.edges", "population.spreads.values", "population.spreads.counts"),
        ),
        MODEL,
    )
    | dict.fromkeys(
        (
            "details.propensity.scorers",
            *(f"details.propensity.scorers.{name}" for name in ("share", "last", "device", "source")),
        ),
        SCORER,
    ),
    "training_runs": dict.fromkeys(("figures", "figures[]", "reasons", "error", "choices.reasons"), MODEL),
    "ledger_sums": {"days": DAYS},
    "imports": dict.fromkeys(
        ("reasons", "problems", "files", "checkpoint.sent.reasons", "checkpoint.sent.problems", "readers", "options"),
        IMPORT,
    )
    | dict.fromkeys(("readers.header", "readers.fields", "readers.mapping"), WIDTH),
    "jobs": {"done": "functions.jobs.answer.asking:MOST_PARTS"},
}
"""What bounds each, by the path of the field: a constant, or what says how many of a closed set there are."""


def test_every_array_and_map_of_a_stored_document_has_a_bound_that_somebody_named() -> None:
    unbounded = {
        f"{name}.{path}"
        for name, collection in COLLECTIONS.items()
        for path in set(_containers(collection.document, "", frozenset())) - BOUNDS.get(name, {}).keys()
    }
    assert not unbounded, "say in BOUNDS what bounds these, and keep to it where they are written"


def test_what_names_a_bound_is_there() -> None:
    for bounds in BOUNDS.values():
        for named in bounds.values():
            module, _, name = named.partition(":")
            assert hasattr(import_module(module), name), named


def _containers(shape: Any, path: str, seen: frozenset[Any]) -> Iterator[str]:
    # a list or map of a closed set of words has the bound in its type
    origin, arguments = get_origin(shape), get_args(shape)
    if origin in (NotRequired, Required, Union, UnionType):
        for one in arguments:
            yield from _containers(one, path, seen)
    elif origin in (list, dict):
        if get_origin(arguments[0]) is not Literal:
            yield path
        inner = arguments[-1]
        yield from _containers(inner, path if is_typeddict(inner) else f"{path}[]", seen)
    elif is_typeddict(shape) and shape not in seen:
        for name, field in get_type_hints(shape).items():
            yield from _containers(field, f"{path}.{name}" if path else name, seen | {shape})
