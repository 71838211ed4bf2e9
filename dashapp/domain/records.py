"""People and places: the small collections, one record per document."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """A person of the organisation. Times are UTC milliseconds since 1970, or None."""

    id: str
    name: str
    email: str
    role: str | None
    region: str | None
    tier: str | None
    active: bool
    regions: tuple[str, ...]
    last_login: int | None
    last_seen: int | None

    @property
    def content(self) -> tuple[object, ...]:
        """What figures depend on: all but the traces of being online, which change by the minute."""
        return (self.id, self.name, self.email, self.role, self.region, self.tier, self.active, self.regions)


@dataclass(frozen=True, slots=True)
class Facility:
    """A place that is visited and that orders."""

    id: str
    name: str
    region: str | None
    kind: str | None

    @property
    def content(self) -> tuple[object, ...]:
        return (self.id, self.name, self.region, self.kind)


@dataclass(frozen=True, slots=True)
class Tier:
    """A reward tier; rank 1 is the lowest."""

    id: str
    name: str
    rank: int

    @property
    def content(self) -> tuple[object, ...]:
        return (self.id, self.name, self.rank)


Record = User | Facility | Tier
