"""The sign-in page as it is sent: its numbers, its chart, its words, and what works without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from typing import Any, Final

import pytest
from builders import Answer, AppServer, free_port
from contract.conftest import Here, organisation, post_form, server_over

PARTS: Final = ("/login/pulse", "/login/pulse/chart")
MARKUP: Final = "<b>Gold</b> & <img src=x>"
METRICS: Final = {
    "online_users": "online_now",
    "active_users": "active_today",
    "total_users": "total_users",
    "recent_activities": "recent_activities",
}


class Elements(HTMLParser):
    """The elements of a page in order: name, attributes and the text in them."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(answer.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        texts: list[str] = []
        self.all.append((tag, {name: value or "" for name, value in attrs}, texts))
        if tag not in {"input", "meta", "link", "img"}:
            self._open.append((tag, texts))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        for _, texts in self._open:
            texts.append(data)

    def named(self, tag: str, attribute: str = "") -> list[tuple[dict[str, str], str]]:
        """Attributes and text of the elements with this name, and this attribute."""
        return [
            (attributes, "".join(texts).strip())
            for name, attributes, texts in self.all
            if tag in {name, "*"} and (not attribute or attribute in attributes)
        ]


def pulse(server: AppServer) -> dict[str, Any]:
    body: dict[str, Any] = server.get("/accounts/analytics/realtime/").json
    return body


def mark(answer: Answer) -> str:
    (only,) = Elements(answer).named("*", "data-freshness")
    return only[1]


# --- Numbers


def test_the_chart_draws_the_hours_of_the_public_pulse(server: AppServer) -> None:
    for path in ("/login", "/login/pulse/chart"):
        page, hours = Elements(server.get(path)), pulse(server)["chart_data"]
        assert [attributes["data-chart"] for attributes, _ in page.named("figure")] == ["pulse"]
        bars = [attributes["data-value"] for attributes, _ in page.named("rect")]
        points = [attributes["data-value"] for attributes, _ in page.named("circle")]
        assert bars == [str(hour["activities"]) for hour in hours]
        assert points == [str(hour["active_users"]) for hour in hours]
        assert sum(hour["activities"] for hour in hours) > 0


def test_the_chart_can_be_read_without_seeing_it(server: AppServer) -> None:
    page, hours = Elements(server.get("/login/pulse/chart")), pulse(server)["chart_data"]
    cells = [text for _, text in page.named("td")]
    assert cells == [str(hour[key]) for hour in hours for key in ("activities", "active_users")]
    rows = [text for attributes, text in page.named("th") if attributes["scope"] == "row"]
    assert [row[:5] for row in rows] == [hour["label"] for hour in hours]
    (drawing,) = page.named("svg", "aria-label")
    assert drawing[0]["role"] == "img" and "last 12 hours" in drawing[0]["aria-label"]
    assert [attributes["data-hour"] for attributes, _ in page.named("li", "data-hour")] == [
        hour["label"] for hour in hours
    ]


@pytest.fixture(scope="module")
def german(here: Here) -> Iterator[AppServer]:
    """1,234 users, one tier of which is called by something that looks like markup."""
    documents = organisation(here)
    documents["tiers"] = [{"_id": "low", "name": "Low", "rank": 1}, {"_id": "odd", "name": MARKUP, "rank": 2}]
    documents["users"] = [
        {"_id": n, "email": f"n{n}@example.org", "name": f"Name {n}", "role": "sales", "tier": MARKUP}
        for n in range(1234)
    ]
    with server_over(documents, here, LOCALE="de_DE") as started:
        yield started


def test_numbers_are_written_as_the_locale_has_them(german: AppServer) -> None:
    page = Elements(german.get("/login"))
    shown = {
        attributes["data-metric"]: (attributes, text) for attributes, text in page.named("div", "data-metric")
    }
    metrics = pulse(german)["metrics"]
    assert {key: int(one[0]["data-value"]) for key, one in shown.items()} == {
        key: metrics[name] for key, name in METRICS.items()
    }
    assert shown["total_users"][0]["data-value"] == "1234"
    assert "1.234" in shown["total_users"][1]


def test_a_name_is_never_markup(german: AppServer) -> None:
    answer = german.get("/login")
    assert [
        (one["data-tier"], one["data-value"]) for one, _ in Elements(answer).named("li", "data-tier")
    ] == [
        ("Low", "0"),
        (MARKUP, "1234"),
    ]
    assert b"<b>Gold" not in answer.body and b"src=x" not in answer.body.replace(b"&lt;img src=x&gt;", b"")


