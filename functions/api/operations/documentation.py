"""The documentation of every function: the merged OpenAPI document, and a page that shows it by itself."""

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

HERE = Path(__file__).parent
CACHE = {"Cache-Control": "public, max-age=300"}

router = APIRouter()


@router.get("/docs", response_class=HTMLResponse)
def docs() -> Response:
    """A page to read about every route and to try it."""
    page, policy = _page()
    return HTMLResponse(page, headers={**CACHE, "Content-Security-Policy": policy})


@router.get("/openapi.json")
def openapi() -> Response:
    """This document: OpenAPI 3.1, merged over all functions by `python -m infra.openapi`."""
    return Response(_document(), media_type="application/json", headers={**CACHE, "Access-Control-Allow-Origin": "*"})


@cache
def _document() -> str:
    return (HERE / "openapi.json").read_text(encoding="utf-8")


@cache
def _page() -> tuple[str, str]:
    """The page with its style and script inside, and the policy that lets a browser run these two alone."""
    page, style, script = ((HERE / "page" / name).read_text(encoding="utf-8") for name in PARTS)
    policy = (
        f"default-src 'none'; connect-src 'self'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'"
    )
    return page.replace("{{style}}", style).replace("{{script}}", script), policy


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


PARTS = ("index.html", "style.css", "script.js")
