"""A client of a running Footfall: address and key come from the environment, errors are one sentence each."""

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Annotated, Any, Self, TypedDict, TypeVar, Unpack

import httpx
import typer
from footfall.identity import read_api_key
from rich.console import Console

from cli.lines import print_line

Json = dict[str, Any]
"""A decoded answer; its fields are those of the API's OpenAPI document."""
State = TypeVar("State")

ATTEMPTS = 8
LONGEST_WAIT = 20.0
TRY_AGAIN = frozenset({429, 502, 503, 504})
SEND_AGAIN = TRY_AGAIN | {500}
"""The gateway answers 500 for a function that ran out of time; events that are sent twice are stored once."""
TIMEOUT = httpx.Timeout(35.0, connect=5.0)
STALLED_SECONDS = 300.0
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 1.0

To = Annotated[str | None, typer.Option(envvar="FOOTFALL_URL", help="The address of a running Footfall.")]
Key = Annotated[str | None, typer.Option(envvar="FOOTFALL_KEY", help="An API key of the site.")]
WriteKey = Annotated[
    str | None, typer.Option(envvar="FOOTFALL_WRITE_KEY", help="The site's write key, or an API key that may send.")
]
SiteId = Annotated[
    str | None, typer.Option("--site", help="The site's id, where FOOTFALL_KEY is another's. Default: the key's site.")
]
KEY_VARIABLE = "FOOTFALL_KEY"
OPERATOR_VARIABLE = "FOOTFALL_OPERATOR_KEY"
WRITE_VARIABLE = "FOOTFALL_WRITE_KEY"
OPTIONS = {KEY_VARIABLE: "--key", WRITE_VARIABLE: "--write-key"}
"""Which option gives a key instead of a variable."""


class CliError(Exception):
    """Raised when a command fails; the message says why, and what to do."""


class Rejection(TypedDict):
    """Why collect rejected an event, by its place in the batch."""

    index: int
    code: str
    message: str


class CollectAnswer(TypedDict):
    """What collect answers when it takes a batch, or some events of it."""

    accepted: int
    rejected: list[Rejection]


class _RequestParts(TypedDict, total=False):
    json: object
    content: bytes
    headers: Mapping[str, str]


@contextmanager
def reporting_errors(command: str) -> Iterator[None]:
    """End a command that raises CliError with its message and exit code 1."""
    try:
        yield
    except CliError as error:
        message = f"footfall {command}: {error}"
        print_line(Console(stderr=True), message, style="red")
        raise typer.Exit(1) from None


