"""Names the data use: collections, the field that dates an event, statuses, roles."""

from __future__ import annotations

from typing import Final, Literal

EventKind = Literal["visits", "quotations", "orders", "logins"]
Collection = Literal["users", "tiers", "facilities", "visits", "quotations", "orders", "logins"]

EVENT_KINDS: Final[tuple[EventKind, ...]] = ("visits", "quotations", "orders", "logins")
RECORD_KINDS: Final[tuple[Collection, ...]] = ("tiers", "facilities", "users")
COLLECTIONS: Final[tuple[Collection, ...]] = (*RECORD_KINDS, *EVENT_KINDS)

EVENT_TIME: Final[dict[str, str]] = {
    "visits": "date",
    "quotations": "createdAt",
    "orders": "createdAt",
    "logins": "at",
}
# The event that led to it: the visit to a quotation, the quotation to an order.
LINK: Final[dict[str, str]] = {"quotations": "visitId", "orders": "quotationId"}
AMOUNT: Final[dict[str, str]] = {"quotations": "amount", "orders": "totalAmount"}

# The position of a status is its code in the tables.
STATUSES: Final[dict[str, tuple[str, ...]]] = {
    "visits": ("scheduled", "successful", "unsuccessful", "cancelled", "unknown"),
    "quotations": ("draft", "sent", "accepted", "rejected", "expired"),
    "orders": ("placed", "confirmed", "delivered", "cancelled"),
    "logins": ("done",),
}
# What any other status counts as: a visit that took place, a quotation sent, an order placed.
OTHER_STATUS: Final[dict[str, str]] = {"visits": "unknown", "quotations": "sent", "orders": "placed"}
# Which statuses count as an activity: the visit took place, the quotation was sent, the order stands.
COUNTED: Final[dict[str, tuple[bool, ...]]] = {
    "visits": (False, True, True, False, True),
    "quotations": (False, True, True, True, True),
    "orders": (True, True, True, False),
    "logins": (True,),
}

UNASSIGNED: Final = "Unassigned"
UNKNOWN_NAME: Final = "Unknown"

ANALYTICS_ROLES: Final = ("admin", "manager")
ROLES: Final = ("admin", "manager", "sales")
