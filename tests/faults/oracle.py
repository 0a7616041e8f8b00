"""What has to follow from the stored events, worked out anew by brute force, with no code of the product.

Slow, whole and simple: all events of a site, sorted, grouped and folded in memory.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from pymongo.database import Database

Document = dict[str, Any]
GAP, SILENCE, WINDOW = timedelta(minutes=30), timedelta(days=1), timedelta(days=30)
NO_VISIT = {"identify", "alias", "group", "order_refunded", "order_cancelled", "order_updated"}
OF_ORDERS = {"order_completed", "order_refunded"}
TOUCHES = {"click", "scroll", "hover", "form", "form_submit", "order_completed"}
SHOWN = 3


def differences(database: Database[Document], events: list[Document]) -> Iterator[str]:
    """Yields how sessions, people and orders in the store differ from what the events say; nothing when they agree."""
    ordered = sorted(events, key=lambda e: (e["timestamp"], e["received_at"], e["sequence"], e["event_id"]))
    yield from _compare("sessions", database["user_sessions"].find(), sessions(ordered))
    yield from _compare("people", database["users"].find(), people(ordered))
    yield from _compare("orders", database["orders"].find(), orders(ordered))
    numbers = [(person["site_id"], person["number"]) for person in database["users"].find()]
    if len(numbers) != len(set(numbers)):
        yield "two people have one number"


def _compare(what: str, stored: Iterable[Document], expected: dict[str, Document]) -> Iterator[str]:
    found = {document["_id"]: document for document in stored}
    for name, keys in (("missing", expected.keys() - found.keys()), ("too many", found.keys() - expected.keys())):
        if keys:
            yield f"{len(keys)} {what} {name}: {', '.join(sorted(keys)[:SHOWN])}"
    wrong = [
        f"{key} {name} is {found[key].get(name)!r}, not {value!r}"
        for key in expected.keys() & found.keys()
        for name, value in expected[key].items()
        if found[key].get(name) != value
    ]
    if wrong:
        yield f"{len(wrong)} wrong values of {what}: {'; '.join(sorted(wrong)[:SHOWN])}"


def sessions(ordered: list[Document]) -> dict[str, Document]:
    """Returns every session, by key: a visitor's events under one id without a silent day, or none and half an hour."""
    visits = [event for event in ordered if event["type"] not in NO_VISIT]
    groups: defaultdict[tuple[str, str], list[Document]] = defaultdict(list)
    latest: dict[tuple[str, str, str | None], tuple[Document, str]] = {}
    for event in visits:
        site_id, visitor_id, named = event["site_id"], event["visitor_id"], event.get("session_id")
        before, session_id = latest.get((site_id, visitor_id, named), (None, ""))
        if before is None or event["timestamp"] - before["timestamp"] > (SILENCE if named else GAP):
            began = round(event["timestamp"].timestamp() * 1000)
            session_id = f"{visitor_id}~{named}@{began}" if named else f"{visitor_id}@{began}"
        latest[site_id, visitor_id, named] = event, session_id
        groups[site_id, session_id].append(event)
    viewed = {
        f"{site_id}:{session_id}": found
        for (site_id, session_id), found in groups.items()
        if any(event["type"] == "pageview" for event in found)
    }
    brought = _brought(viewed, ordered)
    return {key: _session(found, brought[key]) for key, found in viewed.items()}


def _brought(viewed: dict[str, list[Document]], ordered: list[Document]) -> defaultdict[str, dict[str, int]]:
    # what each session's orders amount to: of an order the session that it was first told in, else its buyer's last
    # one that began before, at most thirty days earlier
    links = _links(ordered)
    within = {event["_id"]: key for key, found in viewed.items() for event in found}
    theirs: defaultdict[str, list[tuple[Any, str]]] = defaultdict(list)
    for key, found in viewed.items():
        if not any(event.get("bot") for event in found):
            theirs[_whose(found, links)].append((found[0]["timestamp"], key))
    brought: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for order_key, told in _told(ordered).items():
        placed = [event for event in told if event["type"] == "order_completed"]
        if not placed or not (total := placed[0]["commerce"]["total"]):
            continue
        at, site_id = placed[0]["timestamp"], placed[0]["site_id"]
        buyer = f"{site_id}:{_buyer(told, links) or placed[0]['visitor_id']}"
        before = [key for began, key in sorted(theirs[buyer]) if at - WINDOW <= began <= at]
        session = next((within[event["_id"]] for event in placed if event["_id"] in within), None)
        if session or before:
            brought[session or before[-1]][order_key] = total
    return brought


