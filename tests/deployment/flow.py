"""What a shop does with a deployment: events once and again, their ledger, a funnel, a training run."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.deployment.emulator import Emulator

SITE = "proof"
PEOPLE = 41
PAGES = ("home", "search", "payment")
PATIENCE_SECONDS = 180.0
DAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)

Json = dict[str, Any]


class Shop:
    """A site of a deployment, and its keys."""

    def __init__(self, url: str, operator_key: str) -> None:
        self._http = httpx.Client(timeout=60)
        self._url = url
        made = {"site_id": SITE, "name": "Proof", "time_zone": "UTC", "currency": "EUR"}
        keys = self._asked("POST", "/api/sites", {"X-Api-Key": operator_key}, made)
        self._key, self._write_key = _keys_of(keys)

    def ask(self, path: str) -> Json:
        """Returns an answer."""
        return self._asked("GET", path, {"X-Api-Key": self._key})

    def tell(self, path: str, body: object = None) -> Json:
        """Returns the answer to a POST."""
        return self._asked("POST", path, {"X-Api-Key": self._key}, body)

    def send(self, events: list[Json]) -> Json:
        """Returns what collect answers."""
        return self._asked("POST", "/collect", {"X-Api-Key": self._write_key}, {"batch": events})

    def status_of(self, path: str, key: str) -> int:
        """Returns the status with which a question is answered that has this key."""
        return self._http.get(f"{self._url}{path}", headers={"X-Api-Key": key}).status_code

    def _asked(self, method: str, path: str, headers: dict[str, str], body: object = None) -> Json:
        response = self._http.request(method, f"{self._url}{path}", headers=headers, json=body)
        if response.is_error:
            raise AssertionError(f"{method} {path}: {response.status_code} {response.text[:500]}")
        return dict(response.json())


def _keys_of(made: Json) -> tuple[str, str]:
    return str(made["api_key"]), str(made["write_key"])


def visits() -> list[Json]:
    """Returns the events of people who each see one page more of the funnel than every third before them."""
    return [
        {
            "eventType": "pageview",
            "eventId": f"{person}-{page}",
            "visitorId": f"visitor-{person}",
            "pageType": page,
            "device": "desktop",
            "timestamp": (DAY + timedelta(seconds=60 * person + step)).isoformat(),
        }
        for person in range(PEOPLE)
        for step, page in enumerate(PAGES[: person % len(PAGES) + 1])
    ]


def walk_through(shop: Shop, emulator: Emulator) -> list[str]:
    """Do all of it; returns what was seen, a line each; raises AssertionError where something else was."""
    events = visits()
    return [
        _refused(shop),
        _collected(shop, events),
        _funnel(shop, events),
        _trained(shop, emulator),
    ]


def _refused(shop: Shop) -> str:
    statuses = [shop.status_of("/api/funnel", "ak_proof_0_0"), shop.status_of("/no/such/route", "")]
    _expect(statuses, [403, 404], "a wrong key and an unknown route")
    return "a wrong key is answered 403, an unknown route 404"


def _collected(shop: Shop, events: list[Json]) -> str:
    for _ in range(2):
        _expect(shop.send(events)["accepted"], len(events), "accepted events")
    wanted = {"received": 2 * len(events), "stored": len(events), "duplicate": len(events), "quarantined": 0}
    _wait_for(lambda: _parts(shop.ask("/etl/status")["ledger"], wanted), wanted, "the ledger")
    return f"{len(events)} events sent twice are stored once, and the ledger says so"


def _parts(ledger: Json | None, wanted: Json) -> Json:
    return {name: (ledger or {}).get(name) for name in wanted}


def _funnel(shop: Shop, events: list[Json]) -> str:
    day = DAY.date().isoformat()
    reached = [len({event["visitorId"] for event in events if event["pageType"] == page}) for page in PAGES]
    steps = ",".join(PAGES)
    path = f"/api/funnel?from={day}&to={day}&steps={steps}"
    _wait_for(lambda: [step["users"] for step in shop.ask(path)["steps"]], reached, "the funnel")
    return f"the funnel counts {reached}"


def _trained(shop: Shop, emulator: Emulator) -> str:
    shop.tell("/api/models/train")
    states = emulator.client("stepfunctions")
    (machine,) = [one for one in states.list_state_machines()["stateMachines"] if "Training" in one["name"]]
    arn = machine["stateMachineArn"]
    _wait_for(
        lambda: _ended(states.list_executions(stateMachineArn=arn)["executions"]), "SUCCEEDED", "the training run"
    )
    return "a training run goes through the state machine to its end"


def _ended(executions: list[Json]) -> str:
    return str(executions[0]["status"]) if executions else "not begun"


def _expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise AssertionError(f"{what}: {found}, not {wanted}")


def _wait_for(look: Callable[[], object], wanted: object, what: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while (found := look()) != wanted:
        if time.monotonic() > until:
            raise AssertionError(f"{what}: {found}, not {wanted}")
        time.sleep(1)
