"""What the lists of the filter bar offer: regions and people, to whoever may know of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from builders import Answer, AppServer
from contract.conftest import (
    ADA,
    ASHA,
    INTERNAL,
    MONA,
    PASSWORD,
    Here,
    manager_token,
    organisation,
    post_form,
    server_over,
    session_cookie,
    signed,
)

Pairs = list[tuple[str, str]]
EVERYBODY: Final[Pairs] = [
    (str(ADA), "Ada Admin"),
    (str(ASHA), "Asha Rep"),
    ("bo", "Bo Rep"),
    ("cy", "Cy Rep"),
    ("gone", "Gone Manager"),
    ("lena", "Lena Limited"),
    (str(MONA), "Mona Manager"),
    ("una", "Una Unplaced"),
]
ON_THE_COAST: Final[Pairs] = [("bo", "Bo Rep"), ("gone", "Gone Manager"), ("lena", "Lena Limited")]
CROWD: Final = 60
LENA, UNA = "lena", "una"


@pytest.fixture(scope="module")
def crowded(here: Here) -> Iterator[AppServer]:
    """The organisation with a manager of what has no region, and a crowd of another region."""
    documents = organisation(here)
    una = {"name": "Una Unplaced", "role": "manager", "region": "Rift", "regions": ["Unassigned"]}
    crowd = [{"_id": f"p{n:02}", "name": f"Person {n:02}", "region": "Rift"} for n in range(CROWD)]
    documents["users"] += [{"_id": UNA, "email": "una@example.org", **una}, *crowd]
    with server_over(documents, here) as started:
        yield started


def asked(server: AppServer, kind: str, who: str | None = None, **parameters: str | list[str]) -> Any:
    token = signed(sub=who) if who else manager_token()
    answer = server.get(f"/choices/{kind}?{urlencode(parameters, doseq=True)}", token)
    assert answer.status == 200, answer.body[:300]
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert set(answer.json) == {"choices", "more"}
    return answer.json


def offered(server: AppServer, kind: str, who: str | None = None, **parameters: str | list[str]) -> Pairs:
    found = asked(server, kind, who, **parameters)["choices"]
    return [(one["value"], one["text"]) for one in found]


def same(*names: str) -> Pairs:
    return [(name, name) for name in names]


# --- To whom


@pytest.mark.parametrize("kind", ["region", "userId"])
def test_without_credentials_nothing_is_offered(crowded: AppServer, kind: str) -> None:
    answer = crowded.get(f"/choices/{kind}?q=a")
    assert (answer.status, answer.headers["Location"]) == (302, f"/login?next=/choices/{kind}%3Fq%3Da")
    for token in ("nonsense", signed(secret="another secret, as long as the first one", sub="lena")):
        assert crowded.get(f"/choices/{kind}", token).status == 401


def test_a_sales_user_is_offered_nothing(crowded: AppServer) -> None:
    for kind in ("region", "userId"):
        answer = crowded.get(f"/choices/{kind}", signed(sub=str(ASHA)))
        assert answer.status == 403
        assert b"Coast" not in answer.body and b"Bo Rep" not in answer.body


def test_a_session_is_offered_what_its_person_may_see(crowded: AppServer) -> None:
    signed_in = post_form(crowded, "/auth/login", email="lena@example.org", password=PASSWORD)
    answer = crowded.request("GET", "/choices/region", headers={"Cookie": session_cookie(signed_in)})
    assert answer.json == {"choices": [{"value": "Coast", "text": "Coast"}], "more": 0}


def test_whoever_sees_everything_is_offered_every_region_and_person_by_name(crowded: AppServer) -> None:
    assert offered(crowded, "region") == same("Coast", "Nairobi", "Rift", "Unassigned")
    names = [text for _, text in offered(crowded, "userId", q="a")]
    assert names == [text for _, text in EVERYBODY if "a" in text.casefold()]


def test_a_limited_manager_is_offered_their_regions_and_the_people_of_them(crowded: AppServer) -> None:
    assert offered(crowded, "region", LENA) == same("Coast")
    assert offered(crowded, "userId", LENA) == ON_THE_COAST
    for text in ("Nairobi", "Asha", "Ada", "Cy", "Mona", "Person", str(ASHA)):
        assert offered(crowded, "region", LENA, q=text) == []
        assert offered(crowded, "userId", LENA, q=text) == []


def test_who_has_no_region_belongs_to_the_manager_of_what_has_none(crowded: AppServer) -> None:
    assert offered(crowded, "region", UNA) == same("Unassigned")
    assert offered(crowded, "userId", UNA) == [(str(ADA), "Ada Admin"), ("cy", "Cy Rep")]


# --- What


def test_a_text_is_searched_anywhere_whatever_its_case(crowded: AppServer) -> None:
    assert offered(crowded, "region", q="OA") == same("Coast")
    assert offered(crowded, "region", q=" nai ") == same("Nairobi")
    assert offered(crowded, "userId", q="rep") == EVERYBODY[1:4]
    assert offered(crowded, "userId", q="nobody") == []
    assert offered(crowded, "userId", q=".*") == offered(crowded, "userId", q="%") == []


def test_what_is_chosen_comes_first_and_once(crowded: AppServer) -> None:
    assert offered(crowded, "region", chosen=["Rift"]) == same("Rift", "Coast", "Nairobi", "Unassigned")
    chosen = ["Unassigned", "Coast", "Unassigned"]
    assert offered(crowded, "region", chosen=chosen) == same("Unassigned", "Coast", "Nairobi", "Rift")
    assert offered(crowded, "userId", chosen=["cy"], q="bo rep") == [("cy", "Cy Rep"), ("bo", "Bo Rep")]
    assert offered(crowded, "userId", chosen=["bo"], q="bo rep") == [("bo", "Bo Rep")]


def test_what_is_chosen_and_unknown_is_told_by_what_it_was_called(crowded: AppServer) -> None:
    assert offered(crowded, "userId", chosen=["ghost"], q="bo rep")[0] == ("ghost", "ghost")
    assert offered(crowded, "region", chosen=["Atlantis"], q="oa") == same("Atlantis", "Coast")


def test_what_is_chosen_tells_a_limited_manager_no_name(crowded: AppServer) -> None:
    everybody = [str(ASHA), str(ADA), "cy", "p00"]
    found = offered(crowded, "userId", LENA, chosen=[*everybody, "bo"])
    assert found == [*same(*everybody), ("bo", "Bo Rep"), *ON_THE_COAST[1:]]


def test_fifty_are_offered_and_the_others_are_counted(crowded: AppServer) -> None:
    found = asked(crowded, "userId", q="person")
    assert [one["text"] for one in found["choices"]] == [f"Person {n:02}" for n in range(50)]
    assert found["more"] == CROWD - 50
    chosen = asked(crowded, "userId", q="person", chosen=["p59", "bo"])
    assert [one["value"] for one in chosen["choices"][:3]] == ["p59", "bo", "p00"]
    assert (len(chosen["choices"]), chosen["more"]) == (52, CROWD - 51)
    assert asked(crowded, "userId", q="person 5")["more"] == 0
    assert asked(crowded, "userId")["more"] == len(EVERYBODY) + CROWD - 50


# --- Nonsense


@pytest.mark.parametrize("kind", ["users", "Region", "userid", "region/x", "..%2Fregion", "%00"])
def test_there_are_two_lists_and_no_other(crowded: AppServer, kind: str) -> None:
    answer = crowded.get(f"/choices/{kind}", manager_token())
    assert not answer.headers["Content-Type"].startswith("application/json")
    assert answer.status == 404 or b"_dash-config" in answer.body  # what is no list is a page, which says so
    assert b"Bo Rep" not in answer.body


@pytest.mark.parametrize(
    "parameters",
    [
        "q=%ff%fe&chosen=%ff",
        "q=%00",
        "q=a&q=b",
        "q[]=a",
        "x=1&daysBack=many",
        "chosen=",
        "q=" + "a" * 3000,
        "&".join(f"chosen=nobody-{n}" for n in range(300)),
        "chosen=<img src=x onerror=alert(1)>".replace(" ", "%20"),
        "&&==&",
    ],
)
def test_nonsense_harms_nobody(crowded: AppServer, parameters: str) -> None:
    for kind in ("region", "userId"):
        answer: Answer = crowded.get(f"/choices/{kind}?{parameters}", signed(sub=LENA))
        assert answer.status == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not INTERNAL.search(answer.body)
        values = [one["value"] for one in answer.json["choices"]]
        assert len(values) <= 150
        assert not {"Nairobi", "Rift", "Unassigned", str(ASHA), "cy"} & set(values)


def test_lists_are_only_read(crowded: AppServer) -> None:
    headers = {"Authorization": f"Bearer {manager_token()}"}
    assert crowded.request("POST", "/choices/region", b"", headers).status == 405
    head = crowded.request("HEAD", "/choices/region", headers=headers)
    assert (head.status, head.body) == (200, b"")
