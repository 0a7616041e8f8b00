"""How likely sessions in progress are to lead to an order, by the site's own model."""

from collections.abc import Collection
from dataclasses import dataclass

from pydantic import BaseModel, Field

from footfall.dimensions import DIRECT
from footfall.events.sources import source_named
from footfall.models.registry import in_use
from footfall.propensity.scoring import beginning_of, chance
from footfall.rates import percentage
from footfall.schemas.message import SessionSummary
from footfall.schemas.model import PropensityDetails
from footfall.stores.mongo import database

LIKELY = 0.5
NOT_TRAINED = "no model of conversion propensity was trained for this site yet"
NOTHING_TOLD = "the session began before its first events were kept, or has too few of them for the model"


class Availability(BaseModel):
    """Whether no chance is told."""

    degraded: bool = Field(description="No chance is told")
    reason: str | None = Field(description="Why not", examples=[None])


class SessionPropensity(Availability):
    """How likely a session in progress is to lead to an order."""

    chance: float | None = Field(
        description="The chance of an order in the rest of the session, in percent; null where it is not told",
        examples=[4.12],
    )
    after_events: int | None = Field(
        description="By how many of its first events it is told: later ones are not looked at until there are enough"
        " for the next time",
        examples=[5],
    )


class LivePropensity(Availability):
    """What is to be expected of the sessions of active people that have not led to an order yet."""

    sessions: int = Field(description="How many these are", examples=[38])
    scored: int = Field(description="Of how many the chance is told", examples=[36])
    expected_conversions: float | None = Field(
        description="How many of the `scored` are expected to lead to an order: the sum of their chances; null where"
        " there is no model",
        examples=[1.84],
    )
    likely: int | None = Field(
        description="How many of the `scored` are more likely than not to lead to an order; null likewise", examples=[1]
    )
    version: int | None = Field(description="Of the model; null where there is none")


@dataclass(frozen=True)
class Propensity:
    """The site's model in use, as far as chances are told by it."""

    version: int | None
    details: PropensityDetails

    @classmethod
    def of(cls, site_id: str) -> "Propensity":
        """Returns that of a site; one that tells nothing, and why, where none was trained."""
        model = in_use(database(), site_id, "propensity")
        found = model["details"].get("propensity") if model else None
        if model is None or found is None:
            return cls(None, PropensityDetails(scorers=[], degraded=True, reason=NOT_TRAINED))
        return cls(model["version"], found)

    def of_session(self, session: SessionSummary) -> SessionPropensity:
        """Returns the chance of one session, or why there is none."""
        told = self._told(session)
        reason = self.details["reason"] if self.details["degraded"] else None if told else NOTHING_TOLD
        return SessionPropensity(
            degraded=told is None,
            reason=reason,
            chance=percentage(told[1], 1) if told else None,
            after_events=told[0] if told else None,
        )

    def of_live(self, sessions: Collection[SessionSummary]) -> LivePropensity:
        """Returns what to expect of sessions together; those that led to an order already are none of them."""
        waiting = [session for session in sessions if not session.converted]
        chances = [told[1] for session in waiting if (told := self._told(session))]
        degraded = self.details["degraded"]
        return LivePropensity(
            degraded=degraded,
            reason=self.details["reason"],
            sessions=len(waiting),
            scored=len(chances),
            expected_conversions=None if degraded else round(sum(chances), 2),
            likely=None if degraded else sum(one >= LIKELY for one in chances),
            version=self.version,
        )

    def _told(self, session: SessionSummary) -> tuple[int, float] | None:
        source = source_named(session.source) if session.source else DIRECT
        return chance(
            self.details["scorers"], beginning_of(session.first_kinds, session.first_seconds, session.device, source)
        )
