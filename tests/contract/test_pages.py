"""What pages tell, as their callbacks answer: to whom, of whom, and what of an address they cannot use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import pytest
from builders import AppServer
from contract.conftest import ASHA, INTERNAL, signed

from dashapp.domain.vocabulary import UNKNOWN_NAME

PAGES: Final = (
    "/",
    "/funnel",
    "/regions",
    "/regions/Coast",
    "/team",
    "/team/bo",
    "/activity",
    "/predictions",
)
LENA: Final = "lena"  # a manager who may see the coast only
EVERYTHING: Final = "a manager from elsewhere"
# Nobody and nothing of these has anything to do with the coast.
ELSEWHERE: Final = (
    "Market Pharmacy",
    "Town Hall",
    "Unassigned",
    "Cy Rep",
    "Mona Manager",
    "Ada Admin",
    "ghost",
)
KINDS: Final = ("seen", "part", "words", "graph", "drawing", "picture")
SHOWN: Final = dict(zip(KINDS, ("data", "children", "children", "figure", "aria-label", "href"), strict=True))


def elements(tree: Any) -> Iterator[dict[str, Any]]:
    """The properties of every element of a page."""
    if isinstance(tree, list):
        for one in tree:
            yield from elements(one)
    elif isinstance(tree, dict) and isinstance(tree.get("props"), dict):
        yield {**tree["props"], "type": tree.get("type")}
        for name in ("children", "content"):
            yield from elements(tree["props"].get(name))


def without_rows_of(tree: Any, user_id: str) -> Any:
    """The page without the rows that tell of a person."""
    if isinstance(tree, list):
        return [without_rows_of(one, user_id) for one in tree]
    if not isinstance(tree, dict):
        return tree
    if isinstance(tree.get("props"), dict) and tree["props"].get("data-user") == user_id:
        return None
    return {name: without_rows_of(value, user_id) for name, value in tree.items()}


@dataclass
class Opened:
    """A page as it arrived."""

    tree: Any

    @property
    def text(self) -> str:
        return json.dumps(self.tree)

    @property
    def words(self) -> list[str]:
        """The texts that stand alone or beside elements."""
        found = []
        for one in elements(self.tree):
            inside = one.get("children")
            found += [
                part for part in (inside if isinstance(inside, list) else [inside]) if isinstance(part, str)
            ]
        return found

    @property
    def title(self) -> str:
        return next(str(one["children"]) for one in elements(self.tree) if one["type"] == "H1")

    @property
    def problem(self) -> str:
        """What the page says of its address; nothing if it could use it."""
        return next((one["children"] for one in elements(self.tree) if one["type"] == "Alert"), "")

    @property
    def figures(self) -> dict[str, str]:
        """The key figures on their cards."""
        return {one["data-metric"]: one["data-value"] for one in elements(self.tree) if "data-metric" in one}

    def ids(self, kind: str) -> list[dict[str, str]]:
        found = [one["id"] for one in elements(self.tree) if isinstance(one.get("id"), dict)]
        return [one for one in found if kind in one]

    def data(self, kind: str) -> Any:
        return next(
            one["data"]
            for one in elements(self.tree)
            if isinstance(one.get("id"), dict) and kind in one["id"]
        )


class Reader:
    """Somebody who reads pages."""

    def __init__(self, server: AppServer, who: str) -> None:
        self.server = server
        self.headers = {"Authorization": f"Bearer {signed(sub=who, role='manager')}"}

    def open(self, path: str, search: str = "") -> Opened:
        """The content of a page, as the browser asks for it on arrival."""
        place = {"pathname": path, "search": search}
        answer = self.server.post_json(
            "/_dash-update-component",
            {
                "output": ".._pages_content.children..._pages_store.data..",
                "outputs": [
                    {"id": "_pages_content", "property": "children"},
                    {"id": "_pages_store", "property": "data"},
                ],
                "inputs": [
                    {"id": "_pages_location", "property": name, "value": value}
                    for name, value in place.items()
                ],
                "changedPropIds": ["_pages_location.pathname"],
            },
            self.headers,
        )
        assert answer.status == 200, answer.body[:300]
        return Opened(answer.json["response"]["_pages_content"]["children"])

    def refresh(
        self, page: Opened, search: str = "", seen: Any = None, store: Any = None
    ) -> tuple[int, dict[str, dict[str, Any]]]:
        """Status and new properties, by id, when the clock of the page ticks."""
        states = [page.ids(kind) for kind in ("part", "graph")]
        data = [({"page": "x"}, store or page.data("page")), ({"seen": "x"}, seen or page.data("seen"))]
        answer = self.server.post_json(
            "/_dash-update-component",
            {
                "output": ".." + "...".join(f'{{"{kind}":["ALL"]}}.{SHOWN[kind]}' for kind in KINDS) + "..",
                "outputs": [
                    [{"id": one, "property": SHOWN[kind]} for one in page.ids(kind)] for kind in KINDS
                ],
                "inputs": [
                    {"id": "go", "property": "data", "value": 1},
                    {"id": "asked", "property": "data", "value": search},
                ],
                "state": [
                    *([{"id": one, "property": "id", "value": one} for one in ids] for ids in states),
                    *([{"id": one, "property": "data", "value": value}] for one, value in data),
                ],
                "changedPropIds": ["go.data"],
            },
            self.headers,
        )
        return answer.status, answer.json["response"] if answer.status == 200 else {}


@pytest.fixture(scope="module")
def lena(server: AppServer) -> Reader:
    return Reader(server, LENA)


@pytest.fixture(scope="module")
def all_seeing(server: AppServer) -> Reader:
    return Reader(server, EVERYTHING)


def asked_live(server: AppServer, who: str, search: str = "") -> dict[str, str]:
    """The figures of the API, as cards show them."""
    summary = server.live(f"summary{search}", signed(sub=who, role="manager"))
    return {key: str(value) for key, value in summary.items() if key != "previous"}


# --- A manager limited to regions


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("search", ["", "?daysBack=1", "?daysBack=365"])
def test_a_limited_manager_is_told_nothing_of_elsewhere(lena: Reader, path: str, search: str) -> None:
    page = lena.open(path, search)
    assert page.problem == ""
    for name in ELSEWHERE:
        assert name not in page.text
    # A colleague of another region who was at work here is told of, like by the API: with their own region.
    assert "Nairobi" not in json.dumps(without_rows_of(page.tree, str(ASHA)))
    status, new = lena.refresh(page, search, seen="something older")
    assert status == 200
    for name in ELSEWHERE:
        assert name not in json.dumps(new)
    assert "Nairobi" not in json.dumps(without_rows_of(new, str(ASHA)))


def test_what_is_hidden_from_a_limited_manager_is_there(all_seeing: Reader) -> None:
    text = "".join(all_seeing.open(path, "?daysBack=365").text for path in ("/activity", "/team", "/regions"))
    for name in ("Unassigned", "Cy Rep", "Mona Manager", "Nairobi"):
        assert name in text


@pytest.mark.parametrize("search", ["", "?daysBack=7", "?daysBack=7&region=Coast", "?daysBack=7&userId=bo"])
def test_cards_show_what_the_api_tells_whoever_asks(server: AppServer, search: str) -> None:
    for who in (LENA, EVERYTHING):
        figures = Reader(server, who).open("/", search).figures
        expected = asked_live(server, who, search)
        assert {key: figures[key] for key in expected} == expected


@pytest.mark.parametrize("region", ["Nairobi", "Unassigned", "Atlantis", "coast", "Coast/", "%"])
@pytest.mark.parametrize("search", ["", "?region=Coast", "?region=Coast&region=Nairobi"])
def test_the_page_of_a_region_of_others_shows_nothing(lena: Reader, region: str, search: str) -> None:
    page = lena.open(f"/regions/{quote(region, safe='')}", search)
    assert page.title == region
    assert set(page.figures.values()) <= {"0", "0.0"}
    assert not [one for one in elements(page.tree) if "data-user" in one]
    assert "Rep" not in page.text.replace("Reps", "")
    assert "Clinic" not in page.text
    status, new = lena.refresh(page, search, seen="something older")
    assert (status, "Clinic" in json.dumps(new)) == (200, False)


def test_the_page_of_an_own_region_is_that_region(lena: Reader, server: AppServer) -> None:
    page = lena.open("/regions/Coast", "?daysBack=7")
    assert page.title == "Coast"
    assert page.figures == asked_live(server, EVERYTHING, "?daysBack=7&region=Coast")
    assert "First Clinic" in page.text
    # A filter for another region narrows it to nothing, as it does elsewhere.
    nothing = lena.open("/regions/Coast", "?daysBack=7&region=Nairobi")
    assert set(nothing.figures.values()) <= {"0", "0.0"}


@pytest.mark.parametrize("user_id", ["cy", "ada", "ghost", "nobody"])
def test_the_page_of_a_person_of_others_shows_the_id_and_no_name(lena: Reader, user_id: str) -> None:
    page = lena.open(f"/team/{user_id}", "?daysBack=365")
    assert page.title == f"{UNKNOWN_NAME} ({user_id})"
    assert set(page.figures.values()) <= {"0", "0.0"}
    assert not re.search("Cy Rep|Ada Admin|sales|Town Hall", page.text)


def test_the_page_of_a_colleague_from_elsewhere_tells_what_they_did_here(
    lena: Reader, server: AppServer
) -> None:
    page = lena.open(f"/team/{ASHA}", "?daysBack=7")
    assert page.title == "Asha Rep"  # as in the lists of those at work there
    assert not re.search("Silver|Nairobi|Market|Town Hall", page.text)
    expected = asked_live(server, EVERYTHING, f"?daysBack=7&region=Coast&userId={ASHA}")
    assert page.figures == expected
    assert expected["total_visits"] == "1"


def test_the_page_of_a_person_tells_who_that_is(lena: Reader, all_seeing: Reader) -> None:
    assert lena.open("/team/bo").title == "Bo Rep"
    assert all_seeing.open(f"/team/{ASHA}").title == "Asha Rep"
    assert " · sales · Nairobi · Silver tier" in all_seeing.open(f"/team/{ASHA}").words


def test_filters_are_named_to_those_who_may_know_the_names(lena: Reader, all_seeing: Reader) -> None:
    search = f"?userId=cy&userId=bo&userId={ASHA}"
    assert {"Cy Rep", "Bo Rep", "Asha Rep"} <= set(all_seeing.open("/", search).words)
    page = lena.open("/", search)
    assert {f"{UNKNOWN_NAME} (cy)", "Bo Rep", f"{UNKNOWN_NAME} ({ASHA})"} <= set(page.words)
    assert "Cy Rep" not in page.text


def test_what_a_page_says_it_is_gives_nobody_more(lena: Reader) -> None:
    page = lena.open("/team/bo")
    for store in ({"name": "rep", "subject": "cy"}, {"name": "rep", "subject": str(ASHA)}):
        status, new = lena.refresh(page, store=store)
        assert status == 200
        assert not re.search("Cy Rep|Town Hall|Market|Nairobi", json.dumps(new))
    page = lena.open("/regions/Coast")
    status, new = lena.refresh(page, store={"name": "region", "subject": "Nairobi"})
    assert status == 200
    assert not re.search("Asha|Bo Rep|Clinic|Market", json.dumps(new))


@pytest.mark.parametrize(
    "store",
    [
        {"name": "nothing", "subject": ""},
        {"name": ["rep"], "subject": ""},
        {"name": "rep", "subject": 5},
        {"name": "rep"},
        {"name": "rep", "subject": "\ud800"},
        "rep",
    ],
)
def test_a_page_that_says_nonsense_is_told_nothing_internal(lena: Reader, store: Any) -> None:
    page = lena.open("/team/bo")
    status, new = lena.refresh(page, store=store)
    assert status in {200, 204, 400, 500}
    assert not INTERNAL.search(json.dumps(new).encode())
    assert not re.search("Cy Rep|Asha|Nairobi", json.dumps(new))


# --- Staying live


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("search", ["", "?daysBack=7&region=Coast"])
def test_a_page_gets_what_it_arrived_with_and_nothing_if_that_is_known(
    all_seeing: Reader, path: str, search: str
) -> None:
    page = all_seeing.open(path, search)
    assert all_seeing.refresh(page, search)[0] == 204
    status, new = all_seeing.refresh(page, search, seen="something older")
    assert status == 200
    arrived = {
        json.dumps(one["id"], separators=(",", ":")): one
        for one in elements(page.tree)
        if isinstance(one.get("id"), dict)
    }
    assert len(new) == sum(len(page.ids(kind)) for kind in KINDS)
    for name, properties in new.items():
        for key, value in properties.items():
            assert arrived[name].get(key) == value, name


def test_other_filters_are_another_page(all_seeing: Reader) -> None:
    page = all_seeing.open("/")
    marks = {page.data("seen")}
    for search in ("?daysBack=7", "?region=Coast", "?userId=bo", "?region=Coast&daysBack=7"):
        status, new = all_seeing.refresh(page, search)
        assert status == 200
        marks.add(new['{"seen":"overview"}']["data"])
    assert len(marks) == 5


# --- Addresses that cannot be used

KNOWN: Final = "this address takes: daysBack, from, region, to, userId"


@pytest.mark.parametrize(
    ("search", "told"),
    [
        ("?nonsense=1", f"Unknown parameter; {KNOWN}"),
        ("?sort=name", f"Unknown parameter; {KNOWN}"),
        ("?daysBack=many", "daysBack must be a whole number from 1 to 3650"),
        ("?daysBack=", "daysBack must be a whole number from 1 to 3650"),
        ("?daysBack=7&daysBack=8", "daysBack must be given once"),
        ("?from=2026-01-01", "from and to must be given together"),
        ("?from=2026-02-30&to=2026-03-01", "from must be a date such as 2026-05-31"),
        ("?region=", "region must be a text of 1 to 200 characters"),
        ("?region=" + "x" * 201, "region must be a text of 1 to 200 characters"),
        ("?" + "&".join(f"userId={n}" for n in range(101)), "userId must be given 100 times at the most"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_page_is_shown_without_it(
    all_seeing: Reader, search: str, told: str
) -> None:
    page = all_seeing.open("/", search)
    assert page.problem == f"The address holds a filter that cannot be used: {told}."
    assert page.figures == all_seeing.open("/").figures
    assert any(one.startswith("Last 30 days") for one in page.words)


def test_a_page_takes_what_is_its_own(all_seeing: Reader) -> None:
    for path, search in (
        ("/team", "?sort=name&q=a&show=all"),
        ("/activity", "?show=all"),
        ("/funnel", "?stage=orders_placed"),
        ("/team", "?sort=nonsense"),
        ("/team", "?q=" + quote("<img src=x>%")),
    ):
        assert all_seeing.open(path, search).problem == ""
    assert "daysBack, from, q, region, show, sort, to, userId" in all_seeing.open("/team", "?x=1").problem


def test_a_page_whose_address_cannot_be_used_stays_live(all_seeing: Reader) -> None:
    search = "?nonsense=1"
    page = all_seeing.open("/", search)
    assert all_seeing.refresh(page, search)[0] == 204
    status, new = all_seeing.refresh(page, search, seen="something older")
    assert status == 200
    assert KNOWN in json.dumps(new)
    # Once the address is mended, the page says no more of it.
    status, new = all_seeing.refresh(page, "?daysBack=7")
    assert (status, "cannot be used" in json.dumps(new)) == (200, False)


def test_an_address_of_nothing_is_said_to_be_so(all_seeing: Reader) -> None:
    for path in ("/nothing", "/funnel/x", "/Regions"):
        assert "not found" in all_seeing.open(path).text.casefold()


def test_names_in_addresses_are_read_as_they_were_written(all_seeing: Reader) -> None:
    for name in ("A & B", "50 % off", "a/b", "ünï", "<b>x</b>", "a?b#c"):
        page = all_seeing.open(f"/regions/{quote(name, safe='')}", "?daysBack=7")
        assert (page.title, page.problem) == (name, "")
        assert f"/regions/{quote(name, safe='')}".count("/") == 2


@pytest.mark.parametrize("search", ["?name=Nairobi", "?name=Nairobi&name=Rift", "?name="])
def test_no_parameter_stands_for_what_the_path_names(all_seeing: Reader, search: str) -> None:
    page = all_seeing.open("/regions/Coast", search)
    assert page.title == "Coast"
    assert page.problem == f"The address holds a filter that cannot be used: Unknown parameter; {KNOWN}."
    assert page.figures == all_seeing.open("/regions/Coast").figures
    assert all_seeing.refresh(page, search)[0] == 204
    rep = all_seeing.open("/team/bo", search.replace("name", "user_id").replace("Nairobi", "cy"))
    assert (rep.title, bool(rep.problem)) == ("Bo Rep", True)


def test_a_path_may_end_with_a_slash(all_seeing: Reader) -> None:
    assert all_seeing.open("/regions/Coast/").title == "Coast"
    assert all_seeing.open("/team/bo/", "?daysBack=7").title == "Bo Rep"
