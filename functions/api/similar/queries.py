"""What api/similar asks MongoDB: who somebody is, and who is of the same kind."""

from collections.abc import Mapping
from typing import Any

from footfall.models import registry as models
from footfall.stores.mongo import database

from .question import SimilarQuestion
from .someone import Someone


def person(site_id: str, user_id: str) -> Someone | None:
    """The person of that id; for a visitor who turned out to be somebody, that person. None for one never seen."""
    found = database()["users"].find_one({"_id": f"{site_id}:{user_id}"}, {"person_id": 1, "link": 1, "device": 1})
    if found is None:
        return None
    person_id = (found.get("link") or found)["person_id"]
    customer = database()["customers"].find_one({"_id": f"{site_id}:{person_id}"})
    return _customer(customer) if customer else Someone(person_id, found["device"])


def version(site_id: str) -> int:
    """The version of the model that vectors are made by; 0 before the first training."""
    model = models.in_use(database(), site_id, "behaviour_vectors")
    return model["version"] if model else 0


def segment_condition(site_id: str, question: SimilarQuestion) -> dict[str, str]:
    """The fields that the question asks a segment and a device of, with their values."""
    fields: dict[str, str] = {}
    if question.segment is not None:
        fields[models.segment_field(database(), site_id, question.segment)] = question.segment
    if question.device is not None:
        fields["device"] = question.device
    return fields


def of_the_same_kind(site_id: str, someone: Someone, limit: int, conditions: Mapping[str, str]) -> list[Someone]:
    """People who are, without vectors, most like somebody: customers of the same segments, else those of one device."""
    kind = {"rfm_segment": someone.rfm_segment, "behaviour_segment": someone.behaviour_segment}
    same = {**{name: value for name, value in kind.items() if value}, **conditions}
    query: dict[str, Any] = {"site_id": site_id}
    if same.keys() & kind.keys():
        query |= {**same, "customer_id": {"$ne": someone.person_id}}
        return [_customer(found) for found in database()["customers"].find(query).sort("monetary", -1).limit(limit)]
    query |= {"device": someone.device, **same, "person_id": {"$ne": someone.person_id}, "link": None}
    return [Someone(found["person_id"], found["device"]) for found in database()["users"].find(query).limit(limit)]


def _customer(found: Mapping[str, Any]) -> Someone:
    return Someone(found["customer_id"], found["device"], found["rfm_segment"], found["behaviour_segment"])