@pytest.mark.parametrize("path", ["/login", *PARTS])
def test_nobody_is_named(server: AppServer, path: str) -> None:
    body = server.get(path).body
    for private in (b"Asha", b"asha@", b"Clinic", b"Pharmacy", b"Nairobi Rep", b"revenue"):
        assert private not in body


# --- How current they are


def test_the_mark_says_how_old_live_numbers_are(server: AppServer) -> None:
    for path in ("/login", "/login/pulse"):
        assert re.fullmatch(r"Live · \d s ago", mark(server.get(path)))


def test_the_mark_says_when_the_last_known_numbers_were_known(here: Here) -> None:
    with server_over(organisation(here), here) as own:
        database = own.folder / "embedded.sqlite3"
        database.rename(own.folder / "away")
        own.wait_for("degraded")
        known = datetime.fromisoformat(pulse(own)["data_as_of"]).astimezone(here.zone)
        assert mark(own.get("/login")) == f"Last known numbers, {known:%H:%M}"
        refused = post_form(own, "/auth/login", email="asha@example.org", password="whatever")
        assert refused.status == 503
        assert b"aria-invalid" not in refused.body  # the fields were right as far as anybody knows


def test_samples_are_called_samples_wherever_they_are_shown() -> None:
    nowhere = AppServer({"MONGODB_URI": f"mongodb://127.0.0.1:{free_port()}/x"})
    try:
        nowhere.start(wait_for="unhealthy")
        for path in ("/login", "/login/pulse"):
            assert mark(nowhere.get(path)) == "Sample data, live numbers unavailable"
        assert b"Sample data" in nowhere.get("/login/pulse/chart").body
    finally:
        nowhere.stop()


# --- The page around them


def test_every_element_is_closed_and_every_script_is_a_file(server: AppServer) -> None:
    page = Elements(server.get("/login"))
    scripts = page.named("script")
    assert scripts and all(
        attributes["src"].startswith("/assets/") and not text for attributes, text in scripts
    )
    assert not [name for _, attributes, _ in page.all for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("path", ["/login", *PARTS])
def test_pages_with_numbers_are_never_kept(server: AppServer, path: str) -> None:
    answer = server.get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_mistake_is_told_beside_the_form_and_has_the_focus(server: AppServer) -> None:
    page = Elements(post_form(server, "/auth/login", email="asha@example.org", password="wrong"))
    (problem,) = page.named("p", "autofocus")
    assert problem == (
        {"class": "problem", "id": "problem", "tabindex": "-1", "autofocus": "", "role": "alert"},
        "The e-mail address or the password is not right.",
    )
    fields = {attributes["name"]: attributes for attributes, _ in page.named("input", "name")}
    assert fields["email"]["value"] == "asha@example.org"
    assert "value" not in fields["password"]
    for field in ("email", "password"):
        assert fields[field]["aria-describedby"] == "problem"
        assert fields[field]["aria-invalid"] == "true"
        assert "autofocus" not in fields[field]


def test_a_fresh_form_has_the_focus_on_its_first_field(server: AppServer) -> None:
    page = Elements(server.get("/login"))
    assert [attributes["id"] for attributes, _ in page.named("*", "autofocus")] == ["email"]
    labels = {attributes["for"]: text for attributes, text in page.named("label")}
    assert labels == {"email": "E-mail", "password": "Password"}
    assert [text for _, text in page.named("button")] == ["Sign in", "Light", "Dark", "System"]


def test_without_scripts_the_page_says_how_to_get_newer_numbers(server: AppServer) -> None:
    ((_, text),) = Elements(server.get("/login")).named("noscript")
    assert re.fullmatch(r"As of \d\d:\d\d\. Reload the page for newer numbers\.", text)


def test_the_page_keeps_within_its_prefix(here: Here) -> None:
    with server_over(organisation(here), here, URL_PREFIX="/sales/") as own:
        answer = own.get("/sales/login")
        for link in re.findall(rb'(?:src|href|action|data-pulse)="([^"]+)"', answer.body):
            assert link.startswith(b"/sales/")
        assert own.get("/sales/login/pulse/chart").status == 200
