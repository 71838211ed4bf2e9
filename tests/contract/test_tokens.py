"""Tokens: which are accepted, and who decides what they may see."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import jwt
import pytest
from builders import SECRET, Answer, AppServer
from contract.conftest import (
    ADA,
    ASHA,
    MONA,
    PASSWORD,
    Here,
    assert_refused,
    eventually,
    organisation,
    server_over,
    signed,
)

from dashapp.source.embedded import EmbeddedStore

SUMMARY: Final = "/api/analytics/live/summary"
QUESTIONS: Final = (
    "realtime",
    "summary",
    "conversion",
    "regional",
    "top-performers",
    "dashboard",
    "users-activity",
    "trends",
)
SOON: Final = datetime.now(UTC) + timedelta(hours=1)
CLAIMS: Final = {"sub": "someone", "role": "admin", "exp": int(SOON.timestamp())}


@pytest.fixture(scope="module")
def own_server(here: Here) -> Iterator[AppServer]:
    """A server whose accounts may be changed."""
    documents = organisation(here)
    documents["users"].append({"_id": "12345", "email": "n@example.org", "role": "sales"})
    with server_over(documents, here) as started:
        yield started


def part(value: Any) -> bytes:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=")


def forged(header: Any, claims: Any = CLAIMS, secret: str = SECRET, digest: str = "sha256") -> str:
    """A token put together by hand, with any header, signed as told."""
    text = part(header) + b"." + part(claims)
    return (text + b"." + part(hmac.digest(secret.encode(), text, digest))).decode()


def asked(server: AppServer, authorization: str) -> Answer:
    return server.request("GET", SUMMARY, headers={"Authorization": authorization})


# --- Credentials that do not count


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_is_told_without_credentials(server: AppServer, question: str) -> None:
    error = assert_refused(server.get(f"/api/analytics/live/{question}"), 401)
    assert error["code"] == "not_authenticated"


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_is_told_to_sales(server: AppServer, question: str) -> None:
    for token in (signed(sub=str(ASHA)), signed(sub="elsewhere", role="sales")):
        error = assert_refused(server.get(f"/api/analytics/live/{question}", token), 403)
        assert error["code"] == "forbidden"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Bearer null",
        "Bearer undefined",
        "Bearer .",
        "Bearer ..",
        "Bearer a.b",
        "Bearer a.b.c",
        "Bearer a.b.c.d",
        "Bearer \xe9\xff",
        "Bearer " + "A" * 5000,
        "Basic YWRhOnNlY3JldA==",
        "Digest username=ada",
        "Bearer Bearer",
    ],
)
def test_broken_credentials_are_refused(server: AppServer, authorization: str) -> None:
    assert_refused(asked(server, authorization), 401)


@pytest.mark.parametrize(
    "broken",
    [
        lambda token: token[:-4],
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B") + "A",
        lambda token: token.rsplit(".", 1)[0],
        lambda token: token.rsplit(".", 1)[0] + ".",
        lambda token: token[10:],
        lambda token: token.replace(".", "..", 1),
        lambda token: token + "." + token,
        lambda token: token.split(".")[0] + "." + part(CLAIMS).decode() + "." + token.split(".")[2],
    ],
)
def test_damaged_tokens_are_refused(server: AppServer, token: str, broken: Callable[[str], str]) -> None:
    assert_refused(asked(server, f"Bearer {broken(token)}"), 401)


def test_a_token_is_no_use_under_another_scheme(server: AppServer, token: str) -> None:
    for authorization in (token, f"Token {token}", f"Basic {token}", f"JWT {token}"):
        assert_refused(asked(server, authorization), 401)
    assert asked(server, f"bearer {token}").status == 200  # schemes compare case-insensitively


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_token_is_refused(server: AppServer, name: str) -> None:
    head = (part({"alg": name, "typ": "JWT"}) + b"." + part(CLAIMS)).decode()
    for token in (head + ".", head, forged({"alg": name})):
        assert_refused(asked(server, f"Bearer {token}"), 401)


def test_no_other_algorithm_is_accepted(server: AppServer) -> None:
    assert asked(server, f"Bearer {forged({'alg': 'HS256'})}").status == 200
    for name, digest in (("HS384", "sha384"), ("HS512", "sha512")):
        assert_refused(asked(server, f"Bearer {forged({'alg': name}, digest=digest)}"), 401)
        assert_refused(asked(server, f"Bearer {forged({'alg': name})}"), 401)
    others: list[Any] = [
        "RS256",
        "ES256",
        "PS256",
        "EdDSA",
        "hs256",
        "HS256 ",
        "dir",
        256,
        None,
        ["HS256"],
        {},
    ]
    for other in others:
        assert_refused(asked(server, f"Bearer {forged({'alg': other})}"), 401)


def test_another_secret_is_refused(server: AppServer) -> None:
    for secret in ("another secret, also long enough to be one", SECRET + " ", ""):
        assert_refused(asked(server, f"Bearer {forged({'alg': 'HS256'}, secret=secret)}"), 401)
    own = {"kty": "oct", "k": part(b"mine").decode()}
    for header in ({"alg": "HS256", "jwk": own}, {"alg": "HS256", "kid": "/dev/null"}):
        assert_refused(asked(server, f"Bearer {forged(header, secret='mine')}"), 401)


@pytest.mark.parametrize(
    "header",
    [b"", b"null", b"[]", b"{", b"\xff", b"[" * 3000, b'{"a":' * 1000],
    ids=lambda raw: repr(raw[:9]),
)
def test_an_unreadable_header_is_refused(server: AppServer, header: bytes) -> None:
    assert_refused(asked(server, f"Bearer {forged(header)}"), 401)


@pytest.mark.parametrize("claims", [b"", b"null", b"[]", b'"text"', b"{", b"\xff", b"7"])
def test_unreadable_claims_are_refused(server: AppServer, claims: bytes) -> None:
    assert_refused(asked(server, f"Bearer {forged({'alg': 'HS256'}, claims)}"), 401)


@pytest.mark.parametrize("ends", [0, -1, 1_000_000_000, "soon", [], {}, float("-inf")])
def test_a_token_that_is_over_is_refused(server: AppServer, ends: Any) -> None:
    assert_refused(asked(server, f"Bearer {forged({'alg': 'HS256'}, {**CLAIMS, 'exp': ends})}"), 401)


def test_a_token_ends_to_the_second(server: AppServer) -> None:
    just_over = datetime.now(UTC) - timedelta(seconds=1)
    assert_refused(asked(server, f"Bearer {signed(sub='x', role='admin', exp=just_over)}"), 401)


# --- Tokens of another backend


@pytest.mark.parametrize("name", ["sub", "userId", "id", "_id"])
def test_the_user_is_found_under_any_usual_name(server: AppServer, name: str) -> None:
    for user_id, status in ((str(MONA), 200), (str(ADA), 200), ("lena", 200), (str(ASHA), 403), ("bo", 403)):
        assert server.get(SUMMARY, signed(**{name: user_id})).status == status


def test_the_first_of_the_names_counts(server: AppServer) -> None:
    order = ("sub", "userId", "id", "_id")
    for first, second in pairwise(order):
        assert server.get(SUMMARY, signed(**{first: str(MONA), second: "bo"})).status == 200
        assert server.get(SUMMARY, signed(**{second: str(MONA), first: "bo"})).status == 403


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("admin", 200),
        ("manager", 200),
        ("Manager", 200),
        ("sales", 403),
        ("owner", 403),
        ("", 403),
        (None, 403),
        (["admin"], 403),
        ({"$ne": "sales"}, 403),
        (True, 403),
    ],
)
def test_of_somebody_unknown_the_claim_decides(server: AppServer, role: Any, status: int) -> None:
    answer = server.get(SUMMARY, signed(sub="somebody from elsewhere", role=role))
    assert answer.status == status
    if status != 200:
        assert_refused(answer, status)


def test_without_a_role_nobody_unknown_is_let_in(server: AppServer) -> None:
    assert_refused(server.get(SUMMARY, signed(sub="somebody from elsewhere")), 403)


@pytest.mark.parametrize(
    "nobody", [{}, {"sub": None}, {"sub": ""}, {"sub": []}, {"sub": {"$ne": None}}], ids=repr
)
def test_a_token_names_somebody(server: AppServer, nobody: dict[str, Any]) -> None:
    assert_refused(server.get(SUMMARY, signed(role="admin", **nobody)), 401)


@pytest.mark.parametrize("number", [7, 0, -1, 2**70, 1.5])
def test_a_number_as_the_id_breaks_nothing(server: AppServer, number: float) -> None:
    answer = asked(server, f"Bearer {forged({'alg': 'HS256'}, {**CLAIMS, 'sub': number})}")
    assert answer.status in {200, 401}


def test_a_number_names_the_user_whose_id_reads_so(own_server: AppServer) -> None:
    token = forged({"alg": "HS256"}, {**CLAIMS, "sub": 12345})
    assert_refused(asked(own_server, f"Bearer {token}"), 403)


def test_other_claims_of_other_backends_are_no_obstacle(server: AppServer) -> None:
    more: dict[str, Any] = {
        "aud": "crm",
        "iss": "https://id.example",
        "jti": "1",
        "nbf": datetime.now(UTC),
        "scope": ["a"],
    }
    assert server.get(SUMMARY, signed(sub="x", role="admin", **more)).status == 200


@pytest.mark.parametrize("user_id", ["\ud800", "a\0b", "x" * 2000, "{'$ne': 1}", "../..", "ü😀"], ids=ascii)
def test_odd_ids_break_nothing(server: AppServer, user_id: str) -> None:
    for _ in range(2):
        answer = asked(server, f"Bearer {forged({'alg': 'HS256'}, {**CLAIMS, 'sub': user_id})}")
        assert answer.status in {200, 401}
    assert server.get("/health").json["status"] == "healthy"


def test_odd_ids_do_not_keep_others_from_being_seen(own_server: AppServer) -> None:
    for odd in ("\ud800", "a\0b"):
        token = forged({"alg": "HS256"}, {**CLAIMS, "sub": odd})
        assert asked(own_server, f"Bearer {token}").status in {200, 401}
    assert own_server.get(SUMMARY, signed(sub="lena")).status == 200

    def seen() -> bool:
        found = EmbeddedStore(own_server.folder).find("users", _id="lena")
        return "lastSeen" in found[0]

    assert eventually(seen)


# --- The record of a known user decides


def test_the_claim_does_not_raise_a_known_user(server: AppServer) -> None:
    for role in ("admin", "manager"):
        assert_refused(server.get(SUMMARY, signed(sub="bo", role=role)), 403)


def test_the_claim_does_not_lower_a_known_user(server: AppServer) -> None:
    assert server.get(SUMMARY, signed(sub=str(MONA), role="sales")).status == 200


def test_an_inactive_user_is_refused_whatever_the_claim(server: AppServer) -> None:
    assert_refused(server.get(SUMMARY, signed(sub="gone", role="admin")), 401, 403)


def test_a_demoted_user_is_out_within_two_seconds(own_server: AppServer) -> None:
    token = signed(sub=str(MONA), role="manager")
    assert own_server.get(SUMMARY, token).status == 200
    EmbeddedStore(own_server.folder).update("users", MONA, {"role": "sales"})
    assert eventually(lambda: own_server.get(SUMMARY, token).status == 403)
    EmbeddedStore(own_server.folder).update("users", MONA, {"role": "manager"})
    assert eventually(lambda: own_server.get(SUMMARY, token).status == 200)


def test_a_deactivated_user_is_out_within_two_seconds(own_server: AppServer) -> None:
    token = signed(sub=str(ADA), role="admin")
    assert own_server.get(SUMMARY, token).status == 200
    own_server.flask("users", "deactivate", "ada@example.org")
    assert eventually(lambda: own_server.get(SUMMARY, token).status in {401, 403})


def test_a_manager_is_limited_within_two_seconds(own_server: AppServer) -> None:
    token = signed(sub="lena")
    assert [one["region"] for one in own_server.live("regional?daysBack=7", token)] == ["Coast"]
    EmbeddedStore(own_server.folder).update("users", "lena", {"regions": ["Nairobi"]})

    def sees_nairobi_only() -> bool:
        return [one["region"] for one in own_server.live("regional?daysBack=7", token)] == ["Nairobi"]

    assert eventually(sees_nairobi_only)


def test_own_tokens_carry_the_claims_of_the_contract(own_server: AppServer) -> None:
    token = own_server.sign_in("asha@example.org", PASSWORD)
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    assert {"sub", "email", "role", "iat", "exp"} <= set(claims)
    assert (claims["sub"], claims["email"], claims["role"]) == (str(ASHA), "asha@example.org", "sales")
