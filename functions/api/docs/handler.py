"""api/docs: the documentation of every route, for whoever asks."""

from fastapi import Response
from fastapi.responses import HTMLResponse
from footfall.http.app import as_lambda, create_app

from .documentation import document, page

CACHED = {"Cache-Control": "public, max-age=300"}

app = create_app("docs")


@app.get("/docs", summary="The documentation", response_class=HTMLResponse)
def docs() -> Response:
    """Returns a page to read about every route and to try it."""
    text, policy = page()
    return HTMLResponse(text, headers={**CACHED, "Content-Security-Policy": policy})


@app.get("/openapi.json", summary="The OpenAPI document")
def openapi() -> Response:
    """Returns this document: OpenAPI 3.1, merged over all functions."""
    return Response(document(), media_type="application/json", headers=CACHED)


handler = as_lambda(app)
