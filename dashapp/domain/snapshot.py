"""Everything known at one moment: what every figure is a pure function of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashapp.domain.memo import Memo
from dashapp.domain.records import Facility, Tier, User
from dashapp.domain.tables import Events

Faults = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Snapshot:
    """An immutable picture of the data.

    `loaded_from` is the UTC millisecond from which on events are complete; while `partial`, older ones are
    still being loaded. `version` is a digest of the content: the same data have the same
    version in every process. `rejected` and `repaired` count documents per collection and reason.
    """

    visits: Events
    quotations: Events
    orders: Events
    logins: Events
    users: Mapping[str, User]
    facilities: Mapping[str, Facility]
    tiers: tuple[Tier, ...]
    user_ids: tuple[str, ...]
    facility_ids: tuple[str, ...]
    region_names: tuple[str, ...]
    loaded_from: int
    partial: bool
    version: str
    rejected: Faults = field(default_factory=dict)
    repaired: Faults = field(default_factory=dict)
    memo: Memo = field(default_factory=Memo, compare=False, repr=False)
