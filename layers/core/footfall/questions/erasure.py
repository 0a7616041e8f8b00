"""The question how far the erasure of somebody is: its receipt."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from footfall.errors import NotFound
from footfall.schemas.erasure import ERASURE_ID, ErasureStatus
from footfall.stores.collections import erasures
from footfall.stores.mongo import answering, database


class ErasureToFind(BaseModel):
    """Which erasure."""

    erasure_id: str = Field(pattern=ERASURE_ID)


class Erasure(BaseModel):
    """The receipt of an erasure; it says of nobody who they were."""

    erasure_id: str = Field(description="what `/api/erasures/{erasure_id}` calls it")
    state: Literal["running", "done"] = Field(
        description="`done` when every store was gone through again, after whatever was at work before had ended"
    )
    asked_at: datetime = Field(description="from then on nothing of the person is stored")
    passes: int = Field(description="how often all stores were gone through: the first time at once")
    erased: dict[str, int] = Field(
        description="how much was removed of each store", examples=[{"events": 412, "user_sessions": 31, "users": 3}]
    )
    done_at: datetime | None = Field(default=None, description="null while it is running")


@answering()
def answer(site_id: str, question: ErasureToFind) -> Erasure:
    """Returns how far an erasure is; raises NotFound for an id of no erasure of the site, or Unavailable."""
    key = {"_id": f"{site_id}:{question.erasure_id}"}
    found = next(iter(erasures.read(database(), ErasureStatus, key)), None)
    if found is None:
        raise NotFound("no erasure of this site has this id")
    return Erasure.model_validate(found)
