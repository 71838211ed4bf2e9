"""What single values mean: ids, times, amounts, statuses, people and places."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId
from bson.datetime_ms import DatetimeMS

from dashapp.domain.records import Facility, Tier, User
from dashapp.source.mapping import (
    HUGE_AMOUNT,
    NEGATIVE_AMOUNT,
    NO_AMOUNT,
    UNKNOWN_STATUS,
    facility_of,
    flag_of,
    key_of,
    link_of,
    micros_of,
    role_of,
    status_of,
    text_of,
    tier_of,
    time_of,
    user_of,
)

HEX = "65f0c0ffee65f0c0ffee65f0"
NOON = 1_779_278_400_000  # 2026-05-20T12:00Z


def test_ids_that_read_the_same_and_differ_in_type_have_different_keys() -> None:
    ids = [
        ObjectId(HEX),
        HEX,
        HEX.upper(),
        "7",
        7,
        Int64(7),
        7.5,
        None,
        {"a": 7},
        True,
        datetime(2026, 5, 20),
    ]
    assert len({key_of(one) for one in ids}) == len(ids)


def test_the_same_id_has_the_same_key_in_every_process() -> None:
    assert key_of(ObjectId(HEX)) == 136324318757193420
    assert key_of(HEX) == 136324318757193421


@pytest.mark.parametrize("named", [ObjectId(HEX), HEX, f" {HEX}\n"])
def test_a_link_names_an_id_whether_it_is_an_objectid_or_its_text(named: object) -> None:
    assert {key_of(ObjectId(HEX)) | 3, key_of(HEX) | 3} == {link_of(named)}


def test_a_link_names_texts_to_the_letter_and_nothing_where_there_is_none() -> None:
    assert link_of("v-1") == key_of("v-1") | 3 != link_of("V-1")
    assert link_of(HEX.upper()) == key_of(HEX.upper()) | 3 != link_of(HEX)
    assert {link_of(one) for one in (7, Int64(7), "7")} == {key_of(one) | 3 for one in (7, Int64(7), "7")}
    assert [link_of(one) for one in (None, "", "  ", [], {"$oid": HEX}, b"v-1")] == [0] * 6


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" Coast ", "Coast"),
        ("", None),
        ("  ", None),
        (None, None),
        (ObjectId(HEX), HEX),
        (12, "12"),
        (Int64(12), "12"),
        ({"name": "Coast"}, None),
        (["Coast"], None),
        (b"Coast", None),
    ],
)
def test_texts_are_trimmed_and_what_holds_none_is_none(value: Any, expected: str | None) -> None:
    assert text_of(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 5, 20, 12), NOON),
        (datetime(2026, 5, 20, 12, 0, 0, 1_999), NOON + 1),
        (datetime(1969, 12, 31, 23, 59, 59, 999_000), -1),
        ("2026-05-20T12:00:00", NOON),
        ("2026-05-20T12:00:00Z", NOON),
        ("2026-05-20T15:00:00+03:00", NOON),
        ("2026-05-20T07:30:00.250-04:30", NOON + 250),
        ("2026-05-20 12:00", NOON),
        (" 2026-05-20T12:00:00Z ", NOON),
        ("2026-05-20", NOON - 12 * 3_600_000),
        ("20260520T120000Z", NOON),
    ],
)
def test_dates_and_iso_texts_are_times_in_utc(value: Any, expected: int) -> None:
    assert time_of(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "yesterday", "2026-02-30", "20.05.2026", "12:00", "0001-01-01T00:00:00+03:00"),
        *(NOON, 1.5, True, Int64(NOON), DatetimeMS(2**52), {"$date": "2026-05-20"}, ["2026-05-20"]),
    ],
)
def test_anything_else_is_no_time(value: Any) -> None:
    assert time_of(value) is None


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (0, 0),
        (12, 12_000_000),
        (Int64(12), 12_000_000),
        (12.34, 12_340_000),
        (0.1, 100_000),
        (1.1 + 2.2, 3_300_000),
        (1e-7, 0),
        (-0.0, 0),
        (Decimal128("12.345678"), 12_345_678),
        (Decimal128("1E+3"), 1_000_000_000),
        ("12.50", 12_500_000),
        (" +7 ", 7_000_000),
        (".5", 500_000),
        ("2.5e2", 250_000_000),
        (9_223_372_036_854, 9_223_372_036_854_000_000),
        (9_007_199_254_740.99, 9_007_199_254_740_990_000),
    ],
)
def test_amounts_of_every_type_are_read_to_the_millionth(value: Any, micros: int) -> None:
    assert micros_of(value) == (micros, None)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        *(
            (value, NO_AMOUNT)
            for value in (None, "", "twelve", "12,50", "1_000", "0x1F", "NaN", "inf", "１２")
        ),
        *((value, NO_AMOUNT) for value in (True, False, math.nan, math.inf, -math.inf, [5], {"value": 5})),
        *((Decimal128(value), NO_AMOUNT) for value in ("NaN", "sNaN", "Infinity", "-Infinity")),
        *((value, NEGATIVE_AMOUNT) for value in (-1, -0.01, "-3.5", Int64(-(2**40)), Decimal128("-7.5"))),
        *((value, HUGE_AMOUNT) for value in (9_223_372_036_855, 1e300, "1e999", Decimal128("1E+6000"))),
    ],
)
def test_an_unusable_amount_is_zero_and_reported(value: Any, fault: object) -> None:
    assert micros_of(value) == (0, fault)


@pytest.mark.parametrize(
    ("value", "collection", "code"),
    [
        ("scheduled", "visits", 0),
        (" Successful ", "visits", 1),
        ("CANCELLED", "visits", 3),
        ("draft", "quotations", 0),
        ("Expired", "quotations", 4),
        ("placed", "orders", 0),
        ("cancelled", "orders", 3),
    ],
)
def test_a_status_is_known_whatever_its_case(value: str, collection: str, code: int) -> None:
    assert status_of(value, collection) == (code, None)


@pytest.mark.parametrize(
    ("value", "collection", "code"),
    [
        *((value, "visits", 4) for value in ("done", "placed", "unknown", "", None, 1, True, ["successful"])),
        ("cancelled", "quotations", 1),
        ("unknown", "quotations", 1),
        ("canceled", "orders", 0),
        ("unknown", "orders", 0),
    ],
)
def test_any_other_status_counts_as_took_place_sent_or_placed_and_is_reported(
    value: Any, collection: str, code: int
) -> None:
    assert status_of(value, collection) == (code, UNKNOWN_STATUS)


@pytest.mark.parametrize("value", [None, True, 1, 1.0, "true", "yes", "", "FALSCH"])
def test_everyone_is_active_who_is_not_said_not_to_be(value: Any) -> None:
    assert flag_of(value) is True


@pytest.mark.parametrize("value", [False, 0, 0.0, "false", " FALSE ", "no", "0"])
def test_whoever_is_said_not_to_be_active_is_not(value: Any) -> None:
    assert flag_of(value) is False


@pytest.mark.parametrize(
    ("value", "expected"), [(" Admin ", "admin"), ("SALES", "sales"), ("", None), (None, None)]
)
def test_roles_are_in_lower_case(value: Any, expected: str | None) -> None:
    assert role_of(value) == expected


def test_a_user_is_read_with_every_field() -> None:
    document = {
        "_id": ObjectId(HEX),
        "email": " Asha@Example.ORG ",
        "name": " Asha Rep ",
        "role": "Manager",
        "region": " Coast ",
        "tier": "Gold",
        "active": False,
        "regions": ["Coast", " Nairobi ", "", None],
        "lastLogin": "2026-05-20T12:00:00Z",
        "lastSeen": datetime(2026, 5, 20, 12, 0, 1),
    }
    assert user_of(document) == User(
        id=HEX,
        name="Asha Rep",
        email="asha@example.org",
        role="manager",
        region="Coast",
        tier="Gold",
        active=False,
        regions=("Coast", "Nairobi"),
        last_login=NOON,
        last_seen=NOON + 1000,
    )


def test_a_user_with_nothing_but_an_id_is_an_active_unknown() -> None:
    assert user_of({"_id": 7}) == User("7", "Unknown", "", None, None, None, True, (), None, None)
    assert user_of({"_id": 7, "email": "B@x.org", "regions": "Coast"}).name == "B@x.org"


def test_a_facility_is_read_with_every_field() -> None:
    document = {"_id": "c-1", "name": " First ", "region": " Coast", "type": "clinic"}
    assert facility_of(document) == Facility("c-1", "First", "Coast", "clinic")
    assert facility_of({"_id": "c-1", "region": " "}) == Facility("c-1", "Unknown", None, None)


@pytest.mark.parametrize(
    ("rank", "expected"),
    [(3, 3), (2.0, 2), ("3", 3), (Decimal128("1"), 1), (None, 0), ("first", 0), (math.nan, 0), (10**9, 0)],
)
def test_a_tier_has_a_rank(rank: Any, expected: int) -> None:
    assert tier_of({"_id": "gold", "name": "Gold", "rank": rank}) == Tier("gold", "Gold", expected)


def test_a_tier_without_a_name_is_called_by_its_id() -> None:
    assert tier_of({"_id": "gold", "rank": 1}) == Tier("gold", "gold", 1)


@pytest.mark.parametrize(
    ("value", "limits"),
    [
        (None, ()),
        ([], ()),
        (["Coast", " Nairobi "], ("Coast", "Nairobi")),
        ("Coast", ("Coast",)),
        ([None], ("",)),
        ({"all": True}, ("",)),
    ],
)
def test_a_limit_that_cannot_be_read_lets_nothing_through(value: object, limits: tuple[str, ...]) -> None:
    assert user_of({"_id": "a", "regions": value}).regions == limits
