"""Signing in and out, the session, and what nobody sees without."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import jwt
import pytest
from builders import SECRET, Answer, AppServer
from contract.conftest import (
    MOMENT,
    MONA,
    PASSWORD,
    Here,
    assert_refused,
    eventually,
    hashes,
    organisation,
    post_form,
    server_over,
    session_cookie,
    signed,
    strict,
    write,
)

from dashapp.source.embedded import EmbeddedStore

LOGIN: Final = "/api/auth/login"
SUMMARY: Final = "/api/analytics/live/summary"
ADA, LENA, REP = "ada@example.org", "lena@example.org", "asha@example.org"
BCRYPT_USER: Final = "mona@example.org"
COOKIES: dict[tuple[str, str], str] = {}  # signing in takes its time, on purpose
PAGE_CONTENT: Final = re.compile(
    rb"data-metric=.?(total_|visits_)|kpi|Top ten|topbar|_dash-config|react-entry"
)


@pytest.fixture(scope="module")
def own_server(here: Here) -> Iterator[AppServer]:
    """Signing in leaves traces in the data."""
    with server_over(organisation(here), here) as started:
        yield started


def signed_in(server: AppServer, email: str = ADA) -> dict[str, str]:
    """The headers of a browser that is signed in."""
    known = (server.url, email)
    if known not in COOKIES:
        answer = post_form(server, "/auth/login", email=email, password=PASSWORD)
        assert answer.status == 303, answer.body
        COOKIES[known] = session_cookie(answer)
    return {"Cookie": COOKIES[known]}


# --- JSON


def test_a_program_signs_in_and_uses_the_token(own_server: AppServer) -> None:
    before = datetime.now(UTC)
    answer = own_server.post_json(LOGIN, {"email": ADA, "password": PASSWORD})
    assert answer.status == 200
    body = strict(answer.body)
    user = {"id": "a" * 24, "email": ADA, "name": "Ada Admin", "role": "admin"}
    assert (body["success"], body["user"]) == (True, user)
    claims = jwt.decode(body["token"], SECRET, algorithms=["HS256"])
    assert (claims["sub"], claims["email"], claims["role"]) == ("a" * 24, ADA, "admin")
    assert claims["exp"] - claims["iat"] == body["expires_in"]
    assert 0 <= claims["iat"] - int(before.timestamp()) < 10
    assert own_server.get(SUMMARY, body["token"]).status == 200


@pytest.mark.parametrize("email", [BCRYPT_USER, LENA, REP, "ASHA@EXAMPLE.ORG", " asha@example.org "])
def test_whoever_is_active_signs_in(own_server: AppServer, email: str) -> None:
    answer = own_server.post_json(LOGIN, {"email": email, "password": PASSWORD})
    assert answer.status == 200
    assert answer.json["user"]["email"] == email.strip().lower()
    assert answer.headers["Cache-Control"]  # a token is not for caches
    assert "public" not in answer.headers["Cache-Control"]


def test_a_sales_user_signs_in_and_is_kept_from_the_figures(own_server: AppServer) -> None:
    token = own_server.sign_in(REP, PASSWORD)
    assert_refused(own_server.get(SUMMARY, token), 403)


REFUSED: Final = (
    (ADA, "wrong"),
    (BCRYPT_USER, "wrong"),
    ("nobody@example.org", PASSWORD),
    ("gone@example.org", PASSWORD),  # not active
    ("bo@example.org", PASSWORD),  # no password set
    (ADA, PASSWORD + " "),
    (ADA, PASSWORD.upper()),
    (".*@example.org", PASSWORD),
    ("%", PASSWORD),
)


def test_every_refusal_reads_the_same(own_server: AppServer) -> None:
    told = []
    for email, password in REFUSED:
        answer = own_server.post_json(LOGIN, {"email": email, "password": password})
        assert_refused(answer, 401)
        told.append({**answer.json, "timestamp": ""})
    assert all(one == told[0] for one in told)


def test_every_refusal_reads_the_same_in_the_form(own_server: AppServer) -> None:
    pages = []
    for email, password in REFUSED[:4]:
        answer = post_form(own_server, "/auth/login", email=email, password=password)
        assert answer.status == 401
        assert "Set-Cookie" not in answer.headers
        pages.append(re.findall(rb'role="alert">(.*?)<', answer.body))
    assert pages[0] and all(page == pages[0] for page in pages)


MEDIANS: dict[int, dict[str, float]] = {}


def medians(server: AppServer, attempt: int) -> dict[str, float]:
    """The median time of seven refusals of each, in turns; the first round may have to prepare something."""
    if attempt in MEDIANS:
        return MEDIANS[attempt]
    took: dict[str, list[float]] = {email: [] for email in (ADA, BCRYPT_USER, "nobody@example.org")}
    for number in range(8):
        for email, times in took.items():
            begun = time.perf_counter()
            server.post_json(LOGIN, {"email": email, "password": f"wrong {attempt} {number}"})
            times.append(time.perf_counter() - begun)
    MEDIANS[attempt] = {email: statistics.median(times[1:]) for email, times in took.items()}
    return MEDIANS[attempt]


@pytest.mark.parametrize("known", [ADA, BCRYPT_USER], ids=["argon2id", "bcrypt"])
def test_the_time_does_not_tell_who_has_an_account(own_server: AppServer, known: str) -> None:
    def alike(attempt: int) -> bool:
        times = medians(own_server, attempt)
        two = times[known], times["nobody@example.org"]
        return max(two) < 1.4 * min(two)

    assert alike(1) or alike(2)


# --- The form


def test_the_form_starts_a_session(own_server: AppServer) -> None:
    answer = post_form(own_server, "/auth/login", email=ADA, password=PASSWORD)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    headers = {"Cookie": session_cookie(answer)}
    assert own_server.request("GET", SUMMARY, headers=headers).status == 200
    page = own_server.request("GET", "/", headers=headers)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert own_server.request("GET", "/_dash-layout", headers=headers).status == 200


def test_the_session_belongs_to_the_user(own_server: AppServer) -> None:
    regions = own_server.request("GET", "/api/analytics/live/regional", headers=signed_in(own_server, LENA))
    assert [one["region"] for one in regions.data] == ["Coast"]


def test_a_changed_cookie_is_no_session(own_server: AppServer) -> None:
    cookie = signed_in(own_server)["Cookie"]
    for other in (cookie[:-3] + "AAA", cookie.split(".")[0], "session=", "session=x.y.z"):
        assert_refused(own_server.request("GET", SUMMARY, headers={"Cookie": other}), 401)


@pytest.mark.parametrize(
    "wanted",
    ["/", "/?daysBack=7&region=Nairobi", "/team/bo?from=2026-01-01&to=2026-01-31", "/regions/Coast%20Line"],
)
def test_after_signing_in_people_get_where_they_wanted(own_server: AppServer, wanted: str) -> None:
    answer = post_form(own_server, "/auth/login", email=ADA, password=PASSWORD, next=wanted)
    assert (answer.status, answer.headers["Location"]) == (303, wanted)


ELSEWHERE: Final = (
    "//evil.example",
    "///evil.example",
    "https://evil.example",
    "https:evil.example",
    "http:///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "//[",
    "https://[x",
    "//evil\u2100.example",
    "/\x00//evil.example",
    "/a\r\nSet-Cookie: a=b",
    "",
)


@pytest.mark.parametrize("wanted", ELSEWHERE[::3], ids=ascii)
def test_after_signing_in_nobody_is_led_elsewhere(own_server: AppServer, wanted: str) -> None:
    answer = post_form(own_server, "/auth/login", email=REP, password=PASSWORD, next=wanted)
    assert (answer.status, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("wanted", ELSEWHERE, ids=ascii)
def test_the_form_does_not_carry_other_sites_on(own_server: AppServer, wanted: str) -> None:
    answer = own_server.get(f"/login?next={quote(wanted)}")
    assert answer.status == 200
    assert re.findall(rb'name="next" value="(.*?)"', answer.body) == [b"/"]


def test_the_form_keeps_what_was_wanted_through_a_mistake(own_server: AppServer) -> None:
    wanted = '/?region=<"Coast">'
    answer = post_form(own_server, "/auth/login", email='"><b>', password="wrong", next=wanted)
    assert answer.status == 401
    assert b'value="/?region=&lt;&#34;Coast&#34;&gt;"' in answer.body
    assert b"<b>" not in answer.body.split(b"<form", 1)[1].split(b"</form>")[0]


@pytest.mark.parametrize("fields", [{}, {"email": ADA}, {"password": "x"}, {"email": "", "password": ""}])
def test_an_incomplete_form_is_shown_again(own_server: AppServer, fields: dict[str, str]) -> None:
    answer = post_form(own_server, "/auth/login", None, **fields)
    assert answer.status == 400
    assert b'name="password"' in answer.body


def test_whoever_is_signed_in_skips_the_sign_in_page(own_server: AppServer) -> None:
    answer = own_server.request("GET", "/login?next=/%3FdaysBack=7", headers=signed_in(own_server))
    assert (answer.status, answer.headers["Location"]) == (302, "/?daysBack=7")


def test_signing_out_ends_the_session(own_server: AppServer) -> None:
    headers = signed_in(own_server)
    answer = own_server.request("POST", "/auth/logout", b"", headers)
    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("session=;")
    assert "1970" in cookie or "Max-Age=0" in cookie
    assert_refused(own_server.request("GET", SUMMARY, headers={"Cookie": session_cookie(answer)}), 401)


def test_a_link_signs_nobody_out(own_server: AppServer) -> None:
    headers = signed_in(own_server)
    answer = own_server.request("GET", "/auth/logout", headers=headers)
    assert "Set-Cookie" not in answer.headers
    assert own_server.request("GET", SUMMARY, headers=headers).status == 200


def test_a_session_ends_with_the_account(own_server: AppServer) -> None:
    argon2id, _ = hashes()
    brief = {"_id": "brief", "email": "brief@example.org", "role": "manager", "passwordHash": argon2id}
    write(own_server, {"users": [brief]})
    headers = signed_in(own_server, "brief@example.org")  # at once, known in memory or not
    assert own_server.request("GET", SUMMARY, headers=headers).status == 200
    EmbeddedStore(own_server.folder).update("users", "brief", {"active": False})
    assert eventually(lambda: own_server.request("GET", SUMMARY, headers=headers).status == 401)
    assert_refused(own_server.post_json(LOGIN, {"email": "brief@example.org", "password": PASSWORD}), 401)


# --- Other sites


OTHER_SITES: Final[tuple[dict[str, str], ...]] = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
)


@pytest.mark.parametrize("site", OTHER_SITES, ids=str)
def test_other_sites_cannot_sign_anybody_in_or_out(own_server: AppServer, site: dict[str, str]) -> None:
    answer = post_form(own_server, "/auth/login", site, email=ADA, password=PASSWORD)
    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers
    answer = own_server.request("POST", "/auth/logout", b"", {**signed_in(own_server), **site})
    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("site", OTHER_SITES, ids=str)
def test_other_sites_cannot_use_the_session(own_server: AppServer, site: dict[str, str]) -> None:
    headers = {**signed_in(own_server), **site, "Content-Type": "application/json"}
    for path in (SUMMARY, "/_dash-update-component", LOGIN):
        assert_refused(own_server.request("POST", path, b"{}", headers), 403)


def test_the_own_site_signs_in_and_out(own_server: AppServer) -> None:
    own: dict[str, str] = {"Origin": own_server.url, "Sec-Fetch-Site": "same-origin"}
    for site in (
        own,
        {"Origin": own_server.url},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ):
        answer = post_form(own_server, "/auth/login", site, email=ADA, password=PASSWORD)
        assert answer.status == 303
        headers = {"Cookie": session_cookie(answer), **site}
        assert own_server.request("POST", "/auth/logout", b"", headers).status == 303


# --- Without credentials


def assert_leads_to_sign_in(answer: Answer, path: str) -> None:
    assert answer.status == 302
    target = urlsplit(answer.headers["Location"])
    assert target.path == "/login"
    assert parse_qs(target.query) == {"next": [path]}


@pytest.mark.parametrize(
    "path", ["/", "/?daysBack=7&region=Nairobi", "/funnel", "/team/bo", "/reports", "/admin/x"]
)
def test_a_page_leads_to_the_sign_in_page(own_server: AppServer, path: str) -> None:
    assert_leads_to_sign_in(own_server.get(path), path)


def test_head_leads_to_the_sign_in_page_as_well(own_server: AppServer) -> None:
    assert_leads_to_sign_in(own_server.request("HEAD", "/funnel"), "/funnel")


HIDDEN: Final = (
    "/",
    "/_dash-layout",
    "/_dash-dependencies",
    "/_dash-config",
    "/_dash-layout/",
    "//_dash-layout",
    "/_reload-hash",
    "/_mcp",
    "/_dash-component-suites/dash/dash_table/bundle.js",
    "/_dash-component-suites/../_dash-layout",
    "/login/x",
    "/health/x",
    "/nothing",
    "/assets/",
    "/assets//x",
    "/assets/../_dash-layout",
    "/assets/%2e%2e/pages/overview.py",
    "/accounts//x",
    "/api//x",
    "/pages/overview.py",
    "/.env",
    "/wsgi.py",
)


@pytest.mark.parametrize("path", HIDDEN)
def test_nothing_of_the_pages_is_shown_without_credentials(own_server: AppServer, path: str) -> None:
    for method in ("GET", "POST", "HEAD", "OPTIONS", "PUT"):
        answer = own_server.request(method, path)
        empty = method == "OPTIONS" and answer.status == 200 and not answer.body
        assert empty or answer.status in {302, 308, 401, 403, 404, 405}, (method, path)
        assert not PAGE_CONTENT.search(answer.body)


def test_the_callbacks_of_the_pages_are_refused_without_credentials(own_server: AppServer) -> None:
    outputs = {"id": "today", "property": "children"}
    body = {
        "output": "today.children",
        "outputs": outputs,
        "inputs": [{"id": "overview-go", "property": "data", "value": 1}],
        "changedPropIds": ["overview-go.data"],
    }
    for path in ("/_dash-update-component", "/assets/../_dash-update-component", "//_dash-update-component"):
        answer = own_server.post_json(path, body)
        assert answer.status in {308, 401, 404, 405}
        assert not PAGE_CONTENT.search(answer.body)
    assert_refused(own_server.post_json("/_dash-update-component", body), 401)


def test_a_sales_user_sees_no_page(own_server: AppServer) -> None:
    headers = signed_in(own_server, REP)
    for path in ("/", "/funnel", "/nothing"):
        answer = own_server.request("GET", path, headers=headers)
        assert answer.status == 403
        assert not PAGE_CONTENT.search(answer.body)
        assert b"/auth/logout" in answer.body  # a way out
    for path in ("/_dash-layout", "/_dash-dependencies", SUMMARY):
        assert_refused(own_server.request("GET", path, headers=headers), 403)
    posted = own_server.request("POST", "/_dash-update-component", b"{}", headers)
    assert posted.status == 403


# --- Traces


def stored(server: AppServer, collection: str, **equals: Any) -> list[dict[str, Any]]:
    return EmbeddedStore(server.folder).find(collection, **equals)


def just_now(value: datetime) -> bool:
    return abs(datetime.now(UTC).replace(tzinfo=None) - value) < timedelta(seconds=5)


@pytest.mark.parametrize("how", ["json", "form"])
def test_a_sign_in_is_written_down(own_server: AppServer, how: str) -> None:
    before = len(stored(own_server, "logins", userId=MONA))
    if how == "json":
        own_server.sign_in(BCRYPT_USER, PASSWORD)
    else:
        assert post_form(own_server, "/auth/login", email=BCRYPT_USER, password=PASSWORD).status == 303
    user = stored(own_server, "users", _id=MONA)[0]
    assert just_now(user["lastLogin"])
    assert just_now(user["lastSeen"])
    logins = stored(own_server, "logins", userId=MONA)
    assert len(logins) == before + 1
    assert just_now(max(one["at"] for one in logins if one["at"]))


def test_a_refused_sign_in_leaves_no_trace(own_server: AppServer) -> None:
    before = len(stored(own_server, "logins")), stored(own_server, "users", _id="gone")
    for email, password in (("gone@example.org", PASSWORD), (BCRYPT_USER, "wrong"), ("x@example.org", "x")):
        own_server.post_json(LOGIN, {"email": email, "password": password})
    assert (len(stored(own_server, "logins")), stored(own_server, "users", _id="gone")) == before


@pytest.mark.parametrize("by", ["token", "session"])
def test_whoever_asks_is_seen(own_server: AppServer, here: Here, by: str) -> None:
    argon2id, _ = hashes()
    one = {"_id": f"by {by}", "email": f"{by}@example.org", "role": "manager", "passwordHash": argon2id}
    write(own_server, {"users": [one]})
    token = {"Authorization": f"Bearer {signed(sub=one['_id'])}"}
    headers = token if by == "token" else signed_in(own_server, one["email"])
    EmbeddedStore(own_server.folder).update("users", one["_id"], {"lastSeen": here.at(3)})
    assert eventually(lambda: own_server.request("GET", SUMMARY, headers=headers).status == 200)
    assert eventually(lambda: just_now(stored(own_server, "users", _id=one["_id"])[0]["lastSeen"]))


def test_a_sign_in_counts_as_an_activity(own_server: AppServer) -> None:
    token = own_server.sign_in(ADA, PASSWORD)

    def mine() -> dict[str, Any]:
        users = own_server.live("users-activity?daysBack=1", token)["users"]
        found: dict[str, Any] = next(one for one in users if one["name"] == "Ada Admin")
        return found

    assert eventually(lambda: mine()["logins"] > 0)
    assert MOMENT.fullmatch(mine()["last_activity"])


# --- The page


def hooks(answer: Answer, name: str) -> dict[str, str]:
    found: Callable[[bytes], list[tuple[bytes, bytes]]] = re.compile(
        name.encode() + rb'="([^"]*)" data-value="([^"]*)"'
    ).findall
    return {key.decode(): value.decode() for key, value in found(answer.body)}


def test_the_sign_in_page_shows_the_pulse(server: AppServer) -> None:
    public = server.get("/accounts/analytics/realtime/").json["metrics"]
    for path in ("/login", "/login/pulse"):
        answer = server.get(path)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert hooks(answer, "data-metric") == {
            "online_users": str(public["online_now"]),
            "active_users": str(public["active_today"]),
            "total_users": str(public["total_users"]),
            "recent_activities": str(public["recent_activities"]),
        }
        assert hooks(answer, "data-tier") == {"Bronze": "0", "Silver": "2", "Gold": "2", "Platinum": "0"}
        assert re.findall(rb'data-freshness="(\w+)"', answer.body) == [b"live"]


def test_the_sign_in_page_loads_nothing_from_elsewhere(server: AppServer) -> None:
    page = server.get("/login")
    links = re.findall(rb'(?:src|href|action)="([^"]+)"', page.body)
    assert links and all(link.startswith(b"/") and not link.startswith(b"//") for link in links)
    for link in links:
        if link.startswith(b"/assets/"):
            assert server.get(link.decode()).status == 200


def test_pages_are_sent_with_protecting_headers(server: AppServer) -> None:
    headers = server.get("/login").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-eval" not in headers["Content-Security-Policy"]
