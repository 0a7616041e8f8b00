"""Addresses of pages: one page has one path, however its address is written."""

import re
import unicodedata
from functools import lru_cache
from posixpath import normpath
from typing import NamedTuple
from urllib.parse import urlsplit

PLAIN = re.compile(r"/|(?:/[\w~!@$'*+,=:-][\w.~!@$'*+,=:-]*)+", re.ASCII)
"""A path that is written as we write it, unless it ends with an index file."""
ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
KEPT_ESCAPED = frozenset("/?#%\\")
"""Characters that mean something else in a path when they are not escaped."""
SESSION = re.compile(r";(?:jsessionid|phpsessid|aspsessionid\w*|sessionid|sid|cfid|cftoken)=[^/;]*", re.IGNORECASE)
SESSION_OF_ASP = re.compile(r"/\((?:[ASFX]\([^()/]*\))+\)(?=/|$)")
"""https://learn.microsoft.com/en-us/dotnet/api/system.web.httpcookiemode (cookieless sessions)"""
TRACKING = r"(?:utm_\w+|gclid|gbraid|wbraid|dclid|fbclid|msclkid|ttclid|twclid|yclid|igshid|mc_[ce]id|_ga|_gl)="
TRACKING_IN_PATH = re.compile(rf"[&;]({TRACKING}.*)", re.IGNORECASE)
"""Parameters of a link that begin with & where there should be a question mark."""
INDEX = re.compile(r"/(?:index|default)\.(?:[sx]?html?|php\d?|aspx?|jspx?|cfm|cgi|pl)$", re.IGNORECASE)
FRONT_CONTROLLER = re.compile(r"/index\.php(?=/)", re.IGNORECASE)
"""Before the path of a page, where a shop's web server does not rewrite addresses."""


class UrlParts(NamedTuple):
    """The parts of a URL that matter here; all None when there is no URL that can be read.

    `host` without `www.`, in ASCII; `path` of the page, the one after the # included, which is `route` if there is
    one; `query` of both.
    """

    host: str | None
    path: str | None
    query: str | None
    route: str | None = None


NOWHERE = UrlParts(None, None, None)


@lru_cache(maxsize=4096)
def url_parts(url: str, hash_routes: bool = False) -> UrlParts:
    """Returns the parts of a URL; never fails. With `hash_routes`, whatever follows its # is a page."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return NOWHERE
    place = _place(parts.path or "/", parts.query, parts.fragment, hash_routes)
    return place._replace(host=_plain_host(host) if host else None)


def page_at(url: UrlParts, given: str | None, hash_routes: bool = False) -> UrlParts:
    """Returns the page that an event is about: by its URL and the path that the client gives.

    The path counts, unless it is merely the part of the URL before the # of a page.
    """
    if not given:
        return url
    place = _given(given, hash_routes)
    if url.route and not place.route and url.path == _joined(place.path or "/", url.route):
        return url
    return place


@lru_cache(maxsize=4096)
def _given(path: str, hash_routes: bool) -> UrlParts:
    if path[:8].lower().startswith(("http://", "https://")):
        return url_parts(path, hash_routes)
    path, _, fragment = path.partition("#")
    path, _, query = path.partition("?")
    return _place(path or "/", query, fragment, hash_routes)


def _place(path: str, query: str, fragment: str, hash_routes: bool) -> UrlParts:
    if found := TRACKING_IN_PATH.search(path):
        path, query = path[: found.start()], f"{query}&{found[1]}"
    base = page_path(path)
    route, _, more = _route(fragment, hash_routes).partition("?")
    query = "&".join(filter(None, [query, more]))
    if not route:
        return UrlParts(None, base, query or None)
    route = page_path(route)
    return UrlParts(None, _joined(base, route), query or None, route)


def _route(fragment: str, hash_routes: bool) -> str:
    # as a path with its query; of what is no page, the parameters alone
    fragment = fragment.partition(":~:")[0].partition("#")[0]  # https://wicg.github.io/scroll-to-text-fragment/
    if fragment[:3].upper() == "%2F":
        fragment = "/" + fragment[3:]
    if fragment.startswith(("/", "!")):
        return "/" + fragment.removeprefix("!").removeprefix("/")
    if "=" in fragment.partition("?")[0]:
        return "?" + fragment
    return "/" + fragment if fragment and hash_routes else ""


def _joined(base: str, route: str) -> str:
    return base if route == "/" else base.rstrip("/") + route


def page_path(path: str) -> str:
    """Returns the one way of writing a path.

    Without the end slash, index files and session ids; its escapes decoded, save those that would mean something else.
    """
    if not PLAIN.fullmatch(path):
        path = _unescaped(path).strip()
        path = SESSION_OF_ASP.sub("", SESSION.sub("", path))
        path = re.sub("//+", "/", path)
        if "/." in path:
            path = normpath(path)
    path = INDEX.sub("/", FRONT_CONTROLLER.sub("", path.rstrip("/ ")))
    return path.rstrip("/") or "/"


def _unescaped(path: str) -> str:
    return unicodedata.normalize("NFC", ESCAPES.sub(_decoded, path))


def _decoded(escapes: re.Match[str]) -> str:
    try:
        text = bytes.fromhex(escapes[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return escapes[0].upper()
    return "".join(f"%{ord(c):02X}" if c in KEPT_ESCAPED or not c.isprintable() else c for c in text)


def _plain_host(host: str) -> str:
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return host
    return host.rstrip(".").removeprefix("www.")
