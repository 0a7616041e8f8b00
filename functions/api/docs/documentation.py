"""The documentation of every function: the merged OpenAPI document, and a page that shows it by itself."""

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PARTS = ("index.html", "style.css", "script.js")


@cache
def document() -> str:
    """Returns the merged OpenAPI document, as `python -m infra.openapi` wrote it."""
    return (HERE / "openapi.json").read_text(encoding="utf-8")


@cache
def page() -> tuple[str, str]:
    """Returns the page with its style and script inside, and the policy by which a browser runs these two alone."""
    text, style, script = ((HERE / "page" / name).read_text(encoding="utf-8") for name in PARTS)
    policy = (
        f"default-src 'none'; connect-src 'self'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return text.replace("{{style}}", style).replace("{{script}}", script), policy


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
