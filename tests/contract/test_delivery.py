"""How files and answers travel: compressed where asked, kept by browsers for as long as they are right."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final

import pytest
from builders import ROOT, Answer, AppServer
from contract.conftest import strict
from flask import Flask, Response

from dashapp.web.delivery import SMALLEST, Delivery

LIVE: Final = "/api/analytics/live"
STYLE: Final = "/assets/0-bootstrap.min.css"
FONT: Final = "/assets/inter.woff2"
GZIP: Final = {"Accept-Encoding": "gzip"}
FOREVER: Final = "public, max-age=31536000, immutable"
CALLBACK: Final = {
    "output": ".._pages_content.children..._pages_store.data..",
    "outputs": [
        {"id": "_pages_content", "property": "children"},
        {"id": "_pages_store", "property": "data"},
    ],
    "inputs": [
        {"id": "_pages_location", "property": "pathname", "value": "/"},
        {"id": "_pages_location", "property": "search", "value": ""},
    ],
    "changedPropIds": ["_pages_location.pathname"],
}


def digest(content: bytes) -> str:
    return blake2b(content, digest_size=8).hexdigest()


def file(path: str) -> bytes:
    return (ROOT / path.partition("?")[0].lstrip("/")).read_bytes()


def own(path: str) -> str:
    """The address of an asset that names its content."""
    return f"{path}?v={digest(file(path))}"


def unpacked(answer: Answer) -> bytes:
    packed = answer.headers.get("Content-Encoding") == "gzip"
    return gzip.decompress(answer.body) if packed else answer.body


def vary(answer: Answer) -> set[str]:
    return {one.strip() for one in answer.headers.get("Vary", "").split(",")}


class Asking:
    """The server, asked by somebody who may see everything."""

    def __init__(self, server: AppServer, token: str) -> None:
        self.server, self.credentials = server, {"Authorization": f"Bearer {token}"}

    def __call__(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
        known = {} if path == "/login" else self.credentials
        return self.server.request(method, path, headers={**known, **(headers or {})})

    def callback(self, headers: Mapping[str, str] | None = None) -> Answer:
        answer = self.server.post_json(
            "/_dash-update-component", CALLBACK, {**self.credentials, **(headers or {})}
        )
        assert answer.status == 200, answer.body[:300]
        return answer


@pytest.fixture(scope="module")
def ask(server: AppServer, token: str) -> Asking:
    return Asking(server, token)


@pytest.fixture(scope="module")
def page(ask: Asking) -> str:
    return ask("/").body.decode()


# --- Compression

LARGE: Final = (STYLE, "/", f"{LIVE}/trends?daysBack=365", "/api/openapi.json", "/login", "/_dash-layout")


@pytest.mark.parametrize("path", LARGE)
@pytest.mark.parametrize(
    ("wanted", "packed"),
    [
        ({}, False),
        ({"Accept-Encoding": ""}, False),
        ({"Accept-Encoding": "identity"}, False),
        ({"Accept-Encoding": "br, zstd"}, False),
        ({"Accept-Encoding": "gzip;q=0, *"}, False),
        (GZIP, True),
        ({"Accept-Encoding": "*"}, True),
        ({"Accept-Encoding": "br;q=1.0, gzip;q=0.1"}, True),
    ],
)
def test_what_is_large_is_compressed_where_that_is_asked_for(
    ask: Asking, path: str, wanted: dict[str, str], packed: bool
) -> None:
    answer = ask(path, wanted)
    assert answer.status == 200
    assert answer.headers.get("Content-Encoding") == ("gzip" if packed else None)
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert (answer.body[:2] == b"\x1f\x8b") is packed
    assert len(unpacked(answer)) > SMALLEST
    assert "Accept-Encoding" in vary(answer)  # whoever keeps it must know that there are two of it


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "assets").iterdir() if path.is_file()))
def test_files_arrive_as_they_are(ask: Asking, name: str) -> None:
    for headers in ({}, GZIP):
        for _ in range(2):  # as read from the disk, and as kept
            assert unpacked(ask(f"/assets/{name}", headers)) == file(f"/assets/{name}")


def test_the_parts_of_dash_arrive_the_same_either_way(ask: Asking, page: str) -> None:
    suites = re.findall(r'src="(/_dash-component-suites/[^"]+)"', page)
    assert len(suites) > 5
    for path in suites:
        plain, packed = ask(path), ask(path, GZIP)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert unpacked(packed) == plain.body
        assert plain.headers["Content-Type"] == packed.headers["Content-Type"]


def test_json_is_the_same_either_way(ask: Asking) -> None:
    path = f"{LIVE}/dashboard?daysBack=365"
    plain, packed = ask(path), ask(path, GZIP)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert strict(unpacked(packed))["data"] == strict(plain.body)["data"]
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert packed.headers["ETag"].startswith("W/")
    for headers in ({}, GZIP):
        again = ask(path, {**headers, "If-None-Match": plain.headers["ETag"]})
        assert (again.status, again.body) == (304, b"")
        assert "Content-Encoding" not in again.headers
    assert {"Authorization", "Cookie", "Accept-Encoding"} <= vary(packed) & vary(plain)


def test_answers_to_pages_are_compressed(ask: Asking) -> None:
    plain, packed = ask.callback(), ask.callback(GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert set(json.loads(unpacked(packed))) == set(plain.json)
    assert len(packed.body) < len(plain.body) / 3


@pytest.mark.parametrize(
    "path", [f"{LIVE}/realtime", "/accounts/analytics/live-users/", "/choices/region", "/health"]
)
def test_what_is_small_is_left_as_it_is(ask: Asking, path: str) -> None:
    answer = ask(path, GZIP)
    assert answer.status == 200
    assert len(answer.body) <= SMALLEST
    assert "Content-Encoding" not in answer.headers
    strict(answer.body)


def test_pictures_and_fonts_are_compressed_already(ask: Asking) -> None:
    for path in (f"{LIVE}/chart/funnel", FONT):
        answer = ask(path, GZIP)
        assert (answer.status, "Content-Encoding" in answer.headers) == (200, False)
        assert len(answer.body) > SMALLEST
    assert ask(f"{LIVE}/chart/funnel", GZIP).body.startswith(b"\x89PNG")


def test_refusals_are_read_by_whoever_asks(ask: Asking) -> None:
    for path in ("/assets/nothing.js", "/assets/nothing.js?v=0", "/_dash-component-suites/dash/nothing.js"):
        answer = ask(path, GZIP)
        assert answer.status >= 400
        assert "Content-Encoding" not in answer.headers
        assert "immutable" not in answer.headers["Cache-Control"]


# --- What browsers keep


@pytest.mark.parametrize("path", [STYLE, FONT, "/assets/live.js", "/assets/favicon.svg"])
def test_what_is_named_by_its_content_is_kept_for_good(ask: Asking, path: str) -> None:
    for headers in ({}, GZIP):
        assert ask(own(path), headers).headers["Cache-Control"] == FOREVER


@pytest.mark.parametrize("asked", ["", "?v=", "?v=0", "?v=zz", "?v=0123456789abcdef", "?m=1", "?w={own}"])
def test_what_is_not_named_by_its_content_is_asked_for_again(ask: Asking, asked: str) -> None:
    answer = ask(STYLE + asked.format(own=digest(file(STYLE))))
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")


def test_parts_of_dash_without_a_version_in_their_name_are_asked_for_again(ask: Asking) -> None:
    answer = ask("/_dash-component-suites/dash/dcc/async-graph.js", GZIP)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
    tag = answer.headers["ETag"]
    again = ask("/_dash-component-suites/dash/dcc/async-graph.js", {**GZIP, "If-None-Match": tag})
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)


def test_a_file_that_is_known_is_not_sent_again(ask: Asking) -> None:
    tags = {}
    for name, headers in (("plain", {}), ("packed", GZIP)):
        tags[name] = ask(own(STYLE), headers).headers["ETag"]
        again = ask(own(STYLE), {**headers, "If-None-Match": tags[name]})
        assert (again.status, again.body) == (304, b"")
        assert (again.headers["ETag"], again.headers["Cache-Control"]) == (tags[name], FOREVER)
        assert "Accept-Encoding" in vary(again)
    assert tags["plain"] != tags["packed"]  # they are different bytes
    assert ask(STYLE, {**GZIP, "If-None-Match": tags["plain"]}).status == 200
    assert ask(STYLE, {"If-None-Match": tags["packed"]}).status == 200
    assert ask(STYLE, {"If-None-Match": '"another"'}).body == file(STYLE)


def test_nothing_is_decided_by_the_date_of_a_file(ask: Asking) -> None:
    answer = ask(STYLE)
    assert "Last-Modified" not in answer.headers
    future = {"If-Modified-Since": "Fri, 31 Dec 2049 23:59:59 GMT"}
    assert ask(STYLE, future).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", [own(STYLE), STYLE, FONT, f"{LIVE}/trends?daysBack=365", "/api/openapi.json"]
)
def test_head_tells_what_get_would(ask: Asking, path: str) -> None:
    told = ("Content-Length", "Content-Encoding", "Content-Type", "Cache-Control", "ETag", "Vary")
    for headers in ({}, GZIP):
        head, get = ask(path, headers, "HEAD"), ask(path, headers)
        assert (head.status, head.body) == (200, b"")
        wanted = {name: get.headers.get(name) for name in told}
        if "trends" in path:  # it holds the time of the answer, and so may be a byte longer or shorter
            wanted.pop("Content-Length")
        assert {name: head.headers.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("path", [STYLE, FONT])
def test_whoever_asks_for_a_part_gets_that_part_or_the_whole(ask: Asking, path: str) -> None:
    whole = file(path)
    for headers in ({}, GZIP):
        tag = ask(path, headers).headers["ETag"]
        for asked in ({}, {"If-Range": tag}, {"If-Range": '"another"'}):
            answer = ask(path, {**headers, **asked, "Range": "bytes=100-199"})
            if answer.status == 206:
                assert "Content-Encoding" not in answer.headers
                assert answer.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
                assert answer.body == whole[100:200]
            else:
                assert answer.status == 200
                assert unpacked(answer) == whole
    assert ask(path, {"Range": "bytes=99999999-"}).status in {200, 416}
    assert unpacked(ask(path, GZIP)) == whole


# --- Names that change with the content


def test_the_page_names_its_files_by_their_content(page: str) -> None:
    named = re.findall(r'(?:href|src)="(/assets/[^"?]+)\?([^"]*)"', page)
    assert len(named) >= 5
    assert len(named) == len(re.findall(r'(?:href|src)="/assets/', page))
    for path, asked in named:
        assert asked == f"v={digest(file(path))}"


@pytest.fixture
def site(tmp_path: Path) -> tuple[Flask, Delivery, Path]:
    """A site with one file of its own."""
    (tmp_path / "app.js").write_text("first " * 1000)
    app = Flask("small", static_folder=str(tmp_path), static_url_path="/assets")
    return app, Delivery(app, tmp_path), tmp_path / "app.js"


def test_a_file_that_changes_gets_another_name_and_is_sent_anew(site: tuple[Flask, Delivery, Path]) -> None:
    app, delivery, path = site
    names: list[str] = []
    for text in ("first " * 1000, "second " * 1000):
        path.write_text(text)
        name = delivery.versioned('<script src="/assets/app.js?m=1795231360.493">')
        assert name == f'<script src="/assets/app.js?v={digest(text.encode())}">'
        names.append(name.split('"')[1])
        for headers in ({}, GZIP):
            body, kept = sent(app, names[-1], headers)
            assert (gzip.decompress(body) if headers else body) == text.encode()
            assert kept == FOREVER
    # The first name is not that of the second content: nobody may keep the second under it for good.
    assert sent(app, names[0], {}) == (b"second " * 1000, "no-cache")


def sent(app: Flask, path: str, headers: Mapping[str, str]) -> tuple[bytes, str]:
    """What is sent, and for how long it may be kept."""
    with app.test_client().get(path, headers=headers) as answer:
        return answer.data, answer.headers["Cache-Control"]


def test_a_file_that_is_gone_leaves_the_page_as_it_was(site: tuple[Flask, Delivery, Path]) -> None:
    _app, delivery, path = site
    path.unlink()
    page = '<script src="/assets/app.js?m=1.5"></script>'
    assert delivery.versioned(page) == page


def test_files_in_folders_and_below_a_prefix_are_named_as_well(site: tuple[Flask, Delivery, Path]) -> None:
    _app, delivery, path = site
    (path.parent / "more").mkdir()
    (path.parent / "more" / "deep.css").write_text("x")
    page = "<link href='/live/assets/more/deep.css?m=2.5'> <a href='/assets/app.js'> /assets/app.js?v=1"
    versioned = page.replace("m=2.5", f"v={digest(b'x')}")
    assert delivery.versioned(page) == versioned


def test_answers_made_piece_by_piece_pass(site: tuple[Flask, Delivery, Path]) -> None:
    app, _delivery, _path = site

    @app.get("/pieces")
    def pieces() -> Response:
        return Response((b"%d," % n for n in range(2000)), mimetype="text/csv")

    answer = app.test_client().get("/pieces", headers=GZIP)
    assert gzip.decompress(answer.data) == b"".join(b"%d," % n for n in range(2000))


# --- Nothing from elsewhere

ELSEWHERE: Final = re.compile(r"^(?:https?:)?//", re.I)


@pytest.mark.parametrize("path", ["/", "/login", "/team/bo", "/regions/Coast?daysBack=7"])
def test_pages_name_nothing_of_other_hosts(ask: Asking, path: str) -> None:
    html = ask(path).body.decode()
    links = re.findall(
        r"<(?:script|link|img|iframe|source|form)\b[^>]*?(?:src|href|action)=[\"']([^\"']*)", html
    )
    assert links
    assert not [link for link in links if ELSEWHERE.match(link)]
    assert "@import" not in html


def test_styles_load_nothing_from_other_hosts() -> None:
    styles = sorted((ROOT / "assets").rglob("*.css"))
    assert len(styles) >= 3
    for style in styles:
        text = style.read_text()
        assert "@import" not in text
        loaded = [one.strip("\"' ") for one in re.findall(r"url\(([^)]*)", text)]
        assert not [one for one in loaded if ELSEWHERE.match(one)], style.name
        for one in loaded:
            if not one.startswith(("data:", "#")):
                where = ROOT / "assets" if one.startswith("/assets/") else style.parent
                assert (where / one.removeprefix("/assets/").partition("?")[0]).exists(), (style.name, one)


def test_scripts_of_ours_know_no_other_host() -> None:
    scripts = [one for one in (ROOT / "assets").rglob("*.js") if not one.name.endswith(".min.js")]
    assert len(scripts) >= 5
    for script in scripts:
        found = re.findall(r"""["'`](?:https?:)?//[^"'`]*""", script.read_text())
        assert not [one for one in found if "www.w3.org" not in one], (script.name, found)


def test_what_browsers_are_told_forbids_other_hosts(ask: Asking) -> None:
    for path in ("/", "/login", STYLE):
        policy = ask(path).headers["Content-Security-Policy"]
        assert "http" not in policy
        assert "default-src 'self'" in policy
