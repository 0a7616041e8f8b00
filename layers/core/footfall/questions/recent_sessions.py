"""The question which sessions began last."""

from datetime import datetime

from pydantic import BaseModel, Field

from footfall.money import major_units
from footfall.schemas.session import SessionDocument
from footfall.stores.collections import user_sessions
from footfall.stores.mongo import answering, database


class RecentSessionsQuestion(BaseModel):
    """How many."""

    limit: int = Field(default=20, ge=1, le=100, description="How many at most")


class RecentSession(BaseModel):
    """One session, the newest state that is known of it."""

    session_id: str = Field(description="unique in the site")
    client_session_id: str | None = Field(default=None, description="what the client calls it, which may not be unique")
    visitor_id: str
    user_id: str | None = None
    started_at: datetime
    ended_at: datetime
    duration: float = Field(description="in seconds")
    device: str
    country: str | None = None
    bot: bool = Field(description="whether it was a program")
    events: int = Field(description="how many it holds")
    page_views: int = Field(description="how many of them")
    pages_visited: list[str] = Field(description="types or paths, in the order they were first seen")
    entry_page: str | None = Field(default=None, description="the first page")
    exit_page: str | None = Field(default=None, description="the last page")
    converted: bool = Field(description="whether an order of more than nothing came of it")
    conversion_value: float = Field(description="what came of it")
    currency: str | None = None
    bounce: bool = Field(description="one page view and nothing else that a person does")


class RecentSessions(BaseModel):
    """The newest sessions by their start."""

    sessions: list[RecentSession]
    count: int = Field(description="how many are in this answer")


@answering()
def answer(site_id: str, question: RecentSessionsQuestion) -> RecentSessions:
    """Returns the newest sessions by their start, bots among them; raises Unavailable."""
    shown = dict.fromkeys(RecentSession.model_fields, True)
    newest = user_sessions.of(database()).find({"site_id": site_id}, shown).sort("started_at", -1)
    found = [_session(session) for session in newest.limit(question.limit)]
    return RecentSessions(sessions=found, count=len(found))


def _session(session: SessionDocument) -> RecentSession:
    return RecentSession(
        session_id=session["session_id"],
        client_session_id=session["client_session_id"],
        visitor_id=session["visitor_id"],
        user_id=session["user_id"],
        started_at=session["started_at"],
        ended_at=session["ended_at"],
        duration=session["duration"],
        device=session["device"],
        country=session["country"],
        bot=session["bot"],
        events=session["events"],
        page_views=session["page_views"],
        pages_visited=session["pages_visited"],
        entry_page=session["entry_page"],
        exit_page=session["exit_page"],
        converted=session["converted"],
        conversion_value=major_units(session["conversion_value"], session["currency"] or ""),
        currency=session["currency"],
        bounce=session["bounce"],
    )
