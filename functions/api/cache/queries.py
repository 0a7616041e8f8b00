"""What is asked of MongoDB about whose answers to forget."""

from footfall.stores.mongo import database


def ids_of(site_id: str, person_id: str) -> list[str]:
    """An id, and the person whom a visitor of that id turned out to be."""
    found = database()["users"].find_one({"_id": f"{site_id}:{person_id}"}, {"link.person_id": 1}) or {}
    return [person_id, *(str(link["person_id"]) for link in [found.get("link")] if link)]
