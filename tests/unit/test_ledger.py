"""The working copy: changes in any order lead to one content, and one content has one version."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from bson import ObjectId
from builders import (
    NOW,
    Document,
    ago,
    facility,
    keys,
    ledger,
    login,
    order,
    quotation,
    snapshot,
    tier,
    user,
    view,
    visit,
)
from hypothesis import given
from hypothesis import strategies as st

from dashapp.domain.ports import Changes
from dashapp.domain.scope import epoch_ms
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.vocabulary import Collection
from dashapp.live.ledger import Ledger
from dashapp.metrics.answers import regional
from dashapp.source.load import cleaned
from dashapp.source.mapping import key_of, link_of

FLOOR = -(2**62)


def put(held: Ledger, collection: Collection, *documents: Document) -> bool:
    return held.apply(Changes([cleaned(collection, documents)]))


def take(held: Ledger, collection: Collection, *ids: Any) -> bool:
    return held.apply(Changes(deleted={collection: keys(*map(key_of, ids))}))


def regions(held: Ledger) -> list[str]:
    return [row["region"] for row in regional(view(held.snapshot()))]


# --- Changes


def test_documents_come_change_and_go() -> None:
    held = ledger(orders=[order(_id="a"), order(_id="b", totalAmount=7)])
    assert put(
        held, "orders", order(_id="a", totalAmount=5, createdAt=ago(days=1)), order(_id="c", totalAmount=1)
    )
    assert sorted(held.snapshot().orders.amount.tolist()) == [1_000_000, 5_000_000, 7_000_000]
    assert held.snapshot().orders.at.tolist()[0] == epoch_ms(ago(days=1).replace(tzinfo=UTC))
    assert take(held, "orders", "b")
    assert sorted(held.snapshot().orders.amount.tolist()) == [1_000_000, 5_000_000]


def test_what_is_held_already_is_no_change() -> None:
    documents: dict[Collection, Document] = {
        "visits": visit(_id="v"),
        "logins": login(_id="l"),
        "users": user(),
        "tiers": tier(),
        "orders": order(_id="o", totalAmount=-1),
        "quotations": quotation(_id="q", createdAt=None),
    }
    held = ledger(**{name: [document] for name, document in documents.items()})
    before = held.snapshot()
    for name, document in documents.items():
        assert not put(held, name, document), name
    assert (held.snapshot().version, held.snapshot().repaired) == (before.version, before.repaired)


def test_of_a_document_that_comes_twice_in_one_change_the_last_counts() -> None:
    held = ledger(orders=[order(_id="o", totalAmount=1)], users=[user()])
    twice = [order(_id="o", totalAmount=-1, status="odd"), order(), order(_id="o", totalAmount=5)]
    assert put(held, "orders", *twice)
    assert put(held, "users", user(name="Asha"), user(name="Zoë"))
    assert sorted(held.snapshot().orders.amount.tolist()) == [5_000_000, 100_000_000]
    assert held.snapshot().repaired == {}
    assert held.snapshot().users["rep-1"].name == "Zoë"
    assert take(held, "orders", "o", "o")
    assert held.snapshot().orders.amount.tolist() == [100_000_000]


@pytest.mark.parametrize("turned", [False, True])
def test_of_ids_that_read_the_same_the_objectid_wins_whichever_comes_first(turned: bool) -> None:
    text = "65f0c0ffee65f0c0ffee65f0"
    people = [user(_id=ObjectId(text), name="ObjectId"), user(_id=text, name="Text")]
    held = ledger(users=people[::-1] if turned else people)
    assert held.snapshot().users[text].name == "ObjectId"
    take(held, "users", ObjectId(text))
    assert held.snapshot().users[text].name == "Text"


def test_another_link_is_a_change() -> None:
    held = ledger(
        visits=[visit(_id="v")], quotations=[quotation(_id="q", visitId="v")], orders=[order(_id="o")]
    )
    before = held.snapshot()
    assert before.visits.named(before.quotations.link).tolist() == [0]
    assert before.quotations.named(before.orders.link).tolist() == [-1]
    assert put(held, "orders", order(_id="o", quotationId="q"))
    linked = held.snapshot()
    assert linked.quotations.named(linked.orders.link).tolist() == [0]
    assert linked.version != before.version


def test_documents_left_out_of_a_batch_leave_the_links_of_the_others() -> None:
    held = Ledger(floor_ms=-(2**62))
    batch = cleaned("orders", [order(_id="a", quotationId="q"), order(_id="b", quotationId="r")])
    held.apply_batch(batch, skip={key_of("a")})
    assert held.snapshot().orders.link.tolist() == [link_of("r")]


def test_taking_out_what_is_not_held_is_no_change() -> None:
    held = ledger(visits=[visit(_id="v")], users=[user()])
    assert not take(held, "visits", "other")
    assert not take(held, "users", "other")
    assert not held.apply(Changes())


def test_a_document_may_be_gone_and_there_again_in_one_change() -> None:
    held = ledger(visits=[visit(_id="v")])
    held.apply(
        Changes([cleaned("visits", [visit(_id="v", status="cancelled")])], {"visits": keys(key_of("v"))})
    )
    assert held.snapshot().visits.status.tolist() == [3]


def test_a_change_leaves_the_snapshots_before_it_alone() -> None:
    held = ledger(visits=[visit(_id="v", facilityId=None)], users=[user(region="Coast")])
    before = held.snapshot()
    put(held, "visits", visit(_id="v", status="cancelled"), visit())
    put(held, "users", user(region="Rift", name="Renamed"))
    assert before.visits.status.tolist() == [1]
    assert (before.users["rep-1"].name, [row["region"] for row in regional(view(before))]) == (
        "Asha Rep",
        ["Coast"],
    )


def test_documents_whose_keys_are_to_be_skipped_stay_as_they_are() -> None:
    held = ledger(visits=[visit(_id="v", status="cancelled")])
    batch = cleaned("visits", [visit(_id="v"), visit(_id="w", status="unsuccessful")])
    assert held.apply_batch(batch, skip={key_of("v")})
    assert sorted(held.snapshot().visits.status.tolist()) == [2, 3]


def test_events_before_the_floor_are_not_kept() -> None:
    held = Ledger(floor_ms=epoch_ms(NOW))
    assert put(held, "visits", visit(_id="on", date=ago()), visit(_id="before", date=ago(milliseconds=1)))
    assert held.snapshot().visits.key.tolist() == [key_of("on")]
    assert put(held, "visits", visit(_id="on", date=ago(days=1)))  # moved out of the history
    assert len(held.snapshot().visits) == 0


def test_tiers_are_ordered_by_rank_and_name() -> None:
    tiers = [
        tier(_id="g", name="Gold", rank=3),
        tier(_id="b", name="B", rank=1),
        tier(_id="a", name="A", rank=1),
    ]
    assert [one.name for one in snapshot(tiers=tiers).tiers] == ["A", "B", "Gold"]


# --- What is held


def test_rejected_documents_are_known_and_corrected_ones_once() -> None:
    held = ledger(orders=[order(_id="a"), order(_id="b", createdAt="?"), order(_id="c", totalAmount=-1)])
    assert sorted(held.known("orders").tolist()) == sorted(map(key_of, "abc"))
    gone = held.missing("orders", [keys(key_of("a")), keys(key_of("x"))])
    assert sorted(gone.tolist()) == sorted([key_of("b"), key_of("c")])
    assert len(held.missing("orders", [])) == 3
    people = ledger(users=[user()])
    assert people.known("users").tolist() == people.missing("users", []).tolist() == [key_of("rep-1")]


# --- Regions


def test_an_event_follows_the_region_of_its_facility_else_of_its_user() -> None:
    held = ledger(visits=[visit(_id="v")])
    assert regions(held) == ["Unassigned"]
    put(held, "users", user(region="Nairobi"))
    assert regions(held) == ["Nairobi"]
    put(held, "facilities", facility(region="Coast"))
    assert regions(held) == ["Coast"]
    put(held, "users", user(region="West"))
    assert regions(held) == ["Coast"]
    put(held, "facilities", facility(region=None))
    assert regions(held) == ["West"]
    put(held, "facilities", facility(region="Rift"))
    take(held, "facilities", "clinic-1")
    assert regions(held) == ["West"]
    take(held, "users", "rep-1")
    assert regions(held) == ["Unassigned"]


def test_events_that_come_after_a_move_have_the_new_region() -> None:
    held = ledger(facilities=[facility(region="Coast")], visits=[visit()])
    put(held, "facilities", facility(region="Rift"))
    put(held, "visits", visit(), visit(facilityId="clinic-2"))
    put(held, "facilities", facility(_id="clinic-2", region="West"))
    assert [(row["region"], row["visit_count"]) for row in regional(view(held.snapshot()))] == [
        ("Rift", 2),
        ("West", 1),
    ]


# --- Versions

STEPS: list[tuple[Collection, list[Document]]] = [
    ("visits", [visit(_id="v1", userId="b"), visit(_id="v2", userId="a", facilityId="f2")]),
    ("visits", [visit(_id="v3", date="?")]),
    ("orders", [order(_id="o1", totalAmount=-1), order(_id="o2", userId="c")]),
    ("quotations", [quotation(_id="q1")]),
    ("logins", [login(_id="l1", userId="a")]),
    ("users", [user(_id="a", region="Rift"), user(_id="b", region=None)]),
    ("facilities", [facility(_id="f2", region="West"), facility()]),
    ("tiers", [tier()]),
]


def told(data: Snapshot) -> list[object]:
    """What a reader can learn of a snapshot."""
    visits = [
        (key, data.region_names[region])
        for key, region in zip(data.visits.key, data.visits.region, strict=True)
    ]
    return [data.version, sorted(visits), dict(data.users), data.rejected, data.repaired]


@given(order=st.permutations(range(len(STEPS))))
def test_the_version_is_the_same_for_any_order_of_arrival(order: list[int]) -> None:
    straight, shuffled = Ledger(FLOOR), Ledger(FLOOR)
    for collection, documents in STEPS:
        put(straight, collection, *documents)
    for n in order:
        collection, documents = STEPS[n]
        for document in reversed(documents):
            put(shuffled, collection, document)
    assert told(shuffled.snapshot()) == told(straight.snapshot())


EVENT: dict[Collection, Document] = {
    "visits": visit(_id="x"),
    "quotations": quotation(_id="x"),
    "orders": order(_id="x"),
    "logins": login(_id="x"),
    "users": user(_id="x"),
    "facilities": facility(_id="x"),
    "tiers": tier(_id="x"),
}
CHANGED: list[tuple[Collection, dict[str, Any]]] = [
    ("visits", {"date": ago(milliseconds=1)}),
    ("visits", {"status": "unsuccessful"}),
    ("visits", {"userId": "rep-2"}),
    ("visits", {"userId": None}),
    ("visits", {"facilityId": "clinic-2"}),
    ("quotations", {"amount": 100.000001}),
    ("quotations", {"status": "accepted"}),
    ("orders", {"totalAmount": 99.99}),
    ("logins", {"at": ago(days=1)}),
    ("users", {"name": "Ben"}),
    ("users", {"region": None}),
    ("users", {"role": "manager"}),
    ("users", {"tier": "Silver"}),
    ("users", {"active": False}),
    ("users", {"regions": ["Coast"]}),
    ("facilities", {"name": "Second"}),
    ("facilities", {"region": "Rift"}),
    ("tiers", {"rank": 4}),
    ("tiers", {"name": "Platinum"}),
]


@pytest.mark.parametrize(("collection", "fields"), CHANGED)
def test_every_change_has_a_version_of_its_own_and_undoing_it_the_old_one(
    collection: Collection, fields: dict[str, Any]
) -> None:
    document = EVENT[collection]
    held = ledger(**{collection: [document]})
    first = held.snapshot().version
    assert put(held, collection, {**document, **fields})
    assert held.snapshot().version != first
    assert put(held, collection, document)
    assert held.snapshot().version == first


@pytest.mark.parametrize("collection", EVENT)
def test_coming_and_going_change_the_version_and_lead_back(collection: Collection) -> None:
    held = ledger()
    empty = held.snapshot().version
    put(held, collection, EVENT[collection])
    one = held.snapshot().version
    put(held, collection, {**EVENT[collection], "_id": "y"})
    assert len({empty, one, held.snapshot().version}) == 3
    take(held, collection, "y")
    assert held.snapshot().version == one
    take(held, collection, "x")
    assert held.snapshot().version == empty


def test_fields_that_change_places_or_kinds_change_the_version() -> None:
    one = snapshot(visits=[visit(_id="v", userId="a"), visit(_id="w", userId="b")])
    other = snapshot(visits=[visit(_id="v", userId="b"), visit(_id="w", userId="a")])
    assert one.version != other.version
    visited = snapshot(visits=[visit(_id="x", userId="a", facilityId="b")]).version
    assert visited != snapshot(visits=[visit(_id="x", userId="b", facilityId="a")]).version
    amounts = [snapshot(**{kind: [EVENT[kind]]}).version for kind in EVENT]
    assert len(set(amounts)) == len(EVENT)


def test_being_seen_is_told_and_leaves_the_version_alone() -> None:
    held = ledger(users=[user()])
    first = held.snapshot().version
    assert put(held, "users", user(lastSeen=ago(), lastLogin=ago()))
    assert held.snapshot().users["rep-1"].last_seen == epoch_ms(NOW)
    assert held.snapshot().version == first


def test_a_partial_copy_has_a_version_of_its_own() -> None:
    whole, partial = Ledger(FLOOR), Ledger(FLOOR, partial=True)
    assert whole.snapshot().version != partial.snapshot().version
    assert (whole.snapshot().partial, partial.snapshot().partial) == (False, True)


def test_a_table_filled_at_once_has_the_version_of_one_that_grew() -> None:
    visits = [visit(_id=n, date=ago(hours=n)) for n in range(4)]
    filled = Ledger(FLOOR)
    filled.fill(
        "visits", [filled.encode(cleaned("visits", visits[2:])), filled.encode(cleaned("visits", visits[:3]))]
    )
    assert told(filled.snapshot()) == told(snapshot(visits=visits))


# --- Faults


def test_faults_are_counted_by_reason_and_follow_corrections_and_deletions() -> None:
    held = ledger(orders=[order(_id=n, totalAmount=-1) for n in range(3)])
    put(held, "orders", order(_id="lost", createdAt=None), order(_id=0, totalAmount=-1, status="odd"))
    put(held, "visits", visit(_id="odd", status="odd"))
    assert held.snapshot().rejected == {"orders": {"no usable time": 1}}
    assert held.snapshot().repaired == {
        "orders": {"negative amount": 3, "unknown status": 1},
        "visits": {"unknown status": 1},
    }
    put(held, "orders", order(_id=0), order(_id="lost"))
    assert take(held, "orders", 1)
    take(held, "visits", "odd")
    assert (held.snapshot().rejected, held.snapshot().repaired) == ({}, {"orders": {"negative amount": 1}})


def test_other_faults_are_a_change_though_the_rows_stay_the_same() -> None:
    held = ledger(orders=[order(_id="o", totalAmount=0), order(_id="lost", createdAt=None)])
    assert put(held, "orders", order(_id="o", totalAmount=-1))
    assert held.snapshot().repaired == {"orders": {"negative amount": 1}}
    assert put(held, "orders", order(_id="o", totalAmount="?"))
    assert held.snapshot().repaired == {"orders": {"amount missing or not a number": 1}}
    assert put(held, "orders", order(_id="o", totalAmount=0))
    assert put(held, "orders", order(_id="lost too", createdAt=None))
    assert not put(held, "orders", order(_id="lost too", createdAt="?"))
    assert (held.snapshot().rejected, held.snapshot().repaired) == ({"orders": {"no usable time": 2}}, {})


def test_corrections_outside_the_history_are_not_counted() -> None:
    held = Ledger(floor_ms=epoch_ms(NOW))
    put(held, "orders", order(_id="in", createdAt=ago(), totalAmount=-1), order(_id="out", totalAmount=-1))
    assert held.snapshot().repaired == {"orders": {"negative amount": 1}}
    put(held, "orders", order(_id="in", totalAmount=-1))  # moved out
    assert held.snapshot().repaired == {}


def test_a_document_that_becomes_unusable_leaves_and_comes_back_when_corrected() -> None:
    held = ledger(visits=[visit(_id="v")])
    version = held.snapshot().version
    assert put(held, "visits", visit(_id="v", date="soon"))
    assert (len(held.snapshot().visits), held.snapshot().rejected) == (0, {"visits": {"no usable time": 1}})
    assert put(held, "visits", visit(_id="v"))
    assert (held.snapshot().version, held.snapshot().rejected) == (version, {})


def test_the_deletion_of_a_rejected_document_is_a_change() -> None:
    held = ledger(visits=[visit(_id="v", date=None)])
    assert take(held, "visits", "v")
    assert held.snapshot().rejected == {}
    assert not take(held, "visits", "v")


def test_what_is_too_old_but_dated_by_a_text_is_counted_as_the_database_counts_it() -> None:
    held = Ledger(floor_ms=epoch_ms(NOW))
    put(held, "visits", visit(_id="dated", date=ago(days=3)), visit(_id="text", date="2020-05-01T10:00:00Z"))
    assert held.size("visits") == 1
    assert held.known("visits").tolist() == keys(key_of("text")).tolist()
    put(held, "visits", visit(_id="text", date=NOW.replace(tzinfo=None)))
    assert (held.size("visits"), len(held.snapshot().visits)) == (1, 1)
    put(held, "visits", visit(_id="text", date="2020-05-01"))
    assert (held.size("visits"), len(held.snapshot().visits)) == (1, 0)
    take(held, "visits", "text")
    assert held.size("visits") == 0
