"""jobs/warm: answers the questions that most people ask first, so that they are remembered before anybody asks.

api/cache starts it when a site's answers were forgotten. A question that fails leaves the others alone.
"""

from collections.abc import Callable, Mapping

from footfall.aws.invocations import JsonObject, LambdaContext
from footfall.errors import Invalid, NotFound
from footfall.observability import logger, telling_codes
from footfall.questions import dashboard, funnel, funnel_trend
from footfall.questions.dashboard_answer import DashboardQuestion
from pydantic import BaseModel

GUARD_MILLISECONDS = 15_000
"""No question is begun when less than this is left: none takes so long."""
QUESTIONS: Mapping[str, Callable[[str], object]] = {
    "dashboard": lambda site_id: dashboard.answer(site_id, DashboardQuestion()),
    "funnel": lambda site_id: funnel.answer(site_id, funnel.FunnelQuestion()),
    "funnel by device": lambda site_id: funnel.answer(site_id, funnel.FunnelQuestion(breakdown=["device"])),
    "funnel trend": lambda site_id: funnel_trend.answer(site_id, funnel_trend.TrendQuestion()),
}


class Command(BaseModel):
    """Whose questions to answer."""

    site_id: str


@telling_codes
def handler(event: JsonObject, context: LambdaContext) -> dict[str, list[str]]:
    """Answer the usual questions of a site; returns which were answered.

    Raises what the first one failed with once all were asked, so that Lambda starts the job again.
    """
    site_id = Command.model_validate(event).site_id
    answered: list[str] = []
    failures: list[Exception] = []
    for name, answer in QUESTIONS.items():
        if context.get_remaining_time_in_millis() < GUARD_MILLISECONDS:
            logger().warning("no time is left for a usual question", extra={"question": name})
            continue
        try:
            answer(site_id)
            answered.append(name)
        except (Invalid, NotFound) as error:  # asking again would not help
            logger().warning("a usual question has no answer", extra={"question": name, "why": type(error).__name__})
        except Exception as error:  # noqa: BLE001 - it is raised once the others were asked
            logger().exception("a usual question failed", extra={"question": name})
            failures.append(error)
    if failures:
        raise failures[0]
    return {"answered": answered}
