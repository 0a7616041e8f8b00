"""Who did what to a site, the newest first."""

from datetime import datetime

from pydantic import BaseModel, Field
from pymongo import DESCENDING

from footfall.schemas.audit import DEPLOYMENT
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.stores.collections import audit
from footfall.stores.mongo import Condition, answering, database


class AuditLine(BaseModel):
    """What somebody did."""

    site_id: str = Field(description=f"Of which site; `{DEPLOYMENT}` for all at once")
    at: datetime
    who: str = Field(
        description="The id of a key, `operator`, or `token:` and the issuer's name of somebody", examples=["token:ann"]
    )
    route: str = Field(description="Method and path", examples=["PATCH /api/sites/{id}"])
    about: dict[str, str] = Field(description="What the path and the query named, people left out")
    fields: list[str] = Field(description="Which fields of the body were given", examples=[["currency"]])
    status: int = Field(description="How it was answered: 403 where they had no right to it", examples=[200])
    request_id: str | None


class Audit(PagedAnswer):
    """What was done, the newest first; lines are kept for 400 days."""

    lines: list[AuditLine] = Field(description="One for each change, export and refusal")


def answer(site_id: str | None, question: PagedQuestion) -> Audit:
    """Returns a page of what was done to a site, or of everything where no site is named; raises Unavailable."""
    asked: Condition = {"site_id": site_id} if site_id else {}
    with answering():
        found = audit.of(database()).find(asked).sort([("at", DESCENDING), ("_id", DESCENDING)])
        lines = [AuditLine.model_validate(line) for line in found.skip(question.skip).limit(question.page_size)]
        return Audit(lines=lines, **paged(question, audit.count(database(), asked)))
