"""Documents become columns; what is wrong with them is noted once and skews nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest
from bson import ObjectId
from builders import Document, facility, login, order, quotation, tier, user, visit
from hypothesis import given
from hypothesis import strategies as st

from dashapp.domain.ports import Batch
from dashapp.domain.vocabulary import Collection
from dashapp.source.load import cleaned
from dashapp.source.mapping import NEGATIVE_AMOUNT, NO_AMOUNT, NO_TIME, UNKNOWN_STATUS, key_of, link_of

NOON = datetime(2026, 5, 20, 12)
NOON_MS = 1_779_278_400_000
COLUMNS = {"key": np.uint64, "at": np.int64, "status": np.int64, "amount": np.int64, "link": np.uint64}


def rows(batch: Batch) -> list[tuple[Any, ...]]:
    """The columns side by side: key, time, user, facility, status, amount."""
    assert batch.key is not None and batch.at is not None
    assert batch.status is not None and batch.amount is not None
    for name, dtype in COLUMNS.items():
        assert getattr(batch, name).dtype == dtype
    numbers = (batch.status.tolist(), batch.amount.tolist())
    columns = (batch.key.tolist(), batch.at.tolist(), batch.user, batch.facility, *numbers)
    return list(zip(*columns, strict=True))


def test_an_order_becomes_a_row() -> None:
    batch = cleaned("orders", [order(_id="o", createdAt=NOON, status="delivered", totalAmount=12.34)])
    assert rows(batch) == [(key_of("o"), NOON_MS, "rep-1", "clinic-1", 2, 12_340_000)]
    assert (batch.seen.tolist(), batch.faults, batch.records) == ([key_of("o")], {}, {})


def test_visits_and_logins_have_no_amount_and_logins_no_status() -> None:
    visits = cleaned("visits", [visit(_id="v", date=NOON, status="cancelled", amount=5.0)])
    logins = cleaned("logins", [login(_id="l", at=NOON, status="odd")])
    assert rows(visits) == [(key_of("v"), NOON_MS, "rep-1", "clinic-1", 3, 0)]
    assert rows(logins) == [(key_of("l"), NOON_MS, "rep-1", None, 0, 0)]
    assert (visits.faults, logins.faults) == ({}, {})


def test_a_quotation_is_linked_to_its_visit_and_an_order_to_its_quotation() -> None:
    fields = {"visitId": "v", "quotationId": "q"}
    for kind, make, link in (
        ("visits", visit, 0),
        ("quotations", quotation, link_of("v")),
        ("orders", order, link_of("q")),
        ("logins", login, 0),
    ):
        lost = make(**fields) | {"date": None, "createdAt": None, "at": None}
        batch = cleaned(kind, [lost, make(**fields), make()])
        assert batch.link is not None and batch.link.tolist() == [link, 0], kind
        assert batch.link.dtype == np.uint64


ODD: dict[Collection, Document] = {
    "visits": visit(_id="odd", date="2026-05-20T12:00:00Z", status=" Successful "),
    "quotations": quotation(_id="odd", createdAt="2026-05-20T12:00:00Z", status="SENT", amount=100),
    "orders": order(_id="odd", createdAt="2026-05-20T12:00:00Z", status="Placed", totalAmount="100"),
}
PLAIN: dict[Collection, list[Document]] = {
    "visits": [visit(_id=n, date=NOON.replace(hour=n, microsecond=n * 1000)) for n in range(3)],
    "quotations": [quotation(_id=n, createdAt=NOON.replace(hour=n), amount=n / 10) for n in range(3)],
    "orders": [order(_id=n, createdAt=NOON.replace(year=1969), totalAmount=1e9 + n / 100) for n in range(3)],
}


@pytest.mark.parametrize("kind", list(ODD))
def test_plain_documents_read_the_same_beside_an_odd_one(kind: Collection) -> None:
    fast, slow = cleaned(kind, PLAIN[kind]), cleaned(kind, [*PLAIN[kind], ODD[kind]])
    assert rows(slow)[:3] == rows(fast)
    assert rows(slow)[3][1] == NOON_MS
    assert (fast.faults, slow.faults) == ({}, {})


CENTS = st.integers(0, 300_000_000_000)  # on both sides of where floats are read one by one


@given(cents=st.lists(CENTS, min_size=1, max_size=5))
def test_amounts_are_exact_to_the_cent_whichever_way_they_are_read(cents: list[int]) -> None:
    orders = [order(_id=n, totalAmount=one / 100) for n, one in enumerate(cents)]
    fast, slow = cleaned("orders", orders), cleaned("orders", [*orders, ODD["orders"]])
    expected = [one * 10_000 for one in cents]
    assert [row[5] for row in rows(fast)] == expected
    assert [row[5] for row in rows(slow)][:-1] == expected


def test_references_are_ids_as_text_and_none_where_there_is_none() -> None:
    user_id = ObjectId("65f0c0ffee65f0c0ffee65f0")
    batch = cleaned(
        "visits",
        [
            visit(userId=user_id, facilityId=" clinic-1 "),
            visit(userId="", facilityId=None),
            visit(userId=["x"], facilityId=12),
        ],
    )
    assert list(batch.user) == ["65f0c0ffee65f0c0ffee65f0", None, None]
    assert list(batch.facility) == ["clinic-1", None, "12"]


def test_a_document_without_a_usable_time_is_left_out_and_still_seen() -> None:
    orders = [
        order(_id="none", createdAt=None, userId="lost"),
        order(_id="good", createdAt=NOON, facilityId="kept"),
        order(_id="bad", createdAt="soon", totalAmount=-1, status="odd"),
    ]
    batch = cleaned("orders", orders)
    assert rows(batch) == [(key_of("good"), NOON_MS, "rep-1", "kept", 0, 100_000_000)]
    assert batch.seen.tolist() == [key_of("none"), key_of("good"), key_of("bad")]
    assert batch.faults == {key_of("none"): (NO_TIME,), key_of("bad"): (NO_TIME,)}


def test_a_corrected_document_is_kept_and_every_fault_noted_once() -> None:
    orders = [
        order(_id="fine", status="delivered"),
        order(_id="both", status="odd", totalAmount=-5),
        order(_id="amount", status="delivered", totalAmount=float("nan")),
        {"_id": "bare", "createdAt": NOON},
    ]
    batch = cleaned("orders", orders)
    assert [(row[4], row[5]) for row in rows(batch)] == [(2, 100_000_000), (0, 0), (2, 0), (0, 0)]
    assert batch.faults == {
        key_of("both"): (UNKNOWN_STATUS, NEGATIVE_AMOUNT),
        key_of("amount"): (NO_AMOUNT,),
        key_of("bare"): (UNKNOWN_STATUS, NO_AMOUNT),
    }


def test_a_single_negative_or_missing_float_does_not_hide_among_good_ones() -> None:
    for bad, fault in ((-0.01, NEGATIVE_AMOUNT), (float("inf"), NO_AMOUNT)):
        batch = cleaned("quotations", [quotation(amount=1.5), quotation(_id="bad", amount=bad)])
        assert [row[5] for row in rows(batch)] == [1_500_000, 0]
        assert batch.faults == {key_of("bad"): (fault,)}


def test_people_and_places_become_records_by_key() -> None:
    assert cleaned("users", [user(_id="u")]).records[key_of("u")].id == "u"
    assert cleaned("facilities", [facility(_id="f")]).records[key_of("f")].id == "f"
    batch = cleaned("tiers", [tier(_id="t"), tier(_id="s")])
    assert batch.seen.tolist() == list(batch.records) == [key_of("t"), key_of("s")]
    assert batch.key is None


@pytest.mark.parametrize("kind", ["visits", "quotations", "orders", "logins"])
def test_no_documents_are_no_rows(kind: Collection) -> None:
    batch = cleaned(kind, [])
    assert (rows(batch), batch.seen.tolist(), batch.faults) == ([], [], {})


def test_a_batch_can_be_read_without_some_of_its_documents() -> None:
    batch = cleaned("orders", [order(_id="a", createdAt="?"), order(_id="b"), order(_id="c", totalAmount=-1)])
    left = batch.without({key_of("a"), key_of("b")})
    assert [row[0] for row in rows(left)] == left.seen.tolist() == [key_of("c")]
    assert left.faults == {key_of("c"): (NEGATIVE_AMOUNT,)}
    people = cleaned("users", [user(_id="u"), user(_id="w")]).without({key_of("u")})
    assert people.seen.tolist() == list(people.records) == [key_of("w")]
