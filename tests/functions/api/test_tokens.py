"""Tokens of an OIDC issuer: what they open, and what was tried with others' tokens against a real issuer."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from footfall.errors import Misconfigured
from pymongo.database import Database

from functions.api.authorizer import handler as authorizer
from functions.api.authorizer import issuer_keys, tokens
from functions.api.authorizer.handler import Authorization
from tests.support.asking import question
from tests.support.builders import LambdaContext, a_site
from tests.support.issuer import AUDIENCE, Issuer, encoded
from tests.support.serving import serving

Mongo = Database[dict[str, Any]]
REFUSED = {"isAuthorized": False}
RSA = rsa.generate_private_key(65_537, 2_048)
SHORT = rsa.generate_private_key(65_537, 1_024)  # noqa: S505 — to be refused


@pytest.fixture
def issuer(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """A running issuer, whose tokens are good here; there are the sites `demo` and `other`."""
    for site_id in ("demo", "other"):
        database["sites"].insert_one({"_id": site_id, **a_site(site_id=site_id).model_dump()})
    found = Issuer()
    monkeypatch.setenv("JWT_ISSUER", found.url)
    monkeypatch.setenv("JWT_AUDIENCE", AUDIENCE)
    monkeypatch.setenv("JWT_JWKS_URI", found.jwks_uri)
    tokens._issuer_keys.cache_clear()
    with serving(found):
        yield found
    tokens._issuer_keys.cache_clear()


def ask(token: str, site_id: str | None = None) -> Authorization:
    """What the authorizer answers to a token."""
    headers = {"authorization": f"Bearer {token}", **({"x-footfall-site": site_id} if site_id else {})}
    return authorizer.handler({**question("/api/metrics"), "headers": headers}, LambdaContext())


def context(token: str, site_id: str | None = None) -> tuple[str, str, str] | None:
    """Returns site, scopes and who somebody is; None where the token is refused."""
    answer = ask(token, site_id)
    told = answer["context"] if answer["isAuthorized"] else None
    return told and (told["site_id"], told["scopes"], told["key_id"])


@pytest.mark.parametrize("key_id", ["rsa", "ec"])
def test_a_token_opens_the_one_site_that_it_names(issuer: Issuer, key_id: str) -> None:
    assert context(issuer.token(key_id)) == ("demo", "read", "token:ann")


@pytest.mark.parametrize(
    ("role", "scopes"), [("viewer", "read"), ("analyst", "read write"), ("admin", "read write admin")]
)
def test_a_role_is_scopes(issuer: Issuer, role: str, scopes: str) -> None:
    assert context(issuer.token(footfall=[f"demo:{role}"])) == ("demo", scopes, "token:ann")


def test_of_several_sites_the_header_says_which_and_no_other_is_opened(issuer: Issuer) -> None:
    token = issuer.token(footfall=["demo:viewer", "other:admin", "demo:analyst", "all-staff"])
    assert context(token, "demo") == ("demo", "read write", "token:ann")
    assert context(token, "other") == ("other", "read write admin", "token:ann")
    assert context(token) == ("", "member", "token:ann")
    assert context(token, "third") is None
    assert context(issuer.token(), "other") is None


def test_an_operator_opens_every_site_that_there_is(issuer: Issuer) -> None:
    token = issuer.token(footfall="operator demo:viewer")
    assert context(token) == ("", "operator", "token:ann")
    assert context(token, "other") == ("other", "operator read write admin", "token:ann")
    assert context(token, "third") is None


@pytest.mark.parametrize(
    "told", [[], None, "demo", ["demo:owner"], ["demo:viewer "], ["*:admin"], [["demo:admin"]], 7, {"demo": "admin"}]
)
def test_without_a_role_a_token_opens_nothing(issuer: Issuer, told: Any) -> None:
    assert ask(issuer.token(footfall=told)) == REFUSED


def test_another_claim_names_the_roles_where_the_deployment_says_so(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWT_CLAIM", "cognito:groups")
    groups: dict[str, Any] = {"footfall": None, "cognito:groups": ["demo:admin"]}
    assert context(issuer.token(**groups)) is not None
    assert context(issuer.token()) is None


def test_without_an_issuer_no_token_is_good(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_ISSUER", "")
    assert (ask(issuer.token()), issuer.asked) == (REFUSED, [])


def test_what_a_minute_of_a_wrong_clock_makes_of_a_good_token_is_let_pass(issuer: Issuer) -> None:
    now = int(time.time())
    assert ask(issuer.token(iat=now - 600, exp=now - 50))["isAuthorized"]
    assert ask(issuer.token(iat=now + 50, nbf=now + 50))["isAuthorized"]
    assert ask(issuer.token(aud=["another", AUDIENCE]))["isAuthorized"]
    assert ask(issuer.token(headers={"typ": "at+jwt"}))["isAuthorized"]


WRONG_CLAIMS: dict[str, Callable[[int], dict[str, Any]]] = {
    "has expired": lambda now: {"iat": now - 600, "exp": now - 61},
    "begins later": lambda now: {"nbf": now + 90},
    "was made later": lambda now: {"iat": now + 90, "exp": now + 600},
    "never ends": lambda _: {"exp": 1e300},
    "ends at infinity": lambda _: {"exp": float("inf")},
    "ends at no number": lambda _: {"exp": float("nan")},
    "ends in words": lambda _: {"exp": "tomorrow"},
    "lives too long": lambda now: {"iat": now, "exp": now + 86_401},
    "was made long ago and lives too long": lambda now: {"iat": now - 86_400, "exp": now + 600},
    "ends before it begins": lambda now: {"iat": now + 30, "exp": now},
    "has no end": lambda _: {"exp": None},
    "has no beginning": lambda _: {"iat": None},
    "is for nobody": lambda _: {"aud": None},
    "is for somebody else": lambda _: {"aud": "another"},
    "is for somebody nearly called so": lambda _: {"aud": "footfall "},
    "is of nobody": lambda _: {"iss": None},
    "is of somebody else": lambda _: {"iss": "https://evil.example"},
    "is about nobody": lambda _: {"sub": None},
    "is about the empty name": lambda _: {"sub": ""},
    "is about a number": lambda _: {"sub": 7},
    "is about too long a name": lambda _: {"sub": "a" * 201},
    "is about what cannot be printed": lambda _: {"sub": "a\nb"},
}


@pytest.mark.parametrize("wrong", WRONG_CLAIMS)
def test_a_signed_token_that_says_what_it_should_not_is_refused(issuer: Issuer, wrong: str) -> None:
    but = WRONG_CLAIMS[wrong](int(time.time()))
    try:
        token = issuer.token(**but)
    except TypeError:  # PyJWT does not write an issuer or name that is no text: written by hand
        token = signed_by_hand(issuer, **but)
    assert ask(token) == REFUSED


def signed_by_hand(issuer: Issuer, **but: Any) -> str:
    """Returns a token that PyJWT would not make, signed with the issuer's own key."""
    head = f"{encoded({'alg': 'RS256', 'kid': 'rsa'})}.{encoded(issuer.claims(**but))}"
    signature = jwt.get_algorithm_by_name("RS256").sign(head.encode(), issuer.keys["rsa"])
    return f"{head}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def unsigned(issuer: Issuer, algorithm: str) -> str:
    """Returns a token that says it needs no signature."""
    return f"{encoded({'alg': algorithm, 'typ': 'JWT', 'kid': 'rsa'})}.{encoded(issuer.claims())}."


