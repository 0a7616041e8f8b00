"""Answers to those who ask again and again: with an ETag, and nothing but a 304 while nothing has changed."""

from collections.abc import Collection
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated

from fastapi import Header
from fastapi.responses import Response
from pydantic import BaseModel

from footfall.http.app import Responses

NOT_MODIFIED: Responses = {304: {"description": "It is still what the caller has, by the `ETag` in `If-None-Match`"}}
IfNoneMatch = Annotated[
    str | None,
    Header(max_length=1_024, description="The `ETag` of the answer that the caller has", examples=['W/"1f"']),
]


def unless_known(answer: BaseModel, known: str | None, but: Collection[str]) -> Response:
    """Returns an answer with its ETag, or a 304 where the caller knows it; a change of the fields `but` is none.

    The tag is weak (RFC 9110, 8.8.1): two answers with one tag are as good as each other.
    """
    tag = sha256(answer.model_dump_json(exclude=set(but)).encode()).hexdigest()[:16]
    headers = {"ETag": f'W/"{tag}"', "Cache-Control": "private, no-cache"}
    if _names(known or "", tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(answer.model_dump_json(), headers=headers, media_type="application/json")


def _names(known: str, tag: str) -> bool:
    return any(each.strip().removeprefix("W/") in (f'"{tag}"', "*") for each in known.split(","))
