"""What the texts of a day's feedback add up to, so that answers read days and not texts."""

from footfall.days import DayRange
from footfall.funnels.steps import definition
from footfall.questions.feedback_sums import MOST_PAGES as ALL_PAGES
from footfall.questions.feedback_sums import pages_of, together
from footfall.questions.sentiment_figures import texts_of
from footfall.schemas.feedback import FeedbackDay
from footfall.schemas.site import Site

MOST_PAGES = 2_000
"""A day with texts on more pages would make a large document: of its pages, the texts are read."""


def feedback_day(site: Site, days: DayRange) -> FeedbackDay:
    """Returns the document of `feedback_days` of one day; where it would hold too many pages, without any."""
    pages = pages_of(texts_of(site.site_id, days), ALL_PAGES)
    fits = len(pages) <= MOST_PAGES
    date = days.first.isoformat()
    return FeedbackDay(
        _id=f"{site.site_id}:{date}",
        site_id=site.site_id,
        date=date,
        definition=definition(site) if fits else "",
        whole=together(pages),
        pages=pages if fits else [],
    )
