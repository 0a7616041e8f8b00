"""api/docs: the documentation of every route, for whoever asks."""

from fastapi import Response
from fastapi.responses import HTMLResponse
from footfall.http.app import as_lambda, create_app

from .documentation import document, page

CACHED = {"Cache-Control": "public, max-age=300"}
OF_A_PAGE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""What a page says besides: the OWASP Secure Headers Project."""

app = create_app("docs")


@app.get("/docs", summary="The documentation", response_class=HTMLResponse)
def docs() -> Response:
    """Returns a page to read about every route and to try it."""
    text, policy = page()
    return HTMLResponse(text, headers={**CACHED, **OF_A_PAGE, "Content-Security-Policy": policy})


@app.get("/openapi.json", summary="The OpenAPI document")
def openapi() -> Response:
    """Returns this document: OpenAPI 3.1, merged over all functions."""
    return Response(document(), media_type="application/json", headers=CACHED)


handler = as_lambda(app)