def signed_with_the_public_key(issuer: Issuer) -> str:
    """Returns a token signed as if the issuer's public key were a password (RFC 8725, 2.1)."""
    public = issuer.keys["rsa"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rsa'})}.{encoded(issuer.claims())}"
    digest = hmac.digest(public, head.encode(), "sha256")
    return f"{head}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def with_other_claims(issuer: Issuer) -> str:
    """Returns a good token whose claims were exchanged."""
    head, _, signature = issuer.token().split(".")
    return f"{head}.{encoded(issuer.claims(footfall=['demo:admin']))}.{signature}"


def forged(issuer: Issuer, **headers: Any) -> str:
    """Returns a token signed with a key of the forger's own."""
    return jwt.encode(issuer.claims(), RSA, "RS256", {"kid": "rsa", **headers})


FORGED: dict[str, Callable[[Issuer], str]] = {
    "without a signature": lambda issuer: unsigned(issuer, "none"),
    "without a signature, spelt otherwise": lambda issuer: unsigned(issuer, "nOnE"),
    "with its signature cut off": lambda issuer: issuer.token().rpartition(".")[0] + ".",
    "signed with the public key": signed_with_the_public_key,
    "with other claims": with_other_claims,
    "signed with another key": forged,
    "bringing its key": lambda issuer: forged(
        issuer, jwk=json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key()))
    ),
    "saying where its key is": lambda issuer: forged(issuer, jku=f"{issuer.url}/evil", x5u=f"{issuer.url}/evil"),
    "with a critical extension": lambda issuer: issuer.token(headers={"crit": ["exp-later"], "exp-later": True}),
    "without a key's id": lambda issuer: jwt.encode(issuer.claims(), issuer.keys["rsa"], "RS256"),
    "with too long a key's id": lambda issuer: issuer.token(headers={"kid": "rsa" * 70}),
    "with a path as key's id": lambda issuer: issuer.token(headers={"kid": "../../../dev/null"}),
    "of another algorithm": lambda issuer: jwt.encode(issuer.claims(), issuer.keys["rsa"], "RS512", {"kid": "rsa"}),
    "of a key of another kind": lambda issuer: jwt.encode(issuer.claims(), issuer.keys["ec"], "ES256", {"kid": "rsa"}),
    "of another type": lambda issuer: issuer.token(headers={"typ": "logout+jwt"}),
    "that is too long": lambda issuer: issuer.token(filling="x" * 8_192),
    "that is no JSON": lambda issuer: f"eyJ.{issuer.token().partition('.')[2]}",
    "with five parts": lambda issuer: f"{issuer.token()}.a.b",
    "with nothing in it": lambda _: "eyJ..",
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_token_is_refused_and_has_nothing_else_fetched(issuer: Issuer, how: str) -> None:
    assert ask(FORGED[how](issuer)) == REFUSED
    assert set(issuer.asked) <= {"/keys"}