class Client:
    """A connection to one Footfall with one key; answers are decoded JSON, and every failure raises CliError."""

    def __init__(
        self, to: str | None, key: str | None, key_variable: str = KEY_VARIABLE, site: str | None = None
    ) -> None:
        """`site` is the one that the operator's key is used for."""
        if not to or not key:
            missing = "FOOTFALL_URL" if not to else key_variable
            raise CliError(f"set {missing}: start Footfall with `footfall up`, which prints the lines to export")
        self.url = to.rstrip("/")
        headers = {"X-Api-Key": key, **({"X-Footfall-Site": site} if site else {})}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT)
        self._key, self._key_variable, self._site = key, key_variable, site

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def site_id(self) -> str | None:
        """The site that is asked for; None where the key names none."""
        read = read_api_key(self._key)
        return self._site or (read.site_id if read else None)

    def curl(self, path: str) -> str:
        """Returns how curl asks the same, with the same key, which is not shown."""
        key = "KEY" if self._key_is_option else f"${self._key_variable}"
        site = f' -H "X-Footfall-Site: {self._site}"' if self._site else ""
        return f"curl -H \"X-Api-Key: {key}\"{site} '{self.url}{path}'"

    @property
    def _key_is_option(self) -> bool:
        return self._key_variable in OPTIONS and os.environ.get(self._key_variable) != self._key

    def get(self, path: str, also: frozenset[int] = frozenset()) -> Json:
        """Returns the answer; one with an error status counts as an answer when the status is in `also`."""
        return self._answer("GET", path, also)

    def post(self, path: str, body: object = None, also: frozenset[int] = frozenset()) -> Json:
        """Returns the answer, as `get` does; the request is sent again while Footfall asks to wait."""
        return self._answer("POST", path, also, json=body)

    def patch(self, path: str, body: object) -> Json:
        """Returns the answer to a change."""
        return self._answer("PATCH", path, frozenset(), json=body)

    def put(self, path: str, body: object) -> Json:
        """Returns the answer to what replaces what was there."""
        return self._answer("PUT", path, frozenset(), json=body)

    def delete(self, path: str) -> Json:
        """Returns the answer to a removal."""
        return self._answer("DELETE", path, frozenset())

    def post_events(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Returns the first response of collect that does not ask to wait and send again."""
        return self._retried("POST", "/collect", SEND_AGAIN, content=body, headers=headers)

    def _answer(self, method: str, path: str, also: frozenset[int], **request: Unpack[_RequestParts]) -> Json:
        response = self._retried(method, path, TRY_AGAIN - also, **request)
        if response.is_error and response.status_code not in also:
            raise CliError(self._reason(response))
        try:
            return dict(response.json())
        except ValueError:
            raise CliError(f"{self.url} does not answer as Footfall does: check FOOTFALL_URL or --to") from None

    def _retried(
        self, method: str, path: str, again: frozenset[int], **request: Unpack[_RequestParts]
    ) -> httpx.Response:
        # a connection that breaks is one more reason to send again: what is sent twice is stored once
        for attempt in count(1):
            asked = None
            try:
                response = self._http.request(method, path, **request)
                if response.status_code not in again or attempt == ATTEMPTS:
                    return response
                asked = response.headers.get("Retry-After")
            except httpx.HTTPError as error:
                if isinstance(error, httpx.ConnectError) or attempt == ATTEMPTS:
                    raise CliError(self._no_answer(error)) from None
            time.sleep(wait_before(attempt, asked))
        raise AssertionError

    def _no_answer(self, error: httpx.HTTPError) -> str:
        if isinstance(error, httpx.TimeoutException):
            return f"{self.url} does not answer in time: try again, or look into the logs"
        return f"no Footfall answers at {self.url}: start it with `footfall up`"

    def _reason(self, response: httpx.Response) -> str:
        if response.status_code in (401, 403):
            return self._refusal(response)
        return f"{response.request.url.path} answers {response.status_code}: {error_text(response)}"

    def _refusal(self, response: httpx.Response) -> str:
        if self._site and self._is_missing(self._site):
            return f"there is no site {self._site}: `footfall site list` shows which there are"
        told = f"given with {OPTIONS[self._key_variable]}" if self._key_is_option else f"in {self._key_variable}"
        if self._key_variable == OPERATOR_VARIABLE:
            right = "`footfall up` prints the right one"
        else:
            right = "`footfall up` prints those of the site demo, and `footfall key create ID` makes others"
        return f"the key {told} is not accepted ({error_text(response)}): {right}"

    def _is_missing(self, site: str) -> bool:
        # the operator's key opens the settings of every site that there is
        try:
            answer = httpx.get(f"{self.url}/api/sites/{site}", headers={"X-Api-Key": self._key}, timeout=TIMEOUT)
            return answer.status_code == httpx.codes.NOT_FOUND
        except httpx.HTTPError:
            return False


def for_site(command: str, site: str | None) -> str:
    """Returns a command as it is given for the site that `--site` named."""
    return f"{command} --site {site}" if site else command


def client_of(to: str | None, key: str | None, site: str | None) -> Client:
    """Returns a client of a site, by its own key or else by the operator's; without a site, of the key's."""
    if site is None or _is_key_of(site, key):
        return Client(to, key)
    if operator := os.environ.get(OPERATOR_VARIABLE):
        return Client(to, operator, OPERATOR_VARIABLE, site)
    raise CliError(
        f"set FOOTFALL_KEY to a key of the site {site}, or {OPERATOR_VARIABLE}, which is good for every site"
    )


def operator_or(to: str | None, key: str | None) -> Client:
    """Returns a client with the operator's key where there is one, else with the site's own."""
    operator = os.environ.get(OPERATOR_VARIABLE)
    return Client(to, operator, OPERATOR_VARIABLE) if operator else Client(to, key)


ALL_KEYS = "page_size=100"
"""A site has no more keys."""


def sending_client_of(to: str | None, write_key: str | None, site: str | None) -> Client:
    """Returns a client that sends a site's events; where the write key is another's, the site is asked for its own."""
    if site and not (write_key or "").startswith((f"wk_{site}_", f"ak_{site}_")):
        with client_of(to, os.environ.get("FOOTFALL_KEY"), site) as asking:
            keys = asking.get(f"/api/sites/{site}/keys?{ALL_KEYS}")["keys"]
        write_key = next((key["write_key"] for key in reversed(keys) if key["write_key"]), None)
        if not write_key:
            raise CliError(f"the site {site} has no write key: `footfall key create {site} --write` makes one")
    return Client(to, write_key, WRITE_VARIABLE)


def _is_key_of(site: str, key: str | None) -> bool:
    read = read_api_key(key or "")
    return read is not None and read.site_id == site


def wait_before(attempt: int, retry_after: str | None) -> float:
    """Returns the seconds to wait before another attempt: as asked for, or longer after each failure; with jitter."""
    asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.25 * 2**attempt
    return min(asked, LONGEST_WAIT) * random.uniform(0.75, 1.25)


def error_text(response: httpx.Response) -> str:
    """Returns the message of an error answer, on one line."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        return str(body.get("detail") or body.get("message") or response.reason_phrase)
    return response.reason_phrase


def follow(look: Callable[[], State], done: Callable[[State], bool], what: str) -> Iterator[State]:
    """Yields every new state of something that is in progress, up to the one in which it is done.

    Raises CliError, which names `what`, when nothing changes for five minutes.
    """
    last, since, pause = None, time.monotonic(), FIRST_PAUSE
    while True:
        state = look()
        if state != last:
            last, since = state, time.monotonic()
            yield state
        if done(state):
            return
        if time.monotonic() - since > STALLED_SECONDS:
            raise CliError(f"{what} made no progress for {STALLED_SECONDS:.0f} s: see `footfall status` and the logs")
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
