"""The audit log: whatever changes something, or hands out all that is known of a person, is written down.

An application takes part by its routes' class: `create_app("sites", AuditedRoute)`.
"""

import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from hashlib import sha256
from typing import Any
from uuid import uuid4

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pymongo.errors import DuplicateKeyError
from starlette.exceptions import HTTPException

from footfall.clock import now
from footfall.errors import FootfallError
from footfall.http.app import Caller, caller_of
from footfall.schemas.audit import DEPLOYMENT, AuditDocument
from footfall.stores.collections import audit
from footfall.stores.mongo import answering, database

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
READING = frozenset({"GET", "HEAD", "OPTIONS"})
EXPORT = "/export"
PEOPLE = frozenset({"customer_id", "user_id", "visitor_id", "person_id"})
"""What is said of them here would be one more thing to erase."""
REFUSED = 403
FAILED = 500
MOST_NAMES, LONGEST = 30, 100


class AuditedRoute(APIRoute):
    """A route that is written down where it changes or exports something, or was refused for want of a right to."""

    @property
    def is_audited(self) -> bool:
        """Whether what is done by it is written down."""
        return bool((self.methods or set()) - READING) or self.path_format.endswith(EXPORT)

    def get_route_handler(self) -> Handler:
        """Returns the route's handler, which writes down what it did before it answers."""
        handle = super().get_route_handler()
        return self._audited(handle) if self.is_audited else handle

    def _audited(self, handle: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except (RequestValidationError, HTTPException):
                raise
            except Exception as error:
                await self._note(request, error.status if isinstance(error, FootfallError) else FAILED)
                raise
            await self._note(request, response.status_code)
            return response

        return answer

    async def _note(self, request: Request, status: int) -> None:
        if REFUSED > status >= 400 or REFUSED < status < FAILED:  # nothing was done
            return
        line = _line(request, f"{min(self.methods or ())} {self.path_format}", status)
        line["fields"] = _names_in(await request.body()) if status < 400 else []
        with answering(), suppress(DuplicateKeyError):  # of a refusal there is one line a day
            audit.of(database()).insert_one(line)


def _line(request: Request, route: str, status: int) -> AuditDocument:
    caller, moment = caller_of(request), now()
    site_id = _site_of(request, caller)
    refusal = f"{moment:%Y-%m-%d}:{sha256(f'{caller.key_id} {route}'.encode()).hexdigest()[:24]}"
    about = {**request.query_params, **{name: str(value) for name, value in request.path_params.items()}}
    return {
        "_id": f"{site_id}:{refusal if status == REFUSED else uuid4().hex}",
        "site_id": site_id,
        "at": moment,
        "who": caller.key_id,
        "route": route,
        "about": {name[:LONGEST]: about[name][:LONGEST] for name in sorted(about)[:MOST_NAMES] if name not in PEOPLE},
        "fields": [],
        "status": status,
        "request_id": getattr(request.scope.get("aws.context"), "aws_request_id", None),
    }


def _site_of(request: Request, caller: Caller) -> str:
    # what an operator does is of the site that was made or that the path names; whoever else is of their own alone
    if not caller.is_operator:
        return caller.site_id
    named = request.path_params.get("id") if request.scope["path"].startswith("/api/sites/") else None
    made: str | None = getattr(request.state, "made_site", None)
    return made or named or caller.site_id or DEPLOYMENT


def _names_in(body: bytes) -> list[str]:
    try:
        told = json.loads(body or b"null")
    except ValueError:
        return []
    return sorted(str(name)[:LONGEST] for name in told)[:MOST_NAMES] if isinstance(told, dict) else []