@pytest.mark.parametrize(
    ("key", "told"),
    [(SHORT, {}), (RSA, {"use": "enc"}), (RSA, {"alg": "PS256"}), (ec.generate_private_key(ec.SECP384R1()), {})],
)
def test_keys_that_nobody_should_sign_with_are_passed_over(issuer: Issuer, key: Any, told: dict[str, str]) -> None:
    issuer.add("odd", key, **told)
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES384"
    options: Any = {"enforce_minimum_key_length": False}
    token = jwt.PyJWT(options).encode(issuer.claims(), key, algorithm, {"kid": "odd"})
    assert ask(token) == REFUSED
    assert ask(issuer.token())["isAuthorized"], "the others are good"


class Clock:
    """Time, as a test has it."""

    def __init__(self) -> None:
        self.now = time.time()

    def time(self) -> float:
        """Returns the moment."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time that keys are old by."""
    clock = Clock()
    monkeypatch.setattr(issuer_keys, "time", clock)
    return clock


def test_a_thousand_unknown_keys_have_nothing_fetched(issuer: Issuer, clock: Clock) -> None:
    assert ask(issuer.token())["isAuthorized"]
    for number in range(1_000):
        assert ask(forged(issuer, kid=f"unknown-{number}")) == REFUSED
    assert issuer.asked == ["/keys"]
    clock.now += issuer_keys.COOL_DOWN_SECONDS
    issuer.add("new", RSA)
    assert ask(issuer.token("new"))["isAuthorized"], "a new key is known half a minute later at most"
    assert len(issuer.asked) == 2


def test_a_withdrawn_key_is_good_for_five_minutes(issuer: Issuer, clock: Clock) -> None:
    issuer.add("old", RSA)
    token = issuer.token("old")
    assert ask(token)["isAuthorized"]
    del issuer.keys["old"]
    clock.now += issuer_keys.FRESH_SECONDS + 1
    assert ask(token) == REFUSED


@pytest.mark.parametrize("text", [None, b"", b"[]", b"{}", b'{"keys": {}}', b"\xff" * 300_000])
def test_while_the_issuer_does_not_answer_its_keys_are_good_for_a_day(
    issuer: Issuer, clock: Clock, text: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert ask(issuer.token())["isAuthorized"]
    issuer.answers, issuer.text = text is not None, text
    clock.now += issuer_keys.FRESH_SECONDS + 1
    assert all(ask(issuer.token())["isAuthorized"] for _ in range(10))
    assert (len(issuer.asked), issuer_keys.ISSUER_SILENT in caplog.messages) == (2, True)
    clock.now += issuer_keys.STALE_SECONDS
    assert ask(issuer.token()) == REFUSED
    issuer.answers, issuer.text = True, None
    clock.now += issuer_keys.COOL_DOWN_SECONDS
    assert ask(issuer.token())["isAuthorized"]


@pytest.mark.parametrize("uri", ["http://issuer.example/keys", "file:///etc/passwd", "ftp://127.0.0.1/keys", ""])
def test_keys_are_fetched_by_https_alone(uri: str) -> None:
    with pytest.raises(Misconfigured):
        issuer_keys.IssuerKeys(uri)


def test_a_token_is_no_key_and_costs_keys_nothing(issuer: Issuer) -> None:
    assert ask("eyJhbGciOiJub25lIn0.e30") == REFUSED
    assert ask("ak_demo_eyJ.a.b") == REFUSED
    assert issuer.asked == []
