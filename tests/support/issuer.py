"""An issuer of tokens on this machine: it publishes its keys, signs what it is asked to, and notes who asks."""

import base64
import json
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "footfall"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Json = dict[str, Any]


class _Publishing(BaseHTTPRequestHandler):
    server: "Issuer"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.published()
        self.send_response(200 if self.server.answers else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_: Any) -> None:
        pass


class Issuer(HTTPServer):
    """An OIDC issuer, as far as a resource server sees it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Publishing)
        self.asked: list[str] = []
        self.answers = True
        self.keys: dict[str, PrivateKey] = {}
        self.told: dict[str, Json] = {}
        self.text: bytes | None = None
        self.add("rsa", rsa.generate_private_key(65_537, 2_048))
        self.add("ec", ec.generate_private_key(ec.SECP256R1()))

    @property
    def url(self) -> str:
        """Its own address, which its tokens name."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def jwks_uri(self) -> str:
        """Where its keys are."""
        return f"{self.url}/keys"

    def add(self, key_id: str, key: PrivateKey, **told: str) -> None:
        """Publish a key; `told` is what the issuer says of it besides."""
        self.keys[key_id], self.told[key_id] = key, told

    def public(self, key_id: str) -> Json:
        """Returns a key as it is published."""
        key = self.keys[key_id]
        told = RSAAlgorithm.to_jwk(key.public_key()) if isinstance(key, rsa.RSAPrivateKey) else None
        found: Json = json.loads(told or ECAlgorithm.to_jwk(key.public_key()))  # type: ignore[arg-type]
        return {"kid": key_id, "use": "sig", **found, **self.told[key_id]}

    def published(self) -> bytes:
        """Returns what it answers with: its keys, or whatever a test put in their place."""
        return self.text if self.text is not None else json.dumps({"keys": list(map(self.public, self.keys))}).encode()

    def claims(self, **but: Any) -> Json:
        """Returns claims of somebody who may read figures of the site `demo`; None takes one away."""
        now = int(time.time())
        usual = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "ann",
            "iat": now,
            "exp": now + 600,
            "footfall": ["demo:viewer"],
        }
        return {name: value for name, value in {**usual, **but}.items() if value is not None}

    def token(self, key_id: str = "rsa", headers: Json | None = None, **but: Any) -> str:
        """Returns a signed token."""
        algorithm = "RS256" if isinstance(self.keys[key_id], rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(self.claims(**but), self.keys[key_id], algorithm, {"kid": key_id, **(headers or {})})


def encoded(part: Json) -> str:
    """Returns a part of a token, as whoever forges one writes it."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
