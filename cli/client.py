"""A client of a running Footfall: its address and key from the environment, its errors as sentences."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Annotated, Any, Self, TypeVar

import httpx
import typer
from rich.console import Console

Json = dict[str, Any]
Answer = TypeVar("Answer")

ATTEMPTS = 8
LONGEST_WAIT = 20.0
TRY_AGAIN = frozenset({429, 502, 503, 504})
SEND_AGAIN = TRY_AGAIN | {500}
"""The gateway says 500 of a function that ran out of time; events that are sent twice are stored once."""
TIMEOUT = httpx.Timeout(35.0, connect=5.0)
STALLED_SECONDS = 300.0
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 1.0

To = Annotated[str | None, typer.Option(envvar="FOOTFALL_URL", help="Where Footfall is.")]
Key = Annotated[str | None, typer.Option(envvar="FOOTFALL_KEY", help="An API key.")]
WriteKey = Annotated[str | None, typer.Option(envvar="FOOTFALL_WRITE_KEY", help="The site's write key.")]


class CliError(Exception):
    """Raised when a command cannot do what it was asked; the message says why, and what helps."""


@contextmanager
def explained(command: str) -> Iterator[None]:
    """End a command that is in trouble with its message and exit code 1."""
    try:
        yield
    except CliError as trouble:
        message = f"footfall {command}: {trouble}"
        Console(stderr=True).print(message, style="red", soft_wrap=True, highlight=False, markup=False)
        raise typer.Exit(1) from None


class Client:
    """A connection to one Footfall with one key; every answer is decoded JSON, every failure a CliError."""

    def __init__(self, to: str | None, key: str | None, key_variable: str = "FOOTFALL_KEY") -> None:
        if not to or not key:
            missing = "FOOTFALL_URL" if not to else key_variable
            raise CliError(f"set {missing}: start Footfall with `footfall up`, which prints what to export")
        self.url = to.rstrip("/")
        self._http = httpx.Client(base_url=self.url, headers={"X-Api-Key": key}, timeout=TIMEOUT)
        self._key_variable = key_variable

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, also: frozenset[int] = frozenset()) -> Json:
        """The answer to a question; a status in `also` is an answer too."""
        return self._answer("GET", path, also)

    def post(self, path: str, body: Any = None) -> Json:
        """The answer to an order; it is given again when Footfall asks for patience."""
        return self._answer("POST", path, frozenset(), json=body)

    def post_events(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """What collect says to a body, once it does not ask for patience any more."""
        return self._patiently("POST", "/collect", SEND_AGAIN, content=body, headers=headers)

    def _answer(self, method: str, path: str, also: frozenset[int], **request: Any) -> Json:
        response = self._patiently(method, path, TRY_AGAIN - also, **request)
        if response.is_error and response.status_code not in also:
            raise CliError(self._reason(response))
        try:
            return dict(response.json())
        except ValueError:
            raise CliError(f"{self.url} answers, but not as Footfall does") from None

    def _patiently(self, method: str, path: str, again: frozenset[int], **request: Any) -> httpx.Response:
        """The first answer that is not a request for patience (a status in `again`), or the last of them.

        A connection that breaks is one more reason to try again: what is sent twice is stored once.
        """
        for attempt in count(1):
            asked = None
            try:
                response = self._http.request(method, path, **request)
                if response.status_code not in again or attempt == ATTEMPTS:
                    return response
                asked = response.headers.get("Retry-After")
            except httpx.HTTPError as error:
                if isinstance(error, httpx.ConnectError) or attempt == ATTEMPTS:
                    raise CliError(self._silence(error)) from None
            time.sleep(wait_before(attempt, asked))
        raise AssertionError

    def _silence(self, error: httpx.HTTPError) -> str:
        if isinstance(error, httpx.TimeoutException):
            return f"{self.url} does not answer in time"
        return f"no Footfall answers at {self.url}: start it with `footfall up`"

    def _reason(self, response: httpx.Response) -> str:
        if response.status_code in (401, 403):
            variable = self._key_variable
            return f"the key in {variable} is not accepted ({said_by(response)}): `footfall up` prints the right one"
        return f"{response.request.url.path} answers {response.status_code}: {said_by(response)}"


def wait_before(attempt: int, retry_after: str | None) -> float:
    """Seconds to wait before another attempt: what is asked for, or more after each failure, with jitter."""
    asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.25 * 2**attempt
    return min(asked, LONGEST_WAIT) * random.uniform(0.75, 1.25)


def said_by(response: httpx.Response) -> str:
    """What an error answer says, in one line."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        return str(body.get("detail") or body.get("message") or response.reason_phrase)
    return response.reason_phrase


def follow(look: Callable[[], Answer], done: Callable[[Answer], bool], what: str) -> Iterator[Answer]:
    """Every new state of something that goes on, up to the one in which it is done.

    Raises CliError when nothing changes for five minutes.
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
            raise CliError(f"{what} has not come on for {STALLED_SECONDS:.0f} s: see `footfall status`, and the logs")
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