def _whose(events: list[Document], links: dict[str, str]) -> str:
    site_id, visitor_id = events[0]["site_id"], events[0]["visitor_id"]
    known = [event["user_id"] for event in events if event.get("user_id")]
    return f"{site_id}:{known[-1] if known else links.get(f'{site_id}:{visitor_id}', visitor_id)}"


def _session(events: list[Document], bought: dict[str, int]) -> Document:
    views = [e.get("page_type") or e.get("path") or "other" for e in events if e["type"] == "pageview"]
    known = [event.get("user_id") for event in events if event.get("user_id")]
    touches = sum(event["type"] in TOUCHES for event in events)
    return {
        "derived": not events[0].get("session_id"),
        "visitor_id": events[0]["visitor_id"],
        "user_id": known[-1] if known else None,
        "person_id": known[-1] if known else events[0]["visitor_id"],
        "started_at": events[0]["timestamp"],
        "ended_at": events[-1]["timestamp"],
        "duration": (events[-1]["timestamp"] - events[0]["timestamp"]).total_seconds(),
        "device": next(event["device"] for event in events if event["type"] == "pageview"),
        "events": len(events),
        "page_views": len(views),
        "pages_visited": sorted(set(views), key=views.index),
        "entry_page": views[0] if views else None,
        "exit_page": views[-1] if views else None,
        "last_event": events[-1]["type"],
        "interactions": touches,
        "converted": bool(bought),
        "conversion_value": sum(bought.values()),
        "bounce": len(views) <= 1 and not touches and not bought,
    }


def people(ordered: list[Document]) -> dict[str, Document]:
    """Returns everybody, by key: visitors, and the known persons that some of them turned out to be."""
    seen: defaultdict[tuple[str, str], list[Document]] = defaultdict(list)
    for event in ordered:
        for person_id in {event["person_id"], event["visitor_id"]}:
            seen[event["site_id"], person_id].append(event)
    return {f"{site_id}:{person_id}": _person(person_id, found) for (site_id, person_id), found in seen.items()}


def _person(person_id: str, events: list[Document]) -> Document:
    named = [event for event in events if event.get("user_id") and event.get("user_id") != event["visitor_id"]]
    traits: Document = {}
    for event in events:
        traits |= (event.get("traits") or {}) if event["person_id"] == person_id else {}
    return {
        "date": events[0]["timestamp"],
        "last_seen": events[-1]["timestamp"],
        "device": events[0]["device"],
        "merged_ids": sorted({event["visitor_id"] for event in named if event.get("user_id") == person_id}),
        "link": _link([event for event in named if event["visitor_id"] == person_id]),
        "traits": traits,
    }


def _link(named: list[Document]) -> Document | None:
    # as the first event says that has both ids
    if not named:
        return None
    first = min(named, key=lambda event: (event["timestamp"], event["event_id"]))
    return {"at": first["timestamp"], "event_id": first["event_id"], "person_id": first["user_id"]}


def orders(ordered: list[Document]) -> dict[str, Document]:
    """Returns every order, by key: whose it is, what was paid, and how much of it came back."""
    links = _links(ordered)
    return {key: {**_order(found), "user_id": _buyer(found, links)} for key, found in _told(ordered).items()}


def _links(ordered: list[Document]) -> dict[str, str]:
    return {key: person["link"]["person_id"] for key, person in people(ordered).items() if person["link"]}


def _told(ordered: list[Document]) -> dict[str, list[Document]]:
    groups: defaultdict[str, list[Document]] = defaultdict(list)
    for event in ordered:
        if event["type"] in OF_ORDERS:
            groups[f"{event['site_id']}:{event['commerce']['order_id']}"].append(event)
    return groups


def _buyer(events: list[Document], links: dict[str, str]) -> str | None:
    # who is named, last of all where something was given back; else who the visitor turned out to be
    by_weight = sorted(events, key=lambda event: event["type"] != "order_completed")
    named = [event["user_id"] for event in by_weight if event.get("user_id")]
    return named[0] if named else links.get(f"{events[0]['site_id']}:{by_weight[0]['visitor_id']}")


def _order(events: list[Document]) -> Document:
    placed = [event for event in events if event["type"] == "order_completed"]
    back = [event for event in events if event["type"] == "order_refunded"]
    total = placed[0]["commerce"]["total"] if placed else 0
    returned = sum(event["commerce"]["total"] for event in back)
    refunded = min(returned, total) if placed else returned
    status = "refund_only" if not placed else "refunded" if back and refunded >= total else "partly_refunded"
    return {
        "placed_at": placed[0]["timestamp"] if placed else None,
        "refunded_at": back[0]["timestamp"] if back else None,
        "total": total,
        "refunded": refunded,
        "status": status if back else "completed",
        "events": len(events),
    }
