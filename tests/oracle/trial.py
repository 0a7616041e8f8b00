"""One life through the product: every answer against the reckoning, and against those of a recompute from nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.oracle.compare import Comparison
from tests.oracle.life import Json, Life, Question, Told
from tests.oracle.product import Product, SiteOfLife
from tests.oracle.questions import needs_no_rollup
from tests.oracle.reckoning.answers import answer
from tests.oracle.reckoning.events import read_all
from tests.oracle.reckoning.numbers import local_day
from tests.oracle.reckoning.shop import Reckoning

RIGHT, ANEW, STRAIGHT = "by the reckoning", "all days computed anew", "told once, in the order of time"
PIPELINE = Question("etl/events")


def live(product: Product, life: Life) -> Comparison:
    """Returns what differed, and how many figures were compared."""
    comparison = Comparison()
    with product.site(life.shop) as site:
        _deliver(site, life, comparison)
        site.roll_up()
        said = _look(site, life, life.told, comparison)
        zone = ZoneInfo(life.shop.zone)
        site.compute_anew({local_day(event.at, zone) for event in read_all(life.told)})
        _compare_all(comparison, ANEW, said, {question: site.ask(question) for question in life.questions})
    with product.site(life.shop) as another:
        another.tell(_in_order(life))
        another.roll_up()
        _compare_all(comparison, STRAIGHT, said, {question: another.ask(question) for question in life.questions})
    return comparison


def _deliver(site: SiteOfLife, life: Life, comparison: Comparison) -> None:
    by_id = {one.event_id: one for one in life.told}
    known: dict[str, Told] = {}
    came_back = 0
    for delivery in life.deliveries:
        told = [by_id[name] for name in delivery.event_ids]
        known |= {one.event_id: one for one in told}
        if told:
            came_back += site.tell(told)
        if delivery.then in ("roll up", "look"):
            site.roll_up()
        if delivery.then == "look":
            _look(site, life, tuple(known.values()), comparison)
        if delivery.then == "ask of steps":
            of_steps = replace(life, questions=tuple(filter(needs_no_rollup, life.questions)))
            _look(site, of_steps, tuple(known.values()), comparison)
    processed = {"came_back": came_back, "quarantined": site.quarantined()}
    comparison.compare(RIGHT, PIPELINE, processed, {"came_back": 0, "quarantined": []})


def _look(site: SiteOfLife, life: Life, told: tuple[Told, ...], comparison: Comparison) -> dict[Question, Json]:
    today = datetime.now(ZoneInfo(life.shop.zone)).date()
    reckoning = Reckoning(life.shop, told, today)
    said = {question: site.ask(question) for question in life.questions}
    for question in life.questions:
        comparison.compare(RIGHT, question, said[question], answer(reckoning, question))
    return said


def _compare_all(
    comparison: Comparison, against: str, said: Mapping[Question, Json], right: Mapping[Question, Json]
) -> None:
    for question, one in said.items():
        comparison.compare(against, question, one, right[question])


def _in_order(life: Life) -> list[Told]:
    places = {event.event_id: place for place, event in enumerate(read_all(life.told))}
    return sorted(life.told, key=lambda one: places[one.event_id])
