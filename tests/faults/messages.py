"""Faults of messages: poison among good events, and producers older or newer than the consumer."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path

from tests.faults.pipeline import THROUGH_DOOR
from tests.faults.poison import EVENTS, MESSAGES, message
from tests.faults.traffic import Body, Json
from tests.faults.trial import Scenario, Trial

SEGMENT = "/v1/batch"
BODIES_PER_POISON = 5
"""With bodies of 20 events on average, one event in a hundred."""
BODIES_PER_MESSAGE = 20
BODIES_PER_RIVAL = 20
MESSAGE_LENGTH = 3
OF_THE_MOMENT = ("site_id", "received_at", "message_id")
RECORDED = Path(__file__).parent / "recorded"


def poison(trial: Trial) -> str:
    """One event in a hundred can never be stored: each is quarantined for its reason, and delays no neighbour."""
    trial.send(_poisoned_bodies(trial))
    trial.pipeline.settle()
    trial.expect(not trial.pipeline.redriven, f"{trial.pipeline.redriven} messages became dead letters beside poison")
    trial.expect(not trial.pipeline.etl.again, f"{trial.pipeline.etl.again} messages came back for poison's sake")
    doomed = len(trial.ledger.doomed) + len(trial.ledger.rivals)
    return f"{doomed} poisoned, {len({*trial.ledger.doomed.values()}) + 1} reasons; no message came back"


def _poisoned_bodies(trial: Trial) -> Iterator[Body]:
    # some with a poisoned event, some with an earlier event's id, bad messages between them
    kinds, forms = cycle(EVENTS), cycle(MESSAGES)
    named: dict[str, Json] = {}
    for number, body in enumerate(trial.traffic.bodies(trial.events)):
        events = list(body.events)
        if number % BODIES_PER_POISON == 0:
            reason = next(kinds)
            events.insert(0, EVENTS[reason](trial.traffic))  # beside others: alone it would be a 422
            trial.ledger.doom(events[:1], reason)
        elif number % BODIES_PER_RIVAL == 1 and body.site_id in named:
            known = named.pop(body.site_id)
            events[0] = {**events[0], "eventId": known["eventId"]}
            trial.ledger.rival(known, events[0])
        elif "eventId" in events[0]:
            named[body.site_id] = events[0]
        if number % BODIES_PER_MESSAGE == 2:
            _put_bad_message(trial, next(forms))
        yield replace(body, events=events, path=SEGMENT)


def _put_bad_message(trial: Trial, form: str) -> None:
    body = trial.traffic.body(MESSAGE_LENGTH)
    group, text, reason = MESSAGES[form](body.site_id, list(body.events))
    trial.ledger.doom(body.events, reason)
    trial.put(body, text, group)


def old_producer(trial: Trial) -> str:
    """Messages of earlier producers, with fields left out or unknown, are stored; those of a later version are kept."""
    shapes = [json.loads(path.read_text()) for path in sorted(RECORDED.glob("*.json"))]
    for number, body in enumerate(trial.traffic.bodies(trial.events)):
        shape = shapes[number % len(shapes)]
        if shape.get("version", 1) != 1:
            trial.ledger.doom(body.events, "unreadable_message")
        trial.put(body, _in_shape(shape, body), body.site_id)
        trial.progress(len(body.events))
    return f"{len(shapes)} shapes: {', '.join(sorted(path.stem for path in RECORDED.glob('*.json')))}"


def _in_shape(shape: Json, body: Body) -> str:
    # its envelope's fields, and of each event those that the shape knows
    text = message(body.site_id, list(body.events))
    whole = json.loads(text)
    envelope = {name: whole[name] if name in OF_THE_MOMENT else value for name, value in shape.items()}
    known = set(shape["events"][0])
    events = [{name: value for name, value in event.items() if name in known} for event in whole["events"]]
    return json.dumps({**envelope, "events": events})


SCENARIOS = (
    Scenario("poison", THROUGH_DOOR, poison),
    Scenario("old_producer", THROUGH_DOOR, old_producer),
)
