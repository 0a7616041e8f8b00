"""Keeps web pages away from the stack's inner servers: their clients are programs, which send no browser's headers."""

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from infra.local.http_server import Application, Receive, Scope, Send

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REFUSAL = b"this server answers the programs of the local stack, no web pages"


def is_own(host: str, origin: str | None, fetch_site: str | None) -> bool:
    """Returns whether a request may come from a program of the stack, by its Host, Origin and Sec-Fetch-Site.

    Its host is an address or `localhost`: a name that a page has pointed at this machine is neither.
    """
    return origin is None and fetch_site is None and _is_address(host)


def _is_address(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def own_wsgi(application: "WSGIApplication") -> "WSGIApplication":
    """Returns a WSGI application that answers 403 to what a web page sends, and else as `application` does."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        given = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
        if is_own(*given):
            return application(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain"), ("Content-Length", str(len(REFUSAL)))])
        return [REFUSAL]

    return answer


def own_asgi(application: Application) -> Application:
    """Returns an ASGI application that answers 403 to what a web page sends, and else as `application` does."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope.get("headers", ())}
        if is_own(headers.get(b"host", ""), headers.get(b"origin"), headers.get(b"sec-fetch-site")):
            await application(scope, receive, send)
            return
        length = str(len(REFUSAL)).encode()
        await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": REFUSAL})

    return answer
