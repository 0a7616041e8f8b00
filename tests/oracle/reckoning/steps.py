"""What satisfies the steps of a question: names, of pages, events and the vocabulary, and conditions on dimensions."""

import re
from datetime import timedelta

from tests.oracle.life import Question
from tests.oracle.reckoning.events import PAGES, Event
from tests.oracle.reckoning.funnels import Meets, Rules
from tests.oracle.reckoning.narrowing import value_of_event
from tests.oracle.reckoning.shop import Reckoning

VOCABULARY = {"Order Completed": "order_completed", "purchase": "order_completed"}
CONDITION = re.compile(r"\[(\w+)(!?)=([^]]*)\]")
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def window_of(text: str | None) -> timedelta | None:
    """Returns a window such as 7d."""
    return timedelta(seconds=int(text[:-1]) * UNITS[text[-1]]) if text else None


def meets(shop: Reckoning, step: str) -> Meets:
    """Returns what tells whether an event satisfies a step: `a|b` is either, `a[device=Mobile]` one on that."""
    return lambda event: any(_fits(shop, alternative, event) for alternative in step.split("|"))


def called(name: str) -> set[str]:
    """Returns what a name stands for: itself, the type that the vocabulary has for it, and the page of its letters."""
    return {name, VOCABULARY.get(name, name), *({re.sub(r"[\W_]", "", name).lower()} & set(PAGES.values()))}


def rules_of(shop: Reckoning, question: Question | None) -> Rules:
    """Returns what a question says of how its steps follow each other."""
    if question is None:
        return Rules()
    exclude = question.get("exclude")
    return Rules(
        question.get("order") or "ordered",
        window_of(question.get("window")),
        question.get("window_mode") == "step",
        tuple(meets(shop, name) for name in exclude.split(",")) if exclude else (),
    )


def _fits(shop: Reckoning, alternative: str, event: Event) -> bool:
    name = alternative.partition("[")[0]
    return not event.labels.isdisjoint(called(name)) and all(
        (value_of_event(shop, dimension, event).casefold() == value.casefold()) != bool(excluded)
        for dimension, excluded, value in CONDITION.findall(alternative)
    )
