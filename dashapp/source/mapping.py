"""One field of a document at a time: what its value means, and what is wrong with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, Final

import bson
from bson import Decimal128, Int64, ObjectId

from dashapp.domain.numbers import MAX_MICROS, MICROS
from dashapp.domain.ports import Fault
from dashapp.domain.records import Facility, Tier, User
from dashapp.domain.vocabulary import OTHER_STATUS, STATUSES, UNKNOWN_NAME

NO_TIME: Final = Fault("no usable time", rejected=True)
NO_AMOUNT: Final = Fault("amount missing or not a number")
NEGATIVE_AMOUNT: Final = Fault("negative amount")
HUGE_AMOUNT: Final = Fault("amount too large")
UNKNOWN_STATUS: Final = Fault("unknown status")

EPOCH: Final = datetime(1970, 1, 1)
MILLISECOND: Final = timedelta(milliseconds=1)
NUMERIC: Final = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", re.ASCII)


def key_of(document_id: Any) -> int:
    """A 64-bit digest of an _id, the same in every process.

    Ids that read the same differ in the two lowest bits alone: ObjectId 0, text 1, whole numbers 2 and 3.
    """
    if type(document_id) is ObjectId:
        return _digest(document_id.binary.hex())
    if type(document_id) is str:
        return _digest(document_id) | 1
    if type(document_id) is int or type(document_id) is Int64:
        return _digest(str(document_id)) | (2 if type(document_id) is int else 3)
    return int.from_bytes(blake2b(bson.encode({"": document_id}), digest_size=8).digest(), "little") | 3


def link_of(reference: Any) -> int:
    """The key of the document that is named, its two lowest bits set; 0 where none is named."""
    name = text_of(reference)
    return 0 if name is None else _digest(name) | 3


def _digest(text: str) -> int:
    data = b"\x02" + text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little") & ~3


def text_of(value: Any) -> str | None:
    """A name, id or region as trimmed text; None where there is none."""
    if value is None or isinstance(value, dict | list | bytes):
        return None
    return str(value).strip() or None


def time_of(value: Any) -> int | None:
    """UTC milliseconds since 1970 of a BSON date or an ISO-8601 string (without offset: UTC)."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
            if value.tzinfo is not None:
                value = value.astimezone(UTC).replace(tzinfo=None)
        except (ValueError, OverflowError):
            return None
    if isinstance(value, datetime):
        return (value - EPOCH) // MILLISECOND
    return None  # includes dates outside the years 1 to 9999


def micros_of(value: Any) -> tuple[int, Fault | None]:
    """An amount in millionths of the currency; 0 and what is wrong with it where it is unusable."""
    number = _decimal(value)
    if number is None:
        return 0, NO_AMOUNT
    if number < 0:
        return 0, NEGATIVE_AMOUNT
    if number > MAX_MICROS // MICROS:
        return 0, HUGE_AMOUNT
    return round(number * MICROS), None


def _decimal(value: Any) -> Decimal | None:
    number: Decimal
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        number = Decimal(value)
    elif isinstance(value, float):
        number = Decimal(repr(value))
    elif isinstance(value, Decimal128):
        number = value.to_decimal()
    elif isinstance(value, str) and NUMERIC.fullmatch(value):
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            return None
    else:
        return None
    return number if number.is_finite() else None


def status_of(value: Any, collection: str) -> tuple[int, Fault | None]:
    """The status' position in STATUSES; that of OTHER_STATUS, and a fault, for any other value."""
    statuses = STATUSES[collection]
    name = value.strip().lower() if isinstance(value, str) else ""
    if name in statuses and name != "unknown":
        return statuses.index(name), None
    return statuses.index(OTHER_STATUS[collection]), UNKNOWN_STATUS


def flag_of(value: Any) -> bool:
    """Whether someone is active: everyone who is not said not to be."""
    if isinstance(value, str):
        return value.strip().lower() not in {"false", "no", "0"}
    return value is None or bool(value)


def role_of(value: Any) -> str | None:
    name = text_of(value)
    return name.lower() if name else None


def limits_of(value: Any) -> tuple[str, ...]:
    """The regions somebody is limited to, none without a limit. What cannot be read lets nothing through."""
    if value is None or value == []:
        return ()
    named = [text_of(one) for one in value] if isinstance(value, list) else [text_of(value)]
    return tuple(region for region in named if region) or ("",)


def user_of(document: dict[str, Any]) -> User:
    email = text_of(document.get("email")) or ""
    return User(
        id=text_of(document["_id"]) or "",
        name=text_of(document.get("name")) or email or UNKNOWN_NAME,
        email=email.lower(),
        role=role_of(document.get("role")),
        region=text_of(document.get("region")),
        tier=text_of(document.get("tier")),
        active=flag_of(document.get("active")),
        regions=limits_of(document.get("regions")),
        last_login=time_of(document.get("lastLogin")),
        last_seen=time_of(document.get("lastSeen")),
    )


def facility_of(document: dict[str, Any]) -> Facility:
    return Facility(
        id=text_of(document["_id"]) or "",
        name=text_of(document.get("name")) or UNKNOWN_NAME,
        region=text_of(document.get("region")),
        kind=text_of(document.get("type")),
    )


def tier_of(document: dict[str, Any]) -> Tier:
    rank = _decimal(document.get("rank"))
    identity = text_of(document["_id"]) or ""
    name = text_of(document.get("name")) or identity
    return Tier(id=identity, name=name, rank=int(rank) if rank is not None and abs(rank) < MICROS else 0)
