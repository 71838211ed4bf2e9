"""Charts as pictures over HTTP: who gets them, how they look, when they change, many at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO
from typing import Final

import pytest
from builders import Answer, AppServer
from contract.conftest import (
    PASSWORD,
    Here,
    assert_refused,
    eventually,
    manager_token,
    organisation,
    post_form,
    server_over,
    session_cookie,
    signed,
    write,
)
from PIL import Image

LIVE: Final = "/api/analytics/live"
TYPES: Final = ("performance", "heatmap", "funnel", "trends")
PAGE_KEYS: Final = ("trends", "funnel", "regions", "heatmap", "region_metrics", "performance", "daily")
LIGHT, DARK = (255, 255, 255), (0x17, 0x1C, 0x27)


@pytest.fixture
def changing(here: Here) -> Iterator[AppServer]:
    with server_over(organisation(here), here) as started:
        yield started


def picture(server: AppServer, token: str, asked: str) -> Answer:
    answer = server.get(f"{LIVE}/chart/{asked}", token)
    assert answer.status == 200, answer.body[:300]
    return answer


def look(answer: Answer) -> tuple[tuple[int, int], tuple[int, int, int]]:
    """Size and ground of a picture."""
    assert answer.headers["Content-Type"] == "image/png"
    with Image.open(BytesIO(answer.body)) as image:
        assert image.format == "PNG"
        drawn = image.convert("RGB")
        corner = drawn.getpixel((0, 0))
        assert isinstance(corner, tuple)
        assert len(drawn.getcolors(1 << 24) or ()) > 10  # something is on it
        return drawn.size, (int(corner[0]), int(corner[1]), int(corner[2]))


# --- What is sent


@pytest.mark.parametrize("kind", TYPES)
class TestEveryType:
    def test_is_a_picture_of_the_size_of_the_contract(
        self, server: AppServer, token: str, kind: str, here: Here
    ) -> None:
        answer = picture(server, token, f"{kind}?daysBack=7")
        assert look(answer) == ((1000, 600), LIGHT)
        name = f"{kind}-{here.day(6)}-{here.day(0)}.png"
        assert answer.headers["Content-Disposition"] == f'inline; filename="{name}"'
        assert answer.headers["Cache-Control"] == "private, no-cache"

    def test_has_the_size_and_ground_that_are_asked_for(
        self, server: AppServer, token: str, kind: str
    ) -> None:
        for width, height in ((300, 200), (2000, 1500), (640, 480)):
            asked = f"{kind}?width={width}&height={height}&theme=dark"
            assert look(picture(server, token, asked)) == ((width, height), DARK)

    def test_covers_thirty_days_unless_said(self, server: AppServer, token: str, kind: str) -> None:
        assert picture(server, token, kind).body == picture(server, token, f"{kind}?daysBack=30").body

    def test_that_is_known_is_not_sent_again(self, server: AppServer, token: str, kind: str) -> None:
        first = picture(server, token, kind)
        tag = first.headers["ETag"]
        assert tag.startswith('"')
        for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            again = server.get(f"{LIVE}/chart/{kind}", token, If_None_Match=known)
            assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
        assert server.get(f"{LIVE}/chart/{kind}", token, If_None_Match='"other"').body == first.body

    def test_answers_head_like_get(self, server: AppServer, token: str, kind: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        got, head = (
            picture(server, token, kind),
            server.request("HEAD", f"{LIVE}/chart/{kind}", None, headers),
        )
        assert (head.status, head.body) == (200, b"")
        for name in ("ETag", "Content-Type", "Content-Length"):
            assert head.headers[name] == got.headers[name]

    def test_of_nothing_is_a_picture_too(self, server: AppServer, token: str, kind: str) -> None:
        assert look(picture(server, token, f"{kind}?region=Atlantis")) == ((1000, 600), LIGHT)


def test_tags_tell_apart_whatever_looks_different(server: AppServer, token: str, here: Here) -> None:
    looks = ("", "?daysBack=7", "?region=Coast", "?userId=bo", "?width=999", "?height=599", "?theme=dark")
    ranged = f"?from={here.day(29)}&to={here.day(0)}"  # the same numbers under another name
    asked = [f"{kind}{one}" for kind in TYPES for one in (*looks, ranged)]
    answers = [picture(server, token, one) for one in asked]
    assert len({answer.headers["ETag"] for answer in answers}) == len(asked)
    assert len({answer.body for answer in answers}) == len(asked)


def test_parameters_in_another_order_or_as_their_defaults_are_the_same_picture(
    server: AppServer, token: str
) -> None:
    plain = picture(server, token, "trends?region=Coast&region=Nairobi").headers["ETag"]
    for same in (
        "region=Nairobi&region=Coast",
        "height=600&width=1000&theme=light&region=Coast&region=Nairobi",
    ):
        assert picture(server, token, f"trends?{same}").headers["ETag"] == plain


def test_fonts_are_remembered_in_the_data_folder(server: AppServer, token: str) -> None:
    picture(server, token, "funnel")
    assert list((server.folder / "matplotlib").glob("fontlist*.json"))


# --- What is refused


@pytest.mark.parametrize("kind", ["pie", "regions", "Funnel", "trend", "%00", "..", "funnel.png"])
def test_another_type_is_nowhere_and_the_four_are_named(server: AppServer, token: str, kind: str) -> None:
    refused = assert_refused(server.get(f"{LIVE}/chart/{kind}", token), 404)
    if kind not in {".."}:
        assert all(name in refused["message"] for name in TYPES)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("width=299", "width must be a whole number from 300 to 2000"),
        ("width=2001", "width must be a whole number from 300 to 2000"),
        ("width=1e3", "width must be a whole number from 300 to 2000"),
        ("height=199", "height must be a whole number from 200 to 1500"),
        ("height=1501", "height must be a whole number from 200 to 1500"),
        ("height=", "height must be a whole number from 200 to 1500"),
        ("width=400&width=400", "width must be given once"),
        ("theme=blue", "theme must be light or dark"),
        ("theme=", "theme must be light or dark"),
        ("daysBack=0", "daysBack must be a whole number from 1 to 3650"),
        ("topN=3", "Unknown parameter"),
        ("dpi=200", "Unknown parameter"),
    ],
)
def test_bad_parameters_are_refused(server: AppServer, token: str, asked: str, told: str) -> None:
    assert told in assert_refused(server.get(f"{LIVE}/chart/funnel?{asked}", token), 400)["message"]


@pytest.mark.parametrize("kind", [*TYPES, "pie"])
def test_pictures_are_for_analysts(server: AppServer, kind: str) -> None:
    assert_refused(server.get(f"{LIVE}/chart/{kind}"), 401)
    assert_refused(server.get(f"{LIVE}/chart/{kind}", "no token"), 401)
    assert_refused(server.get(f"{LIVE}/chart/{kind}", signed(sub="x", role="sales")), 403)
    assert_refused(server.request("POST", f"{LIVE}/chart/{kind}"), 401, 405)


@pytest.mark.parametrize("kind", TYPES)
def test_a_limited_manager_gets_pictures_of_their_regions_only(
    server: AppServer, token: str, kind: str
) -> None:
    lena = signed(sub="lena")
    coast = picture(server, token, f"{kind}?region=Coast")
    for asked in (kind, f"{kind}?region=Coast", f"{kind}?region=Coast&region=Nairobi"):
        assert picture(server, lena, asked).body == coast.body
    nothing = picture(server, lena, f"{kind}?region=Nairobi").body
    assert nothing == picture(server, lena, f"{kind}?region=Unassigned").body != coast.body


# --- When pictures change


def test_pictures_change_with_the_numbers_not_with_the_clock(changing: AppServer, here: Here) -> None:
    token = manager_token()
    tags = {kind: picture(changing, token, f"{kind}?daysBack=7").headers["ETag"] for kind in TYPES}
    time.sleep(1.1)
    visit = {"userId": "bo", "facilityId": "market", "status": "successful", "date": here.at(25)}
    write(changing, {"visits": [visit]})  # too long ago for them
    assert eventually(lambda: changing.live("summary", token)["total_visits"] == 12)
    for kind, tag in tags.items():
        assert picture(changing, token, f"{kind}?daysBack=7").headers["ETag"] == tag
    write(changing, {"visits": [{**visit, "date": here.at(5)}]})
    assert eventually(lambda: changing.live("summary", token)["total_visits"] == 13)
    for kind in set(TYPES) - {"performance"}:  # that is about revenue
        assert picture(changing, token, f"{kind}?daysBack=7").headers["ETag"] != tags[kind]


def test_old_data_are_marked_as_long_as_they_are_old(changing: AppServer) -> None:
    token = manager_token()
    fresh = {kind: picture(changing, token, kind) for kind in TYPES}
    database = changing.folder / "embedded.sqlite3"
    away = database.rename(changing.folder / "away")
    try:
        changing.wait_for("degraded")
        stale = {kind: picture(changing, token, kind) for kind in TYPES}
        time.sleep(1.1)
        for kind in TYPES:
            assert stale[kind].body != fresh[kind].body
            tag = fresh[kind].headers["ETag"]
            assert changing.get(f"{LIVE}/chart/{kind}", token, If_None_Match=tag).status == 200
            assert picture(changing, token, kind).headers["ETag"] == stale[kind].headers["ETag"]
    finally:
        away.rename(database)
    changing.wait_for("healthy")
    for kind in TYPES:
        assert picture(changing, token, kind).body == fresh[kind].body


# --- Many at a time


def test_sixteen_at_a_time_are_those_drawn_alone(server: AppServer, here: Here, token: str) -> None:
    asked = [f"{kind}?width={width}&daysBack=20" for kind in TYPES for width in (310, 500, 800, 1200)]
    with server_over(organisation(here), here) as other, ThreadPoolExecutor(16) as pool:
        while datetime.now(here.zone).second > 50:  # both see the numbers in the same minute
            time.sleep(0.5)
        for kind in TYPES:
            for one in (server, other):
                picture(one, token, f"{kind}?daysBack=20")
        together = list(pool.map(lambda one: picture(server, token, one), asked))
        for one, drawn in zip(asked, together, strict=True):
            alone = picture(other, token, one)
            assert drawn.headers["ETag"] == alone.headers["ETag"]
            assert drawn.body == alone.body
    assert len({drawn.body for drawn in together}) == len(asked)


def test_too_many_are_sent_away_and_told_when_to_come_again(server: AppServer, token: str) -> None:
    def ask(width: int) -> Answer:
        return server.get(f"{LIVE}/chart/heatmap?width={width}&height=1500&daysBack=19", token)

    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(ask, range(1900, 1960)))
    refused = [answer for answer in answers if answer.status != 200]
    assert len(refused) <= 60 - 24
    for answer in refused:
        assert assert_refused(answer, 503)["code"] == "busy"
        assert int(answer.headers["Retry-After"]) > 0
    assert eventually(lambda: ask(1950).status == 200, 10)


# --- For people


@pytest.fixture(scope="module")
def signed_in(here: Here) -> Iterator[tuple[AppServer, dict[str, str]]]:
    with server_over(organisation(here), here) as started:
        answer = post_form(started, "/auth/login", email="mona@example.org", password=PASSWORD)
        yield started, {"Cookie": session_cookie(answer)}


def test_a_session_gets_pictures_so_that_pages_can_show_them(
    signed_in: tuple[AppServer, dict[str, str]],
) -> None:
    server, cookie = signed_in
    for kind in TYPES:
        assert look(server.request("GET", f"{LIVE}/chart/{kind}", headers=cookie)) == ((1000, 600), LIGHT)


@pytest.mark.parametrize("key", [*PAGE_KEYS, "hours", "calendar"])
def test_every_chart_of_the_pages_can_be_had_as_a_picture(
    signed_in: tuple[AppServer, dict[str, str]], key: str, here: Here
) -> None:
    server, cookie = signed_in
    asked = f"/chart/{key}.png?daysBack=7&region=Coast&theme=dark&width=1600&height=900"
    answer = server.request("GET", asked, headers=cookie)
    assert look(answer) == ((1600, 900), DARK)
    assert f'filename="{key}-{here.day(6)}-{here.day(0)}.png"' in answer.headers["Content-Disposition"]
    again = server.request("GET", asked, headers={**cookie, "If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


def test_without_a_session_the_pictures_of_the_pages_lead_to_the_sign_in_page(server: AppServer) -> None:
    answer = server.get("/chart/funnel.png?daysBack=7")
    assert answer.status == 302
    assert answer.headers["Location"] == "/login?next=/chart/funnel.png%3FdaysBack%3D7"


@pytest.mark.parametrize(
    ("path", "status"), [("/chart/pie.png", 404), ("/chart/funnel.png?width=1", 400), ("/chart/x/y.png", 200)]
)
def test_what_cannot_be_shown_is_said_on_a_page(
    signed_in: tuple[AppServer, dict[str, str]], path: str, status: int
) -> None:
    server, cookie = signed_in
    answer = server.request("GET", path, headers=cookie)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
